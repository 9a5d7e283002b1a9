"""What can go wrong at the edge.

EdgeError
    BadSetting              the environment is wrong: the edge does not start
    Refused                 the whole request is refused, with a status
        BadRequest          400 nothing in it can be accepted
        UnknownKey          401
        BadSignature        401 a webhook that its vendor did not sign
        Forbidden           403 this key, origin or site does not go together
        NoSuchRoute         404
        WrongMethod         405
        TooSlow             408 the body took too long
        TooLarge            413
        UnsupportedMedia    415
        TooManyRequests     429 come again after `wait_seconds`
        NotDurable          503 not kept: send it again
            LogFull         507 the same, because the disk is full
            StorageAway     503 the storage of recordings does not answer
                StorageFull 507 or is full
A single event is refused by a Refusal, which is a value, not an exception.
"""

from enum import StrEnum
from typing import Any, ClassVar, Final, NamedTuple

_MAX_DETAIL: Final = 1_000


class EdgeError(Exception):
    """Any fault the edge knows."""


class BadSetting(EdgeError):
    """A variable of the environment is missing or wrong."""


class DropReason(StrEnum):
    """Why an event was refused or, for the last six, left out on purpose. A closed list."""

    BAD_EVENT = "bad_event"
    BAD_TIME = "bad_time"
    EVENT_TOO_LARGE = "event_too_large"
    NOT_KEPT = "not_kept"
    MISSING_VISITOR = "missing_visitor"
    TOO_DEEP = "too_deep"
    TOO_OLD = "too_old"
    NO_CONSENT = "no_consent"
    NOT_RECORDED = "not_recorded"
    ERASED = "erased"
    PAUSED = "paused"
    DNT = "dnt"
    GPC = "gpc"


class Refusal(NamedTuple):
    """Why one event is refused: the place in it, what is wrong there, what to do."""

    reason: DropReason
    loc: str
    msg: str
    fix: str


class Refused(EdgeError):
    """The whole request is refused; `faults` are (loc, msg, fix)."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "The request cannot be used."

    def __init__(self, *faults: tuple[str, str, str], code: str | None = None) -> None:
        super().__init__("; ".join(f"{loc}: {msg}" for loc, msg, _ in faults))
        self.faults = faults
        self.given_code = code or self.code

    def problem(self, request_id: str) -> dict[str, Any]:
        """Return the body of the answer (RFC 9457).

        `message` repeats `detail`: a published client that misses it takes the answer for a broken
        line and sends the refused batch ten times more.
        """
        detail = str(self)[:_MAX_DETAIL]
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.given_code,
            "detail": detail,
            "message": detail,
            "request_id": request_id,
            "errors": [{"loc": loc, "msg": msg, "fix": fix} for loc, msg, fix in self.faults],
        }


class BadRequest(Refused):
    """Nothing in the request can be accepted."""


class UnknownKey(Refused):
    """No key, or one that does not exist, was revoked or has expired."""

    status = 401
    code = "unknown_key"
    title = "The key is unknown."


class BadSignature(Refused):
    """A webhook that its vendor did not sign with the site's secret, or not just now."""

    status = 401
    code = "bad_signature"
    title = "The webhook's signature is wrong."


class Forbidden(Refused):
    """The key is known but not for this."""

    status = 403
    code = "forbidden"
    title = "The key is not allowed here."


class NoSuchRoute(Refused):
    """Nothing lives at this path."""

    status = 404
    code = "no_such_route"
    title = "There is nothing at this address."


class WrongMethod(Refused):
    """The path exists for another method."""

    status = 405
    code = "wrong_method"
    title = "This address takes another method."


class TooSlow(Refused):
    """The body did not arrive in time."""

    status = 408
    code = "too_slow"
    title = "The body took too long."


class TooLarge(Refused):
    """The body is larger than the limit, compressed or not."""

    status = 413
    code = "too_large"
    title = "The body is too large."


class UnsupportedMedia(Refused):
    """The body's type or encoding is none the edge reads."""

    status = 415
    code = "unsupported_media"
    title = "The body's type is not supported."


class TooManyRequests(Refused):
    """The key or the client's address asked too often; `wait_seconds` until it may again."""

    status = 429
    code = "rate_limited"
    title = "Too many requests."

    def __init__(self, policy: str, per_minute: int, wait_seconds: float) -> None:
        msg = f"this {policy} may make {per_minute} requests a minute"
        super().__init__((policy, msg, "Send after Retry-After; put more events into a batch."))
        self.policy = policy
        self.per_minute = per_minute
        self.wait_seconds = wait_seconds


class NotDurable(Refused):
    """The events could not be made durable now; sending them again is right."""

    status = 503
    code = "not_durable"
    title = "The events could not be stored now."


class LogFull(NotDurable):
    """The broker is away, and the disk has no room for the log."""

    status = 507
    code = "log_full"
    title = "There is no room to store the events."


class StorageAway(NotDurable):
    """The storage of recordings does not take anything now."""

    code = "storage_away"
    title = "The recording could not be stored now."


class StorageFull(StorageAway):
    """The storage of recordings has no room."""

    status = 507
    code = "storage_full"
    title = "There is no room to store the recording."
