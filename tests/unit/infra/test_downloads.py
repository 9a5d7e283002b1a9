"""Downloads: checked, resumed, shared. A registry is a folder behind a local server."""

import hashlib
import http.server
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from infra.local import downloads
from infra.local.downloads import DownloadError, Sources, fetch_all, missing_bytes
from infra.local.manifest import Artifact, Part
from infra.local.progress import Progress

CONTENT = b"a jar, more or less " * 100


class _Registry(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT for every path; remembers the ranges asked; may hang up half-way."""

    asked: ClassVar[list[str]] = []
    hang_up_after: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.asked.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.hang_up_after.pop()] if self.hang_up_after else body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[str]:
    _Registry.asked.clear()
    _Registry.hang_up_after.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Registry)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def one_jar(monkeypatch: pytest.MonkeyPatch) -> Part:
    return _use(monkeypatch, hashlib.sha256(CONTENT).hexdigest())


def _use(monkeypatch: pytest.MonkeyPatch, digest: str) -> Part:
    part = Part("p", (Artifact("maven", "g:a:1", digest, len(CONTENT)),))
    monkeypatch.setattr(downloads, "MANIFEST", {"p": part})
    return part


def _npm_never(coordinates: str, folder: Path) -> Path:
    raise AssertionError(f"npm was asked for {coordinates}")


def _fetch(cache: Path, registry: str) -> str:
    said = io.StringIO()
    fetch_all(cache, Sources(registry, _npm_never), Progress(said))
    return said.getvalue()


def test_a_file_is_fetched_and_laid_out(tmp_path: Path, registry: str, one_jar: Part) -> None:
    assert missing_bytes(tmp_path) == len(CONTENT)
    _fetch(tmp_path, registry)
    assert (tmp_path / one_jar.folder_name / "a-1.jar").read_bytes() == CONTENT
    assert missing_bytes(tmp_path) == 0


@pytest.mark.usefixtures("one_jar")
def test_a_second_run_asks_for_nothing(tmp_path: Path, registry: str) -> None:
    _fetch(tmp_path, registry)
    _Registry.asked.clear()
    _fetch(tmp_path, registry)
    assert _Registry.asked == []


def test_a_broken_download_goes_on_where_it_stopped(
    tmp_path: Path, registry: str, one_jar: Part
) -> None:
    _Registry.hang_up_after.append(300)
    _fetch(tmp_path, registry)
    assert _Registry.asked == ["bytes=0-", "bytes=300-"]
    assert (tmp_path / one_jar.folder_name / "a-1.jar").read_bytes() == CONTENT


def test_a_wrong_file_is_refused_and_removed(
    tmp_path: Path, registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = _use(monkeypatch, "0" * 64)
    with pytest.raises(DownloadError, match="g:a:1 has SHA-256"):
        _fetch(tmp_path, registry)
    assert not (tmp_path / part.folder_name).exists()
    assert list((tmp_path / "files").iterdir()) == []


@pytest.mark.usefixtures("one_jar")
def test_an_unreachable_registry_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="HEADWATER_MAVEN_URL"):
        _fetch(tmp_path, "http://127.0.0.1:1")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal() -> None:
    said = _Terminal()
    progress = Progress(said)
    progress.start("a.jar", 10, 5)
    progress.advance(5)
    assert said.getvalue().startswith("\r  [####")
    assert said.getvalue().rstrip().endswith("a.jar")


def test_plain_lines_elsewhere_and_none_for_small_files() -> None:
    said = io.StringIO()
    progress = Progress(said)
    for name, size in (("small.jar", 10), ("large.jar", 10_000_000)):
        progress.start(name, size, 0)
        progress.advance(size)
    assert said.getvalue() == "  large.jar    10.0 / 10.0 MB\n"
