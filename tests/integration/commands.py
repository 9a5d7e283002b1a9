"""Run the `headwater` command on the home of the tests, and ask its API, as a person would."""

import json
import subprocess
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

_COMMAND: Final = Path(__file__).parents[2] / ".venv" / "bin" / "headwater"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def headwater(home: Path, *words: str, timeout: float = 300) -> Done:
    """Run the command to its end, whatever its exit code."""
    done = subprocess.run(
        [str(_COMMAND), "--home", str(home), *words],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def told(home: Path, *words: str, timeout: float = 300) -> str:
    """Run the command, which must succeed, and return its stdout without the last line end."""
    done = headwater(home, *words, timeout=timeout)
    assert done.code == 0, f"headwater {' '.join(words)}: {done.code}\n{done.stderr}"
    return done.stdout.rstrip("\n")


def rows_of(home: Path, sql: str) -> list[dict[str, Any]]:
    """Ask Trino through `headwater sql`; every value is text as in JSON."""
    rows: list[dict[str, Any]] = json.loads(told(home, "sql", sql, "--output", "json"))
    return rows


def ask_api(serving_url: str, key: str, question: dict[str, Any]) -> dict[str, Any]:
    """Post a question to the query API; it must be answered with 200."""
    address = urlsplit(serving_url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/query", json.dumps(question), headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    assert response.status == 200, text
    answer: dict[str, Any] = json.loads(text)
    return answer
