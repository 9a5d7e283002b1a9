"""What can go wrong with restating a day.

LakeError (pipelines/lake/errors.py)
|- UnknownSite      the mirror of the control plane has no such site
|- WrongTable       a folder of pipelines/batch does not hold together
|- ChecksFailed     a run did not pass its checks: it is written, and never switched to
'- NotHeld          a run cannot be compared or switched to, or is not held at all
"""

from pipelines.lake.errors import LakeError


class UnknownSite(LakeError):
    """The mirror of the control plane has no such site."""


class WrongTable(LakeError):
    """A folder of pipelines/batch does not hold together."""


class ChecksFailed(LakeError):
    """A run did not pass its checks; its days stay as they were."""


class NotHeld(LakeError):
    """A run cannot be compared or switched to, or is not held at all."""
