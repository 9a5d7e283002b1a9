"""The batch tables: a folder each with table.toml, query.sql and checks.sql."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

from pipelines.batch.errors import WrongTable
from schemas.load import TABLES
from schemas.loaders.strict import build, read_toml

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Check:
    """A bound on a measure of checks.sql; a run outside it is never switched to."""

    measure: str
    says: str
    min: int | None = None
    max: int | None = None


@dataclass(frozen=True)
class Contract:
    """What table.toml says. `rules` are those that a model in Python reads, a file each."""

    grain: str
    owner: str
    depends_on: tuple[str, ...]
    rules: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class BatchTable:
    """One table that batch writes. `query` is None where a model in Python writes it."""

    name: str
    contract: Contract
    query: Path | None
    checks: Path | None


def load_tables(folder: Path = FOLDER) -> dict[str, BatchTable]:
    """Return the batch tables, each after those it depends on.

    Raises WrongTable when a folder has no table in schemas/, depends on something that is no
    table, or depends on itself in a circle.
    """
    found = {path.parent.name: _load(path) for path in sorted(folder.glob("*/table.toml"))}
    needs = {name: _needs(table) & found.keys() for name, table in found.items()}
    try:
        return {name: found[name] for name in TopologicalSorter(needs).static_order()}
    except CycleError as error:
        raise WrongTable(
            f"batch tables depend on each other in a circle: {error.args[1]}"
        ) from error


def _load(path: Path) -> BatchTable:
    folder, where = path.parent, f"batch/{path.parent.name}/table.toml"
    if folder.name not in TABLES or TABLES[folder.name].writer != "batch":
        raise WrongTable(f"{where}: schemas/tables/ has no table of that name written by batch")
    contract = build(Contract, read_toml(path), where)
    query, checks = folder / "query.sql", folder / "checks.sql"
    if bool(contract.checks) != checks.exists():
        raise WrongTable(f"{where}: [[checks]] and checks.sql go together")
    table = BatchTable(folder.name, contract, query if query.exists() else None, None)
    return replace(table, checks=checks if checks.exists() else None)


def _needs(table: BatchTable) -> set[str]:
    for name in table.contract.depends_on:
        if name not in TABLES:
            raise WrongTable(f"batch/{table.name}/table.toml: depends on {name}, which is no table")
    return set(table.contract.depends_on)


BATCH_TABLES: Final[Mapping[str, BatchTable]] = load_tables()
