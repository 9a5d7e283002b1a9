"""What operators and browsers ask of the edge besides taking events."""

import hashlib
from typing import Any, Final

import msgspec

from ingest_edge import openapi
from ingest_edge.custody import EVENTS, Edge
from ingest_edge.errors import NoSuchRoute
from ingest_edge.gate import allowed_key, count_client
from ingest_edge.http import Answer, Request, cors_headers, json_answer
from ingest_edge.keys import Site
from schemas.load import RULES

_SCRIPT_SECONDS: Final = 300
_PARTS: Final = ("more", "replay")
_RECORD_FIX: Final = "Switch it on: `headwater sites recording SITE on`."
_PREFLIGHT_SECONDS: Final = 86_400
_METHODS: Final = b"GET, POST, OPTIONS"
_HEADERS: Final = (
    b"Authorization, Content-Encoding, Content-Type, "
    b"X-API-Key, X-Funnel-ID, X-Site-ID, X-Visitor-ID"
    + b"".join(b", " + name.encode() for name in RULES.edge.header_aliases)
)


def get_health() -> Answer:
    """Answer that the process runs."""
    return json_answer(200, {"status": "ok"})


async def get_ready(edge: Edge) -> Answer:
    """Answer 200 when events can be taken: keys are known and the topic can be written."""
    checks = {
        "keys": "ok" if edge.keys.is_loaded else "never read",
        **await edge.sink.checks(EVENTS),
        "geo": "ok" if edge.geo.is_present else "no file: country stays empty",
    }
    is_ready = edge.keys.is_loaded and await edge.sink.can_write(EVENTS)
    return json_answer(200 if is_ready else 503, {"is_ready": is_ready, "checks": checks})


def get_metrics(edge: Edge) -> Answer:
    """Answer the counters in Prometheus' text format."""
    text = edge.metrics.render(
        {
            "headwater_edge_keys_stale": float(edge.keys.is_stale),
            **edge.sink.gauges(),
        }
    )
    return Answer(200, text.encode(), b"text/plain; version=0.0.4")


def get_openapi() -> Answer:
    """Answer what the edge takes, as an OpenAPI document."""
    return Answer(200, openapi.text().encode())


def get_gpc() -> Answer:
    """Answer the Global Privacy Control resource: the signal is honoured."""
    return json_answer(200, {"gpc": True, "lastUpdate": "2026-11-21"})


def get_script(edge: Edge, request: Request) -> Answer:
    """Answer the tracker with the site's settings in it; 304 if the browser has that one.

    With `part=more` the second part, which the first asks for once it runs; with `part=replay`
    the one that records sessions, which the second asks for where it may.
    """
    text = request.parameter("k")
    # Loading the script takes nothing from what the key may send.
    count_client(edge, request)
    key = allowed_key(edge, request, text)
    if key.site.is_paused:
        headers = [(b"cache-control", b"public, max-age=%d" % _SCRIPT_SECONDS)]
        return Answer(200, b"/* paused */", b"text/javascript; charset=utf-8", headers)
    part = request.parameter("part")
    part = part if part in _PARTS else None
    file = edge.config.tracker_file
    file = file.with_name(f"{part}.js") if part else file
    if not file.is_file():
        raise NoSuchRoute(("path", "the tracker is not built", "Run `make install`."))
    settings: dict[str, Any] = {"key": text, "respect_dnt": key.site.respects_dnt}
    if key.site.cookieless:
        settings["cookieless"] = key.site.cookieless
    if part == "replay" and key.site.recording is None:
        raise NoSuchRoute(("path", "the site records no sessions", _RECORD_FIX))
    settings["tracker"] = _tracker_options(key.site)
    head = b"" if part else b"var __headwater=" + msgspec.json.encode(settings) + b";\n"
    script = b"(()=>{" + head + file.read_bytes() + b"})();"
    tag = b'"' + hashlib.sha256(script).hexdigest()[:16].encode() + b'"'
    headers = [(b"etag", tag), (b"cache-control", b"public, max-age=%d" % _SCRIPT_SECONDS)]
    if request.headers.get(b"if-none-match") == tag:
        return Answer(304, b"", headers=headers)
    return Answer(200, script, b"text/javascript; charset=utf-8", headers)


def _tracker_options(site: Site) -> dict[str, Any]:
    """Return the site's options of the tracker; whether it records is not one of them."""
    given = site.settings.get("tracker")
    options = dict(given) if isinstance(given, dict) else {}
    options.pop("recording", None)
    if site.recording:
        options["recording"] = {
            "sample_percent": site.recording.sample_percent,
            "snapshot_seconds": site.recording.snapshot_seconds,
        }
    return options


def preflight(edge: Edge, request: Request) -> Answer:
    """Answer OPTIONS: an origin that no site lists gets no permission."""
    is_known = edge.keys.ring.knows_host(request.origin_host)
    headers = cors_headers(request, is_allowed=is_known)
    if is_known:
        headers += [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _HEADERS),
            (b"access-control-max-age", b"%d" % _PREFLIGHT_SECONDS),
        ]
    return Answer(204, headers=headers)
