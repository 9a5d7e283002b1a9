"""Settings of the mail server: clear errors for what is missing or makes no sense."""

from pathlib import Path

import pytest

from serving.config import MailServer, MissingSetting

ENV = {"HEADWATER_SMTP_HOST": "mail.example.com", "HEADWATER_SMTP_FROM": "hw@example.com"}
SIGN_IN = {"HEADWATER_SMTP_USER": "hw", "HEADWATER_SMTP_PASSWORD_FILE": "secret"}


@pytest.mark.parametrize(
    ("tls", "port"), [("", 587), ("starttls", 587), ("tls", 465), ("none", 25)]
)
def test_the_port_follows_the_kind_of_tls(tls: str, port: int) -> None:
    found = MailServer.from_env(ENV | {"HEADWATER_SMTP_TLS": tls})
    assert (found.port, found.user, found.password_file) == (port, "", None)


def test_everything_can_be_set() -> None:
    found = MailServer.from_env(ENV | SIGN_IN | {"HEADWATER_SMTP_PORT": "2525"})
    assert found == MailServer(
        "mail.example.com", 2525, "starttls", "hw@example.com", "hw", Path("secret")
    )


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"HEADWATER_SMTP_HOST": ""}, "HEADWATER_SMTP_HOST is not set"),
        ({"HEADWATER_SMTP_FROM": ""}, "HEADWATER_SMTP_FROM is not set"),
        ({"HEADWATER_SMTP_TLS": "ssl"}, "HEADWATER_SMTP_TLS is 'ssl'; use one of starttls"),
        ({"HEADWATER_SMTP_PORT": "smtp"}, "HEADWATER_SMTP_PORT is 'smtp'"),
        ({"HEADWATER_SMTP_PORT": "70000"}, "HEADWATER_SMTP_PORT is '70000'"),
        ({"HEADWATER_SMTP_USER": "hw"}, "go together"),
        ({"HEADWATER_SMTP_PASSWORD_FILE": "f"}, "go together"),
        (SIGN_IN | {"HEADWATER_SMTP_TLS": "none"}, "would travel readable to mail.example.com"),
    ],
)
def test_what_makes_no_sense_is_named(changed: dict[str, str], named: str) -> None:
    with pytest.raises(MissingSetting, match=named):
        MailServer.from_env(ENV | changed)


def test_a_password_may_be_readable_on_this_machine() -> None:
    own = SIGN_IN | {"HEADWATER_SMTP_TLS": "none", "HEADWATER_SMTP_HOST": "127.0.0.1"}
    assert MailServer.from_env(ENV | own).user == "hw"
