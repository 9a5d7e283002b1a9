"""Limits of annotations (rules/annotations.toml)."""

from dataclasses import dataclass

from schemas.loaders.strict import SchemaError


@dataclass(frozen=True)
class AnnotationRules:
    """How many notes a site may have, and how long one may be (rules/annotations.toml)."""

    max_annotations: int
    text_length: int


def check_annotations(rules: AnnotationRules) -> None:
    """Refuse limits by which nothing could be noted."""
    if rules.max_annotations < 1 or rules.text_length < 1:
        raise SchemaError("rules/annotations.toml: both limits must be 1 or more")
