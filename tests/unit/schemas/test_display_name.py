"""Friendly names: stable, of two words, spread over all of them."""

from schemas.display_name import display_name
from schemas.load import RULES


def test_a_name_stays() -> None:
    assert display_name("v1") == "Early Gecko"


def test_names_spread() -> None:
    names = {display_name(f"visitor-{number}") for number in range(2_000)}
    words = [name.split() for name in names]
    assert {first for first, _ in words} == set(RULES.names.adjectives)
    assert {second for _, second in words} == set(RULES.names.animals)
    assert len(names) > 1_500
