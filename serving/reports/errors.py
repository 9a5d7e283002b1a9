"""Why a report cannot be sent.

ReportError
└── MailError       the mail server does not answer, or takes the mail for nobody or not for all
"""


class ReportError(Exception):
    """The base: `str(error)` is a sentence for people."""


class MailError(ReportError):
    """The report was not handed over, to all or to some; the message names server and reason."""
