"""Who is asking: a bearer key of one site, or a signed-in browser page."""

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from serving.errors import Forbidden, NotSignedIn
from serving.scope import Caller
from serving.store import Store

_HOW: Final = "Send `Authorization: Bearer hw_api_...` (`headwater keys create --kind api`)."
_SAFE: Final = ("GET", "HEAD", "OPTIONS")


def cookie_name(port: int) -> str:
    """Name the cookie by port: browsers share cookies between the ports of a host."""
    return f"headwater_session_{port}"


async def caller_of(request: Request, store: Store, cookie: str) -> Caller:
    """Return who asks; raises NotSignedIn, or Forbidden for a key or origin that may not."""
    header = request.headers.get("authorization")
    if header is not None:
        return await _key_caller(header, store)
    session = request.cookies.get(cookie)
    if session is None:
        raise NotSignedIn(f"The request carries no key. {_HOW}")
    check_same_origin(request)
    if not await store.is_signed_in(session):
        raise NotSignedIn("The sign-in has ended; open a new link: `headwater open` prints one.")
    return Caller("page", None)


async def _key_caller(header: str, store: Store) -> Caller:
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise NotSignedIn(f"The Authorization header is not a bearer key. {_HOW}")
    found = await store.find_key(key.strip())
    if found is None:
        raise NotSignedIn(f"The key is unknown, revoked or expired. {_HOW}")
    if found.kind != "api":
        raise Forbidden(f"A {found.kind} key writes events and cannot read. {_HOW}")
    return Caller(found.key_id, found.site_id)


def check_same_origin(request: Request) -> None:
    """Refuse a write that a foreign page sent with our cookie.

    Browsers send `Sec-Fetch-Site` or at least `Origin` with every write; JSON bodies from
    elsewhere would need a preflight, which is never answered.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if site not in ("same-origin", "none") or foreign:
        raise Forbidden("The request comes from another origin.")
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Forbidden("Writes from a page are JSON: set Content-Type: application/json.")
