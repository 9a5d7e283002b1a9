"""What an export refuses.

LakeError
'- ExportRefused        a table, format or days that cannot be exported
"""

from pipelines.lake.errors import LakeError


class ExportRefused(LakeError):
    """What was asked for cannot be exported; `fix` says what can."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix
