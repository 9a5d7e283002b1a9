"""A report as a mail: one for each reader, so that nobody learns who else gets it."""

import hashlib
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from serving.config import MissingSetting
from serving.control.errors import InvalidReport
from serving.control.reports import checked_address
from serving.reports.render import Rendered


def letter(
    report: Rendered, sender: str, recipient: str, about: str, written_at: datetime
) -> EmailMessage:
    """Return the mail; `about` names schedule and period.

    The same `about` and reader give the same Message-ID, so that many mailboxes show a report
    once that had to be sent twice. Raises MissingSetting if `sender` is no address.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender_address(sender)
    message["To"] = recipient
    message["Subject"] = report.subject
    message["Date"] = format_datetime(written_at)
    digest = hashlib.sha256(f"{about}/{recipient}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{sender_address(sender).domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(report.text)
    message.add_alternative(report.html, subtype="html")
    return message


def sender_address(sender: str) -> Address:
    """Return the address of `Name <address>` or of an address alone."""
    name, spec = parseaddr(sender)
    try:
        return Address(display_name=name, addr_spec=checked_address(spec))
    except InvalidReport as error:
        raise MissingSetting(
            f"HEADWATER_SMTP_FROM is {sender!r}; write an address, such as"
            " Headwater <reports@example.com>."
        ) from error
