"""Hands mails over to an SMTP server, and says in a sentence why it did not take them."""

import smtplib
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Final

from serving.config import MailServer, MissingSetting
from serving.reports.errors import MailError

_SECONDS: Final = 30.0  # for each answer of the server
_REASON_LENGTH: Final = 200


def post(
    server: MailServer,
    letters: Iterable[EmailMessage],
    on_taken: Callable[[str], object],
    timeout_seconds: float = _SECONDS,
) -> None:
    """Hand over each mail in one session, and tell the address of each that was taken.

    One address that is refused does not keep the others from theirs. Raises MailError when the
    server does not answer, lets nobody sign in, or refused some: those that were told of are
    on their way all the same.
    """
    refused = []
    with _session(server, timeout_seconds) as session:
        for letter in letters:
            address = str(letter["To"])
            try:
                session.send_message(letter)
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
                refused.append(f"{address} ({_reason(error)})")
            else:
                on_taken(address)
    if refused:
        raise MailError(f"{_name(server)} refused {', '.join(refused)}.")


@contextmanager
def _session(server: MailServer, timeout_seconds: float) -> Iterator[smtplib.SMTP]:
    """Lend a session that is signed in; whatever it raises becomes a MailError."""
    try:
        with _connected(server, timeout_seconds) as session:
            if server.tls == "starttls":
                session.starttls(context=ssl.create_default_context())
            if server.user:
                session.login(server.user, _password(server))
            yield session
    except smtplib.SMTPAuthenticationError as error:
        raise MailError(
            f"{_name(server)} refused user {server.user!r} or the password in"
            f" {server.password_file} ({_reason(error)})."
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailError(
            f"{_name(server)} cannot do what is set ({_reason(error)});"
            " see HEADWATER_SMTP_TLS and HEADWATER_SMTP_USER."
        ) from error
    except ssl.SSLError as error:
        raise MailError(
            f"{_name(server)} speaks no TLS that can be trusted ({_reason(error)});"
            " see HEADWATER_SMTP_TLS."
        ) from error
    except smtplib.SMTPException as error:
        is_gone = isinstance(error, smtplib.SMTPServerDisconnected)
        told = "does not answer" if is_gone else "did not take the mail"
        raise MailError(f"{_name(server)} {told} ({_reason(error)}).") from error
    except OSError as error:
        raise MailError(f"{_name(server)} does not answer ({_reason(error)}).") from error


def _connected(server: MailServer, timeout_seconds: float) -> smtplib.SMTP:
    if server.tls == "tls":
        return smtplib.SMTP_SSL(
            server.host,
            server.port,
            timeout=timeout_seconds,
            context=ssl.create_default_context(),
        )
    return smtplib.SMTP(server.host, server.port, timeout=timeout_seconds)


def _password(server: MailServer) -> str:
    try:
        return server.password_file.read_text("utf-8").strip() if server.password_file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise MissingSetting(
            f"HEADWATER_SMTP_PASSWORD_FILE cannot be read: {_reason(error)}."
        ) from error


def _name(server: MailServer) -> str:
    return f"The mail server {server.host}:{server.port}"


def _reason(error: Exception) -> str:
    """Return what the server or the system said, in one line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _said(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return " ".join((text or type(error).__name__).split())[:_REASON_LENGTH]


def _said(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(f"{code} {text}".split())[:_REASON_LENGTH]
