"""What the control plane refuses, and why.

ControlError
├── InvalidSite      a slug, zone, host or number that cannot be
├── DuplicateSite    the slug is taken
├── UnknownSite      no site of that slug
├── InvalidKey       a kind or host that cannot be
├── UnknownKey       no key of that id
├── InvalidRestatement  no dates, too many, or in the future
├── UnknownRestatement
├── InvalidReport    an address, period or hour that cannot be
├── UnknownReport    no report schedule of that id
├── InvalidErasure   nobody is named, too many, or something that is no id
├── UnknownErasure   no erasure of that number
├── InvalidGoal      a condition, name or day of a goal that cannot be
├── DuplicateGoal    the site has a goal of that id
├── UnknownGoal      no goal of that id
├── InvalidExport    a table, format or days that cannot be exported, or too many wait
├── UnknownExport    no export of that id
├── InvalidAnnotation  a text, date or moment that cannot be, or too many
├── UnknownAnnotation  the site has no annotation of that id
├── InvalidFunnel    a step, name or limit of a funnel that cannot be, or too many funnels
├── DuplicateFunnel  the site has a funnel of that id
├── UnknownFunnel    no funnel of that id
└── ControlUnavailable  Postgres does not answer
"""


class ControlError(Exception):
    """The base: `str(error)` is a sentence for people, `fix` says what to do."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class InvalidField(ControlError):
    """The base of what names the `field` that holds something that cannot be.

    `loc` is its place in what was given, step by step: the field itself unless said otherwise.
    """

    def __init__(self, field: str, message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.field = field
        self.loc: tuple[str | int, ...] = (field,)


class InvalidSite(InvalidField):
    """A field of a site holds something that cannot be."""


class DuplicateSite(ControlError):
    """The slug is taken."""


class UnknownSite(ControlError):
    """No site has that slug."""


class InvalidKey(ControlError):
    """A field of a key holds something that cannot be."""


class UnknownKey(ControlError):
    """No key has that id."""


class InvalidRestatement(ControlError):
    """The dates to restate are none, too many or not dates of the past."""


class UnknownRestatement(ControlError):
    """No restatement has that number."""


class InvalidReport(ControlError):
    """A field of a report schedule holds something that cannot be."""


class UnknownReport(ControlError):
    """No report schedule has that id."""


class InvalidErasure(ControlError):
    """Nobody is named to forget, or too many, or by something that is no id."""


class UnknownErasure(ControlError):
    """No erasure has that number."""


class InvalidGoal(InvalidField):
    """A field of a goal holds something that cannot be."""


class DuplicateGoal(ControlError):
    """The site has a goal of that id, archived or not."""


class UnknownGoal(ControlError):
    """The site has no goal of that id."""


class InvalidExport(InvalidField):
    """A table, format or days that cannot be exported, or too many exports wait."""


class UnknownExport(ControlError):
    """The site has no export of that id."""


class InvalidAnnotation(InvalidField):
    """A field of an annotation holds something that cannot be, or the site has too many."""


class UnknownAnnotation(ControlError):
    """The site has no annotation of that id."""


class InvalidFunnel(InvalidField):
    """A place of a funnel's definition holds something that cannot be."""

    def __init__(self, loc: tuple[str | int, ...], message: str, fix: str = "") -> None:
        super().__init__(".".join(map(str, loc)), message, fix)
        self.loc = loc


class DuplicateFunnel(ControlError):
    """The site has a funnel of that id."""


class UnknownFunnel(ControlError):
    """The site has no funnel of that id."""


class ControlUnavailable(ControlError):
    """Postgres does not answer; nothing was changed."""
