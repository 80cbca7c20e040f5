import json
import socket
import struct
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.helpers.surveys import asking_anna
from vidcolor_utils.survey.judging import Answer, write_answers
from vidcolor_utils.survey.page import SurveyServer
from vidcolor_utils.system.errors import OutputError


@pytest.fixture
def server(tmp_path):
    films = {"hike": {name: tmp_path / f"{name}.mp4" for name in ("true", "zhang")}}
    for name, path in films["hike"].items():
        path.write_bytes(name.encode())
    with asking_anna(films, tmp_path) as server:
        yield server


def get(server: SurveyServer, name: str) -> bytes:
    with urlopen(server.address + name) as reply:
        return reply.read()


def answer(server: SurveyServer, **content: object) -> None:
    urlopen(server.address + "answer", json.dumps(content).encode()).close()


def test_answers_go_to_the_ballot_and_the_next_films_come(server):
    first = server.ballot.trial
    kinds = {"left": "video/mp4", "right": "video/mp4"}
    state = {"question": first.question, "number": 0, "total": 3, "kinds": kinds}
    assert json.loads(get(server, "state")) == state
    assert (get(server, "left?0").decode(), get(server, "right?0").decode()) == (first.left, first.right)
    assert get(server, "left?1") == b""  # of a question that is not asked yet
    answer(server, choice="left", number=0)
    answer(server, choice="left", number=0)
    assert [given.winner for given in server.ballot.answers] == [first.left]
    assert json.loads(get(server, "state"))["number"] == 1


def test_an_answer_that_cannot_be_kept_is_an_error(server, monkeypatch):
    def fail(_):
        raise OutputError("no space")

    monkeypatch.setattr(server.ballot, "choose", fail)
    with pytest.raises(HTTPError, match="507"):
        answer(server, choice="left", number=0)


def test_a_film_that_was_removed_is_named_to_the_judge(server, caplog):
    for film in server.films["hike"].values():
        film.unlink()
    with pytest.raises(HTTPError, match="410") as gone:
        get(server, "left?0")
    assert gone.value.headers["Cache-Control"] == "no-store"  # it may come back
    assert "No such file" in caplog.text


def test_another_survey_of_the_judge_is_said_in_the_terminal(server, caplog):
    write_answers(server.ballot.path, [Answer("anna", *server.ballot.trial, "left")])
    with pytest.raises(HTTPError, match="400"):
        answer(server, choice="left", number=0)
    assert "meanwhile" in caplog.text


def test_a_browser_that_goes_away_is_no_error(server, caplog, capsys):
    with socket.create_connection(("127.0.0.1", server.server_port)) as browser:
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, not closed
        browser.sendall(f"GET /{server.secret}/left?0 HTTP/1.1\r\n".encode())
    get(server, "state")
    assert not caplog.text and not capsys.readouterr().err


def test_the_page_names_no_film(server):
    page = get(server, "") + get(server, "state") + get(server, "survey.js")
    assert b"survey.js" in page and b"zhang" not in page


def test_without_the_secret_there_is_nothing(server):
    for address in (server.address.replace(server.secret, "guess"), server.address + "../x", server.address + "y"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(address)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"choice": "both", "number": 0}'])
def test_what_is_no_answer_is_refused(server, content):
    with pytest.raises(HTTPError, match="400"):
        urlopen(server.address + "answer", content)
    assert not server.ballot.answers


def test_when_all_is_answered_the_server_ends(server):
    for number in range(3):
        answer(server, choice="right", number=number)
    state = json.loads(get(server, "state"))
    assert (state["question"], state["kinds"]) == ("", {})
    assert server.ballot.trial is None


def test_a_length_that_is_none_is_a_bad_request(server):
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(server.address + "answer", b"{}", {"Content-Length": "abc"}))
    assert refused.value.code == 400
