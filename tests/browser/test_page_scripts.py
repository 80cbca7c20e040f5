"""The scripts of the page with a stand-in for Python, whose answers come late, twice, or when all has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from vidcolor_utils.app.page import ColorizePage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
# A model as anywidget gives it, but `sent` keeps what Python would hear, and `tell` sets what Python would set.
RENDER = """async ([script, state]) => {
  const heard = [];
  const fire = (event, ...what) => heard.forEach(([events, f]) => events.split(" ").includes(event) && f(...what));
  const model = {
    get: (name) => state[name],
    set: (name, value) => (state[name] = value),
    save_changes: () => undefined,
    on: (...what) => heard.push(what),
    off: () => undefined,
    send: (message, _, buffers = []) =>
      window.sent.push({ ...message, text: buffers.map((buffer) => new TextDecoder().decode(buffer)).join() }),
  };
  window.sent = [];
  window.hear = (message, ...texts) =>
    fire("msg:custom", message, texts.map((text) => new DataView(new TextEncoder().encode(text).buffer)));
  window.tell = (changes) => {
    Object.assign(state, changes);
    Object.keys(changes).forEach((name) => fire(`change:${name}`));
  };
  const { default: page } = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  page.render({ model, el: document.body });
}"""
DROP = """(names) => {
  const transfer = new DataTransfer();
  names.forEach((name) => transfer.items.add(new File([name], name)));
  const drop = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.querySelector(".vidcolor-page").dispatchEvent(drop);
}"""
FRAME = {"title": "Shot 1, 0:00.1", "shown": 4, "version": 0, "picture": "", "points": []}
STATE = {  # a film is open, with two frames on its sheet
    **{"stage": "ready", "is_film": True, "sheet": [FRAME, FRAME], "edits": 0, "preview": [], "result": {}},
    **{"name": "film.mp4", "film": "2 s", "share": 0, "strip": {}, "saved": {}},
    **dict.fromkeys(("problem", "words", "busy"), ""),
    **{"saturation": 1, "strength": 0.5, "usual": {"saturation": 1, "strength": 0.5}, "max_megabytes": 9},
    "most": {"saturation": 3, "strength": 0.98},
}


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    page.goto("about:blank")
    page.evaluate(RENDER, [ColorizePage._esm, STATE])
    yield page
    page.close()


def sent(page: Page, kind: str) -> list[dict]:
    """What Python would have heard of a kind."""
    return [message for message in page.evaluate("sent") if message["kind"] == kind]


def test_a_point_is_removed_by_its_key(page):
    """Not by its place in the list, which Python may have changed meanwhile."""
    page.get_by_role("button", name="Shot 1").first.click()
    points = [{"key": key, "x": 0.5, "y": 0.5, "color": "#aa0000"} for key in (4, 9)]
    page.evaluate("tell", {"sheet": [FRAME | {"points": points}, FRAME]})
    page.get_by_role("button", name="Remove point 2").click()
    assert [message["values"] for message in sent(page, "edit")] == [[9]]


def test_a_file_chosen_while_a_piece_of_another_is_read_gets_no_foreign_piece(page):
    """Slow to read is only the first: its piece, or that it cannot be read, comes when it is no longer wanted."""
    page.evaluate(
        """() => {
          const read = Blob.prototype.arrayBuffer;
          window.slow = [];
          Blob.prototype.arrayBuffer = async function () {
            if (this.size === 3) await new Promise((...ends) => window.slow.push(ends));
            return read.call(this);
          };
        }"""
    )
    for end in (0, 1):  # it is read, or not
        for name, content in (("old.mp4", b"old"), ("new.mp4", b"newer")):
            page.locator("input[type=file]").first.set_input_files(
                {"name": name, "mimeType": "video/mp4", "buffer": content}
            )
            page.evaluate("hear", {"kind": "more", "start": 0, "length": 9})
        page.evaluate("end => window.slow.pop()[end]()", end)
        page.wait_for_timeout(200)
    assert [message["name"] for message in sent(page, "begin")] == ["old.mp4", "new.mp4"] * 2
    assert [message["text"] for message in sent(page, "piece")] == ["newer"] * 2 and sent(page, "lost") == []


def test_a_frame_is_saved_though_another_one_was_chosen_meanwhile(page):
    first, second = page.get_by_role("button", name="Shot 1").all()
    first.click()
    page.get_by_role("button", name="Save this frame").click()
    second.click()
    for _ in range(2):  # another view of the page asked for it, too
        page.evaluate("tell", {"saved": {"frame": 0, "name": "shot_0001.png", "size": 4}})
    page.evaluate("tell", {"saved": {"frame": 1, "name": "shot_0002.png", "size": 4}})
    assert [message["file"] for message in sent(page, "get") if "frame" in message["file"]] == ["frame-0"]
    with page.expect_download() as expected:
        page.evaluate("hear({ kind: 'piece', file: 'frame-0', start: 0 }, 'four')")
    assert expected.value.suggested_filename == "shot_0001.png" and expected.value.path().read_bytes() == b"four"


def test_what_is_told_of_a_dropped_file_is_true_and_ends(page):
    alert = page.get_by_role("alert")
    page.evaluate("tell", {"edits": 1})
    page.once("dialog", lambda asks: asks.dismiss())
    page.evaluate(DROP, ["a.mp4", "b.mp4"])
    assert sent(page, "begin") == [] and alert.is_hidden()  # the visitor kept the film that is open
    page.evaluate("tell", {"edits": 0})
    page.evaluate(DROP, ["a.mp4", "b.mp4"])
    for stage in ("waiting", "receiving", "opening", "ready"):
        page.evaluate("tell", {"stage": stage})
        assert alert.inner_text() == "One file at a time: a.mp4 was taken."
    page.evaluate("tell", {"stage": "working"})
    assert alert.is_hidden()
    page.evaluate(DROP, ["c.mp4"])
    assert alert.inner_text() == "c.mp4 was not taken: other work was going on."
    page.evaluate("tell", {"share": 0.5})
    assert alert.is_visible()
    page.evaluate("tell", {"stage": "done"})
    assert alert.is_hidden() and len(sent(page, "begin")) == 1
