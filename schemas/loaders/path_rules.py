"""How visitors walk through pages (rules/paths.toml)."""

from dataclasses import dataclass

from schemas.loaders.strict import SchemaError


@dataclass(frozen=True)
class PathRules:
    """How far a session's pages are told, and what stands where no page does (rules/paths.toml)."""

    max_steps: int
    pages_per_step: int
    is_repeat_a_step: bool
    separator: str
    entry: str
    exit: str
    more: str
    other: str
    no_page: str

    @property
    def names(self) -> tuple[str, ...]:
        """All that may stand in place of a page."""
        return (self.entry, self.exit, self.more, self.other, self.no_page)


def check_paths(rules: PathRules) -> None:
    """Refuse paths of nothing, and names that could be a page's or would not stand in SQL."""
    where = "rules/paths.toml"
    # A row is made of each step of each session: a hundred are told by no picture.
    if not 2 <= rules.max_steps <= 100:
        raise SchemaError(f"{where}: max_steps must be 2 to 100")
    if rules.pages_per_step < 1:
        raise SchemaError(f"{where}: pages_per_step must be 1 or more")
    if len(set(rules.names)) < len(rules.names):
        raise SchemaError(f"{where}: entry, exit, more, other and no_page must differ")
    if not all(name.startswith("(") for name in rules.names):
        raise SchemaError(f"{where}: names begin with a bracket, so that none is a page's")
    if not rules.separator or "'" in "".join((rules.separator, *rules.names)):
        raise SchemaError(f"{where}: a separator is needed, and no apostrophe anywhere")
