import hashlib
import http.server
import subprocess
import sys
import threading

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from tests.helpers.command import REPOSITORY
from tests.helpers.torch_bytes import LAYOUTS, call, checkpoint, named, state, storage, tensor, text
from vidcolor_utils.system.errors import InputError, OutputError, VidcolorError
from vidcolor_utils.weights.fetched import (
    KNOWN_WEIGHTS,
    ReleasedWeights,
    cached_path,
    find_weights,
    get_weights,
    import_weights,
    list_weights,
)

WEIGHT = np.random.default_rng(0).normal(size=(500, 300)).astype(np.float32)  # 600 kB: several chunks
DESCRIPTION = state(w=tensor(storage("0", WEIGHT.size), WEIGHT.shape))
PUBLISHED = checkpoint("legacy", DESCRIPTION, **{"0": WEIGHT})


class Server(http.server.ThreadingHTTPServer):
    """Serves `content` at every path; a few kinds of bad day can be arranged."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.ranges = PUBLISHED, []
        self.honours_ranges, self.says_length = True, True
        self.cut_after = None  # bytes after which the next connection breaks
        self.redirect = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/release.pth"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, asked = self.server, self.headers.get("Range")
        server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and server.honours_ranges else 0
        if server.redirect:
            self.send_response(302)
            self.send_header("Location", server.redirect)
            self.end_headers()
            return
        if server.content is None or start >= len(server.content):
            self.send_error(404 if server.content is None else 416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if server.says_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut, server.cut_after = server.cut_after, None
        self.wfile.write(body[:cut])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("VIDCOLOR_HOME", str(home))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return home


def check_toy(tensors):
    if list(tensors) != ["w"] or tensors["w"].shape != WEIGHT.shape:
        raise InputError("not the toy's weights")


def registry_of(url, content=PUBLISHED):
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return {"toy": ReleasedWeights(url, checksum, "CC0", "made up here", check_toy)}


def files_in(home):
    return sorted(path.name for path in home.rglob("*") if path.is_file())


def one_line(error):
    message = str(error.value)
    assert "\n" not in message
    return message


def test_get_fetches_verifies_and_converts(server, home):
    registry, steps = registry_of(server.url), []
    path = get_weights("toy", registry=registry, progress=lambda done, total: steps.append((done, total)))
    np.testing.assert_array_equal(load_file(path)["w"], WEIGHT)
    assert files_in(home) == [path.name] == [f"toy-{registry['toy'].digest[:8]}.safetensors"]
    assert steps[-1] == (len(PUBLISHED), len(PUBLISHED))
    assert len(steps) > 1 and steps == sorted(steps)
    with safe_open(path, "np") as file:
        assert file.metadata() == {
            "source": "made up here",
            "licence": "CC0",
            "url": server.url,
            "sha256": registry["toy"].digest,
        }


def test_get_uses_the_cache(server):
    registry = registry_of(server.url)
    path = get_weights("toy", registry=registry)
    server.content = None
    assert get_weights("toy", registry=registry) == path == find_weights("toy", registry=registry)
    assert len(server.ranges) == 1


def test_get_goes_on_after_a_cut(server, home):
    registry, server.cut_after = registry_of(server.url), 400_000
    with pytest.raises(VidcolorError, match="broke after 400000 of") as error:
        get_weights("toy", registry=registry)
    assert "vidcolor weights import toy FILE" in one_line(error)
    (part,) = files_in(home)
    assert part.endswith(".part")
    steps = []
    path = get_weights("toy", registry=registry, progress=lambda *step: steps.append(step))
    assert server.ranges == [None, "bytes=400000-"]
    assert steps[0][0] > 400_000 and steps[-1] == (len(PUBLISHED), len(PUBLISHED))
    np.testing.assert_array_equal(load_file(path)["w"], WEIGHT)
    assert files_in(home) == [path.name]


def test_get_starts_over_if_the_server_ignores_ranges(server, home):
    registry, server.cut_after, server.honours_ranges = registry_of(server.url), 400_000, False
    with pytest.raises(VidcolorError):
        get_weights("toy", registry=registry)
    path = get_weights("toy", registry=registry)
    assert server.ranges == [None, "bytes=400000-"]
    np.testing.assert_array_equal(load_file(path)["w"], WEIGHT)


def test_get_works_without_a_stated_length(server):
    registry, server.says_length = registry_of(server.url), False
    totals = set()
    path = get_weights("toy", registry=registry, progress=lambda _, total: totals.add(total))
    assert totals == {None}
    np.testing.assert_array_equal(load_file(path)["w"], WEIGHT)


def test_get_converts_a_finished_part_without_the_network(server, home):
    registry = registry_of(server.url)
    part = cached_path("toy", registry=registry).with_suffix(".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(PUBLISHED)
    get_weights("toy", registry=registry)
    assert server.ranges == []


@pytest.mark.parametrize("stale", [b"x" * 100, b"x" * len(PUBLISHED), b"x" * (len(PUBLISHED) + 9)])
def test_get_throws_a_wrong_part_away(server, home, stale):
    registry = registry_of(server.url)
    part = cached_path("toy", registry=registry).with_suffix(".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(stale)
    with pytest.raises(VidcolorError, match="another sha256"):
        get_weights("toy", registry=registry)
    assert files_in(home) == []
    assert get_weights("toy", registry=registry).exists()


def test_get_refuses_a_wrong_checksum(server, home):
    registry = registry_of(server.url)
    server.content = PUBLISHED[:-1] + b"?"
    with pytest.raises(VidcolorError) as error:
        get_weights("toy", registry=registry)
    assert files_in(home) == []
    message = one_line(error)
    assert server.url in message and registry["toy"].digest in message
    assert "vidcolor weights import toy FILE" in message


@pytest.mark.parametrize("layout", LAYOUTS)
def test_get_refuses_malicious_and_foreign_files(server, home, tmp_path, layout):
    """Even with the right checksum: nothing runs, nothing stays."""
    payload = call(named("os", "mkdir"), text(str(tmp_path / "victim")))
    for body in (state(w=payload), state(other=tensor(storage("0", WEIGHT.size), WEIGHT.shape)), b""):
        server.content = checkpoint(layout, body, **{"0": WEIGHT})
        with pytest.raises(InputError) as error:
            get_weights("toy", registry=registry_of(server.url, server.content))
        one_line(error)
        assert files_in(home) == []
    assert not (tmp_path / "victim").exists()


def test_get_offline_says_what_to_do(home):
    closed = Server()
    closed.server_close()
    registry = registry_of(closed.url)
    with pytest.raises(VidcolorError) as error:
        get_weights("toy", registry=registry)
    message = one_line(error)
    assert "refused" in message
    assert closed.url in message and registry["toy"].digest in message
    assert "vidcolor weights import toy FILE" in message
    assert files_in(home) == []


def test_get_reports_the_server_s_answer(server, home):
    server.content = None
    with pytest.raises(VidcolorError, match="404"):
        get_weights("toy", registry=registry_of(server.url))
    assert files_in(home) == []


@pytest.mark.parametrize("url", ["http://example.com/w.pth", "ftp://127.0.0.1/w.pth", "file:///etc/hostname"])
def test_get_allows_only_https(url, server, home):
    with pytest.raises(VidcolorError, match="only https"):
        get_weights("toy", registry=registry_of(url))
    server.redirect = url
    with pytest.raises(VidcolorError, match=r"only https|not allowed"):
        get_weights("toy", registry=registry_of(server.url))
    assert files_in(home) == []


def test_get_reports_a_cache_that_cannot_be_written(server, home):
    home.write_text("a file in the way")
    with pytest.raises(OutputError, match="VIDCOLOR_HOME"):
        get_weights("toy", registry=registry_of(server.url))


def test_two_do_not_fetch_the_same_at_the_same_time(server, home):
    registry = registry_of(server.url)
    started = []

    def second(done, total):
        if not started:
            started.append(done)
            with pytest.raises(OutputError, match="another run is at work there"):
                get_weights("toy", registry=registry)

    path = get_weights("toy", registry=registry, progress=second)
    assert started and files_in(home) == [path.name]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_import_does_the_same_from_a_file(tmp_path, home, layout):
    content = checkpoint(layout, DESCRIPTION, **{"0": WEIGHT})
    file = tmp_path / "by_hand.pth"
    file.write_bytes(content)
    registry = registry_of("https://example.com/w.pth", content)
    path = import_weights("toy", file, registry=registry)
    np.testing.assert_array_equal(load_file(path)["w"], WEIGHT)
    assert files_in(home) == [path.name]
    assert file.read_bytes() == content
    assert get_weights("toy", registry=registry) == path


def test_import_refuses_a_wrong_checksum(tmp_path, home):
    file = tmp_path / "by_hand.pth"
    file.write_bytes(PUBLISHED[:1000])
    registry = registry_of("https://example.com/w.pth")
    with pytest.raises(InputError) as error:
        import_weights("toy", file, registry=registry)
    message = one_line(error)
    assert hashlib.sha256(PUBLISHED[:1000]).hexdigest() in message and registry["toy"].digest in message
    assert not home.exists()


def test_import_of_a_missing_file_or_name(tmp_path):
    registry = registry_of("https://example.com/w.pth")
    with pytest.raises(FileNotFoundError, match="no such file"):
        import_weights("toy", tmp_path / "missing.pth", registry=registry)
    with pytest.raises(InputError, match="not a file"):
        import_weights("toy", tmp_path, registry=registry)
    for function in (get_weights, find_weights, lambda name: import_weights(name, tmp_path)):
        with pytest.raises(InputError, match="`zang`; there are: vgg16, zhang"):
            function("zang")


def test_find_says_how_to_fetch():
    with pytest.raises(InputError, match="vidcolor weights get zhang"):
        find_weights("zhang")


def test_list_shows_what_is_there(server, tmp_path, monkeypatch):
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / "frame.safetensors").write_bytes(bytes(12))
    (shipped / "frame.safetensors.sha256").write_text("0")
    monkeypatch.setattr("vidcolor_utils.weights.shipped.shipped_weights_path", lambda: shipped / "frame.onnx")
    registry = registry_of(server.url)

    def rows():
        return [(row.name, row.state, row.size) for row in list_weights(registry=registry)]

    assert rows() == [("frame.safetensors", "ships", 12), ("toy", "not fetched", None)]
    server.cut_after = 1000
    with pytest.raises(VidcolorError):
        get_weights("toy", registry=registry)
    assert rows()[1] == ("toy", "partly fetched", 1000)
    path = get_weights("toy", registry=registry)
    assert rows()[1] == ("toy", "cached", path.stat().st_size)
    toy = list_weights(registry=registry)[1]
    assert (toy.path, toy.licence) == (path, "CC0")
    assert "made up here" in toy.source and server.url in toy.source


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_a_file_that_is_kept_as_it_was_published(server, tmp_path, home, kind):
    server.content = b"not a PyTorch file"
    usual = tmp_path / "elsewhere.h5"
    checksum = f"{kind}:{hashlib.new(kind, server.content).hexdigest()}"
    url = server.url.replace(".pth", ".h5")
    registry = {"plain": ReleasedWeights(url, checksum, "CC0", "made up", usual_path=lambda: usual)}
    path = get_weights("plain", registry=registry)
    assert path.suffix == ".h5" and path.read_bytes() == server.content
    path.unlink()
    usual.write_bytes(b"half a download")
    with pytest.raises(InputError, match=f"{kind} is {hashlib.new(kind, b'half a download').hexdigest()}"):
        get_weights("plain", registry=registry)
    usual.write_bytes(server.content)
    assert get_weights("plain", registry=registry) == find_weights("plain", registry=registry) == usual
    assert [row.state for row in list_weights(registry=registry)][-1] == "there"
    assert len(server.ranges) == 1


def test_list_of_this_package():
    shipped, *_, vgg16, zhang = list_weights()
    assert (vgg16.name, vgg16.state) == ("vgg16", "not fetched")
    assert (shipped.name, shipped.state) == ("frame.onnx", "ships")
    licences = {row.name: row.licence for row in list_weights()}
    assert licences["frame_meaning.onnx"] == "MIT"
    assert all("Apache-2.0" in licences[name] for name in ("frame.onnx", "frame.safetensors", "frame_vit.onnx"))
    assert (zhang.name, zhang.state, zhang.licence) == ("zhang", "not fetched", "BSD-2-Clause")
    assert KNOWN_WEIGHTS["zhang"].url.endswith(f"-{KNOWN_WEIGHTS['zhang'].digest[:8]}.pth")


def test_no_keras_is_imported():
    command = "import sys, vidcolor_utils.weights.fetched; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], cwd=REPOSITORY, check=False).returncode == 0
