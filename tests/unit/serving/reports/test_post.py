"""Mails to a real SMTP server, which takes them, refuses them, or is not there."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from serving.config import MailServer, MissingSetting
from serving.reports.errors import MailError
from serving.reports.letter import letter
from serving.reports.post import post
from serving.reports.render import render
from tests.unit.serving.reports.made_up import READ_AT, figures
from tests.unit.serving.reports.mail_catcher import HOST, PASSWORD, SENDER, Catcher, catching

REPORT = render(figures(site_name="Söhne"))
PATIENCE = 60.0


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    with catching() as running:
        yield running


def letters(*recipients: str) -> list[EmailMessage]:
    return [letter(REPORT, SENDER, to, "rep_1/2026-03-29", READ_AT) for to in recipients]


def sent(server: MailServer, *recipients: str) -> list[str]:
    taken: list[str] = []
    post(server, letters(*recipients), taken.append, PATIENCE)
    return taken


def test_each_reader_gets_a_mail_of_their_own(catcher: Catcher) -> None:
    assert sent(catcher.server(), "ann@example.com", "bob@example.com") == [
        "ann@example.com",
        "bob@example.com",
    ]
    assert catcher.recipients() == ["ann@example.com", "bob@example.com"]
    assert [one.rcpt_tos for one in catcher.envelopes] == [["ann@example.com"], ["bob@example.com"]]
    assert "bob@example.com" not in catcher.mails[0].as_string()
    assert catcher.envelopes[0].mail_from == "reports@example.com"


def test_a_mail_arrives_as_it_was_written(catcher: Catcher) -> None:
    sent(catcher.server(), "ann@example.com")
    (mail,) = catcher.mails
    assert mail["Subject"] == REPORT.subject
    assert mail["From"] == SENDER
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == READ_AT.replace(microsecond=0)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == REPORT.text.splitlines()
    assert html.get_content().splitlines() == REPORT.html.splitlines()
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_the_same_report_has_the_same_id_for_the_same_reader() -> None:
    first, again, other = letters("ann@example.com", "ann@example.com", "bob@example.com")
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["Message-ID"].endswith("@example.com>")


def test_one_address_that_is_refused_keeps_nobody_else_from_theirs(catcher: Catcher) -> None:
    catcher.refused = {"no@example.com": "550 5.1.1 no such user"}
    taken: list[str] = []
    with pytest.raises(MailError, match=r"refused no@example.com \(550 5.1.1 no such user\)"):
        post(
            catcher.server(),
            letters("no@example.com", "ann@example.com"),
            taken.append,
            PATIENCE,
        )
    assert taken == catcher.recipients() == ["ann@example.com"]


def test_a_server_that_is_away_is_named() -> None:
    with socket.socket() as taken:  # bound, and listens to nobody
        taken.bind((HOST, 0))
        port = taken.getsockname()[1]
        with pytest.raises(MailError, match=rf"{HOST}:{port} does not answer"):
            sent(MailServer(HOST, port, "none", SENDER), "ann@example.com")


def test_a_server_that_says_nothing_is_not_waited_for_for_ever() -> None:
    with socket.create_server((HOST, 0)) as mute:
        server = MailServer(HOST, mute.getsockname()[1], "none", SENDER)
        with pytest.raises(MailError, match="does not answer"):
            post(server, letters("ann@example.com"), lambda _: None, 0.2)


def test_a_host_nobody_knows_is_named() -> None:
    server = MailServer("mail.invalid", 25, "none", SENDER)
    with pytest.raises(MailError, match="mail.invalid:25 does not answer"):
        sent(server, "ann@example.com")


def with_password(catcher: Catcher, folder: Path, password: str) -> MailServer:
    file = folder / "password"
    file.write_text(f"{password}\n", "utf-8")
    return catcher.server(user="hw", password_file=file)


def test_who_signs_in_is_taken(catcher: Catcher, tmp_path: Path) -> None:
    sent(with_password(catcher, tmp_path, PASSWORD), "ann@example.com")
    assert catcher.signed_in == ["hw"]


def test_a_wrong_password_is_said_and_not_shown(catcher: Catcher, tmp_path: Path) -> None:
    with pytest.raises(MailError, match="refused user 'hw' or the password in") as caught:
        sent(with_password(catcher, tmp_path, "guess"), "ann@example.com")
    assert "guess" not in str(caught.value)
    assert catcher.mails == []


def test_a_password_file_that_is_not_there_is_named(catcher: Catcher, tmp_path: Path) -> None:
    server = catcher.server(user="hw", password_file=tmp_path / "none")
    with pytest.raises(MissingSetting, match="HEADWATER_SMTP_PASSWORD_FILE cannot be read: No su"):
        sent(server, "ann@example.com")


def test_a_server_without_starttls_gets_no_mail(catcher: Catcher) -> None:
    with pytest.raises(MailError, match="STARTTLS.*see HEADWATER_SMTP_TLS"):
        sent(catcher.server(tls="starttls"), "ann@example.com")
    assert catcher.mails == []


def certificate(folder: Path) -> Path:
    """Write a key and a certificate for 127.0.0.1 into one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), "headwater test"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "mail.pem"
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, form, plain) + made.public_bytes(pem))
    return file


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize("is_trusted", [True, False])
def test_mail_travels_over_tls_that_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: str, is_trusted: bool
) -> None:
    file = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with catching(context, is_tls_at_once=tls == "tls") as catcher:
        server = replace(catcher.server(), tls=tls)
        if is_trusted:
            sent(server, "ann@example.com")
            assert catcher.recipients() == ["ann@example.com"]
            assert catcher.tls == [tls == "starttls"]  # the session knows only of what it began
        else:
            with pytest.raises(MailError, match="no TLS that can be trusted"):
                sent(server, "ann@example.com")
            assert catcher.mails == []


@pytest.mark.parametrize("sender", ["", "nobody", "Ann <>", "a b@example.com", "@example.com"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(MissingSetting, match="HEADWATER_SMTP_FROM"):
        letter(REPORT, sender, "ann@example.com", "x", READ_AT)
