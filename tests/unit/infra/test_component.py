"""The graph of what runs: who comes along, and who is stopped before whom."""

import pytest

from infra.local.component import Component, Kind, Launch, closure, stop_levels


def _component(name: str, *needs: str) -> Component:
    return Component(name, Kind.PROCESS, needs, lambda: Launch(["true"]))


GRAPH = [
    _component("postgres"),
    _component("kafka"),
    _component("tables", "postgres"),
    _component("trino", "postgres"),
    _component("views", "trino", "tables"),
]


def _names(components: list[Component]) -> list[str]:
    return [component.name for component in components]


def test_closure_brings_what_is_needed_and_no_more() -> None:
    assert _names(closure(GRAPH, ["views"])) == ["postgres", "tables", "trino", "views"]


def test_closure_names_what_does_not_exist() -> None:
    with pytest.raises(KeyError, match="zookeeper"):
        closure(GRAPH, ["zookeeper"])


def test_nobody_is_stopped_before_who_needs_it() -> None:
    order = [_names(level) for level in stop_levels(GRAPH)]
    assert order == [["kafka", "views"], ["tables", "trino"], ["postgres"]]


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        stop_levels([_component("a", "b"), _component("b", "a")])


def test_who_uses_another_without_needing_it_ends_first() -> None:
    flink = Component("flink", Kind.PROCESS, (), lambda: Launch([]), ends_before=("kafka",))
    order = [_names(level) for level in stop_levels([*GRAPH, flink])]
    assert order[0] == ["views", "flink"]
    assert "kafka" in order[1]
