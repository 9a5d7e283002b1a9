"""What a person is told when a verb cannot do its work.

CliError        exit 1: what, where, fix
  UsageFault    exit 2: the words given do not fit
  ChecksFailed  exit 3: the verb worked and found something wrong
  PartlyDone    exit 4: some of it was done
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """How the command ends."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CHECKS_FAILED = 3
    PARTIAL = 4


class CliError(Exception):
    """Say what went wrong, where, and which command or change mends it."""

    exit_code = ExitCode.FAILED

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.fix = what, where, fix

    def lines(self) -> list[str]:
        """Return the message as lines for stderr."""
        parts = [("error", self.what), ("where", self.where), ("fix", self.fix)]
        return [f"{label}: {text}" for label, text in parts if text]


class UsageFault(CliError):
    """The words given do not fit together."""

    exit_code = ExitCode.USAGE


class ChecksFailed(CliError):
    """The verb did its work and what it looked at is not well."""

    exit_code = ExitCode.CHECKS_FAILED


class PartlyDone(CliError):
    """Some of the work was done, the rest is named in the message."""

    exit_code = ExitCode.PARTIAL
