"""Serves the built page: hashed assets for ever, the index never from a cache."""

import base64
import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from serving.errors import NotFound

_FOREVER: Final = "public, max-age=31536000, immutable"
_INLINE: Final = re.compile(r"<(script|style)(?![^>]*\bsrc=)[^>]*>(.*?)</\1>", re.S)
_PACKED: Final = (("br", ".br"), ("gzip", ".gz"))
_ABSENT: Final = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Headwater</title>
<h1>The page is not built yet</h1>
<p>The API works: see <a href="/docs">its documentation</a>.
Build the page with <code>make install</code>, then load this address again.</p></html>
"""


class Page:
    """The files of a build folder, which may be absent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def respond(self, request: Request, path: str) -> Response:
        """Return the file of a path, else the index: its router knows the deep links.

        Raises NotFound for a missing file (its last segment has an extension).
        """
        index = self._folder / "index.html"
        if not index.is_file():
            return HTMLResponse(_ABSENT, 200, {"Cache-Control": "no-cache"})
        file = (self._folder / path).resolve()
        if path and file.is_file() and file.is_relative_to(self._folder):
            return index_page(index) if file == index else self._asset(request, file)
        if "." in path.rsplit("/", 1)[-1]:
            raise NotFound("There is no such file.")
        return index_page(index)

    def _asset(self, request: Request, file: Path) -> Response:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        is_hashed = file.parent.name == "assets"
        headers = {
            "Cache-Control": _FOREVER if is_hashed else "no-cache",
            "Vary": "Accept-Encoding",
        }
        accepted = request.headers.get("accept-encoding", "")
        for name, ending in _PACKED:
            packed = file.with_name(file.name + ending)
            if name in accepted and packed.is_file():
                headers["Content-Encoding"] = name
                return Response(packed.read_bytes(), 200, headers, kind)
        return Response(file.read_bytes(), 200, headers, kind)


def index_page(index: Path) -> Response:
    """Return the index with a policy that lets only its own inline scripts run."""
    html = index.read_text(encoding="utf-8")
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": policy_of(html)}
    return HTMLResponse(html, 200, headers)


@cache
def policy_of(html: str) -> str:
    """Return the content security policy of a document: its inline parts by their hash."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in _INLINE.findall(html):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        hashes[kind].append(f"'sha256-{digest}'")
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(["script-src 'self'", *hashes["script"]]),
            " ".join(["style-src 'self'", *hashes["style"]]),
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
