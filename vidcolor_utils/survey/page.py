"""The survey as a page of its own, on this machine only: what `vidcolor survey` opens.

The page is the notebook widget's (`survey.js`), with this server in place of the kernel. Names of films never
leave the server.
"""

from __future__ import annotations

import json
import logging
import secrets
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from vidcolor_utils.survey.ballot import Ballot, Films, kinds_of, shown_in
from vidcolor_utils.survey.judging import SIDES
from vidcolor_utils.system.errors import InputError, VidcolorError

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
FOLDER = Path(__file__).parent
LONGEST = 1000  # bytes of an answer
PAGE = r"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Which film?</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="survey.css">
<style>body { margin: 0 auto; max-width: 1200px; }</style></head>
<body><main></main><p id="wrong" role="alert"></p><script type="module">
import survey from "./survey.js";
const heard = [];
const model = { state: {}, get: (name) => model.state[name], on: (_, f) => heard.push(f), off() {} };
async function ask(...what) {
  const response = await fetch(...what);
  if (!response.ok) throw new Error(response.statusText);
  return response;
}
async function load() {
  const state = await (await ask("state")).json();
  for (const side of state.question ? ["left", "right"] : [])
    state[side] = await (await ask(`${side}?${state.number}`)).arrayBuffer();
  model.state = state; // with its films, or not at all
}
async function trying(what, ...steps) {
  try {
    for (const step of steps) await step();
    return true;
  } catch (error) {
    document.querySelector("#wrong").textContent =
      `${what} (${error.message}). See what \`vidcolor survey\` says, and load this page again.`;
    return false;
  }
}
const show = (shows) => trying("The films did not come", load, shows);
model.send = async (answer) => {
  const post = () => ask("answer", { method: "POST", body: JSON.stringify(answer) });
  if (await trying("The answer was not taken", post)) await show(() => heard.forEach((f) => f()));
};
await show(() => survey.render({ model, el: document.querySelector("main") }));
document.querySelector("main").focus();
</script></body></html>
"""


class SurveyServer(ThreadingHTTPServer):
    """Serves a survey under a secret address.

    Args:
        films: clip to name to file.
        ballot: the judge's way through the trials.
        port: 0: any that is free.

    Attributes:
        address: what to open in a browser.

    Example:
        >>> with SurveyServer(films, Ballot(make_trials(films), "anna", "anna.json")) as server:
        ...     print(server.address)
        ...     server.serve_forever()  # returns when all is answered
    """

    daemon_threads = True

    def __init__(self, films: Films, ballot: Ballot, *, port: int = 0):
        self.films, self.ballot = films, ballot
        self.lock, self.secret = threading.Lock(), secrets.token_urlsafe(16)
        super().__init__((HOST, port), _Handler)
        self.address = f"http://{HOST}:{self.server_port}/{self.secret}/"

    def state(self) -> dict:
        """What the page shows; the films come by themselves, `kinds` says what they are."""
        trial, number = self.ballot.trial, len(self.ballot.answers)
        kinds, total = kinds_of(shown_in(trial, self.films)), len(self.ballot.trials)
        return {"question": trial.question if trial else "", "number": number, "total": total, "kinds": kinds}

    def film(self, side: str, number: int) -> bytes:
        """The film on a side of a trial, nothing when that is answered."""
        trial = self.ballot.trial if number == len(self.ballot.answers) else None
        return shown_in(trial, self.films)[side].read_bytes() if trial else b""

    def answer(self, content: dict) -> None:
        """Take an answer; a second one to the same trial is none."""
        with self.lock:
            if content.get("number") == len(self.ballot.answers):
                self.ballot.choose(str(content.get("choice")))
            if self.ballot.trial is None:
                threading.Timer(1.0, self.shutdown).start()  # the page still asks for the last state

    def handle_error(self, request: object, client_address: object) -> None:
        """Say in a line what went wrong while a browser was served, and nothing of one that went away."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            log.error("%s", error)


class _Handler(BaseHTTPRequestHandler):
    server: SurveyServer

    def do_GET(self) -> None:
        """Serve the page and its parts."""
        name = self._name()
        if name == "":
            self._send(PAGE.encode(), "text/html; charset=utf-8")
        elif name in ("survey.js", "survey.css"):
            kind = "text/javascript" if name.endswith("js") else "text/css"
            self._send((FOLDER / name).read_bytes(), kind)
        elif name == "state":
            self._send(json.dumps(self.server.state()).encode(), "application/json")
        elif name in SIDES:
            self._send_film(name)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Take an answer."""
        said = self.headers.get("Content-Length") or "0"
        length = int(said) if said.isdecimal() else 0
        if self._name() != "answer" or length > LONGEST:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            self.server.answer(json.loads(self.rfile.read(length)))
        except (ValueError, AttributeError):
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        except VidcolorError as error:  # a full disk, or another survey
            log.error("%s", error)
            of_input = isinstance(error, InputError)
            self.send_error(HTTPStatus.BAD_REQUEST if of_input else HTTPStatus.INSUFFICIENT_STORAGE)
            return
        self._send(b"{}", "application/json")

    def _send_film(self, side: str) -> None:
        try:
            film = self.server.film(side, self._number())
        except OSError as error:  # it was removed meanwhile
            log.error("%s: %s", error.filename, error.strerror)
            self.send_error(HTTPStatus.GONE)
            return
        self._send(film, "application/octet-stream")  # the state says what it is

    def _name(self) -> str | None:
        """What is asked for below the secret, None if the secret is not said."""
        _, secret, *rest = [*self.path.split("?")[0].split("/"), ""]
        return rest[0] if secret == self.server.secret else None

    def _number(self) -> int:
        """The number of the trial that a film is of, -1 if none is said."""
        number = self.path.partition("?")[2]
        return int(number) if number.isdecimal() else -1

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self) -> None:
        """Have nothing kept, errors neither: a browser would remember for long that a film was gone."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the terminal is the judge's."""
