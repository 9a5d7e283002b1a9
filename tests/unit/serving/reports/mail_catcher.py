"""A real SMTP server on a free port, which keeps what it takes and can be told to refuse."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ssl import SSLContext
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from serving.config import MailServer

HOST = "127.0.0.1"
SENDER = "Headwater <reports@example.com>"
PASSWORD = "open sesame"


class Catcher:
    """What was caught, and what is refused; `refused` holds addresses."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.refused: dict[str, str] = {}
        self.signed_in: list[str] = []
        self.tls: list[bool] = []

    def server(self, **more: Any) -> MailServer:
        """Return the settings that lead here."""
        return MailServer(HOST, self.port, **({"tls": "none", "sender": SENDER} | more))

    def recipients(self) -> list[str]:
        """Return who got a mail, in order."""
        return [str(mail["To"]) for mail in self.mails]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.envelopes.append(envelope)
        self.tls.append(session.ssl is not None)
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        is_right = data.password.decode() == PASSWORD
        self.signed_in += [data.login.decode()] if is_right else []
        return AuthResult(success=is_right, handled=False)


@contextmanager
def catching(tls: SSLContext | None = None, *, is_tls_at_once: bool = False) -> Iterator[Catcher]:
    """Run a server; with `tls` it offers STARTTLS, or speaks TLS from the first byte."""
    caught, loop = Catcher(), asyncio.new_event_loop()

    def session() -> SMTP:
        offered = None if is_tls_at_once else tls
        return SMTP(
            caught,
            loop=loop,
            tls_context=offered,
            authenticator=caught.authenticate,
            auth_require_tls=False,
        )

    listening = loop.run_until_complete(
        loop.create_server(session, HOST, 0, ssl=tls if is_tls_at_once else None)
    )
    caught.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield caught
    finally:
        asyncio.run_coroutine_threadsafe(_end(listening), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


async def _end(listening: asyncio.Server) -> None:
    listening.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
