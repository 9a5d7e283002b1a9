"""Run benchmarks: `python -m tests.load [name ...] [--size N]`; writes docs/reference."""

import argparse
import importlib
import sys
from pathlib import Path
from typing import Final

from tests.load.report import Unmeasurable, keep, section

BENCHES: Final = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))


def main() -> int:
    """Run the named benches, all by default; return 1 if one could not be measured."""
    names = [name.removeprefix("bench_") for name in BENCHES]
    parser = argparse.ArgumentParser(prog="python -m tests.load")
    parser.add_argument("benches", nargs="*", choices=[*names, []], help=", ".join(names))
    parser.add_argument("--size", type=int, default=0, help="events or questions; 0: the default")
    arguments = parser.parse_args()
    failed = [name for name in arguments.benches or names if not _run(name, arguments.size)]
    return 1 if failed else 0


def _run(name: str, size: int) -> bool:
    bench = importlib.import_module(f"tests.load.bench_{name}")
    command = f"python -m tests.load {name}" + (f" --size {size}" if size else "")
    sys.stderr.write(f"{command} ...\n")
    try:
        figures = bench.measure(size or bench.DEFAULT_SIZE)
    except Unmeasurable as error:
        sys.stderr.write(f"{name}: {error}\n")
        return False
    text = section(bench.TITLE, command, figures)
    keep(text)
    sys.stdout.write(text + "\n")
    return True


if __name__ == "__main__":
    sys.exit(main())
