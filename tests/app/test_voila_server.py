import threading

import pytest

pytest.importorskip("voila", reason="needs Voila (pip install '.[app]')")


def test_the_browser_gets_the_address_with_the_token(monkeypatch):
    from vidcolor_utils.app import voila_server

    opened, done = [], threading.Event()
    monkeypatch.setattr(voila_server, "open_once", lambda address: (opened.append(address), done.set()))
    monkeypatch.setattr(voila_server.PageServer, "display_url", "http://127.0.0.1:8866/?token=secret")
    voila_server.PageServer().launch_browser()
    assert done.wait(10) and opened == ["http://127.0.0.1:8866/?token=secret"]


def test_its_settings_are_those_of_voila():
    from vidcolor_utils.app import voila_server

    assert voila_server.PageServer.name == "voila"  # by which voila.json is found
