"""What an export refuses.

LakeError
'- ExportRefused        a column of a type that files have no form for
"""

from pipelines.lake.errors import LakeError


class ExportRefused(LakeError):
    """A column of the view cannot be written to a file."""
