"""What can go wrong with the lake.

LakeError
|- MissingSetting       a variable that a program cannot start without is absent
|- LakeUnavailable      Postgres or Trino does not answer: try again later
|- IncompatibleTable    a table differs from schemas/ in a way that no additive change mends
'- QueryFailed          Trino refused or gave up a statement
"""


class LakeError(Exception):
    """Base of all; the text says what, where, and what to do."""


class MissingSetting(LakeError):
    """A variable that a program cannot start without is absent."""


class LakeUnavailable(LakeError):
    """Postgres or Trino does not answer."""


class IncompatibleTable(LakeError):
    """A table of the lake and its record in schemas/ differ beyond additive change."""

    def __init__(self, table: str, differences: list[str]) -> None:
        super().__init__(
            f"table web.{table} does not fit schemas/: {'; '.join(differences)}. "
            "Undo the change, or define a new table with a _v2 name and restate into it."
        )


class QueryFailed(LakeError):
    """Trino refused or gave up a statement."""
