"""The mark of a person that a site has forgotten: known again, and nothing else.

A list of forgotten ids would be what an erasure is to end, so edge and control plane keep a keyed
digest of each; without the site's secret nobody can try ids against it.
"""

import hashlib
import hmac
from typing import Literal

Kind = Literal["visitor", "user"]


def erased_digest(secret: bytes, kind: Kind, name: str) -> bytes:
    """Return the 32 bytes that stand for a visitor_id or user_id of the site of that secret."""
    return hmac.digest(secret, f"{kind}:{name}".encode("utf-8", "surrogatepass"), hashlib.sha256)
