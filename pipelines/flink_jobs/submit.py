"""Hand rendered jobs to Flink. The only file that imports PyFlink; runs in its environment.

`python -m pipelines.flink_jobs.submit run|wait|plan FILE`: the file is a JSON list of jobs, each
{name, settings, statements}. Prints a JSON list of {name, job_id | plan | error} in that order.
`wait` returns when the jobs have read all there is, which only those over files ever do.
`serve` reads such a line, MODE FILE, from stdin again and again and answers each with a line: its
JVM starts while the caller still looks around, and once for all that is asked.
Needs no other room: PyFlink and the main environment do not go together (docs/decisions/0010).
"""

import json
import sys
from pathlib import Path
from typing import Any

from pyflink.common import Configuration
from pyflink.java_gateway import get_gateway
from pyflink.table import EnvironmentSettings, ExplainDetail, StatementSet, TableEnvironment


def main() -> int:
    """Do what is asked; exit code 1 if one of the jobs failed."""
    if sys.argv[1:] == ["serve"]:
        get_gateway()
        return max([_answer_all(*line.split()) for line in sys.stdin], default=0)
    return _answer_all(*sys.argv[1:])


def _answer_all(mode: str, file: str) -> int:
    """Run or plan every job of the file; 1 if one of them failed."""
    answers = [_answer(mode, job) for job in json.loads(Path(file).read_text("utf-8"))]
    sys.stdout.write(json.dumps(answers) + "\n")
    sys.stdout.flush()
    return 1 if any("error" in answer for answer in answers) else 0


def _answer(mode: str, job: dict[str, Any]) -> dict[str, str]:
    try:
        statements = _prepare(job["settings"], job["statements"])
        return {"name": job["name"]} | _MODES[mode](statements)
    except Exception as error:  # py4j wraps whatever Flink throws; the caller reports it
        return {"name": job["name"], "error": _reason(error)}


def _prepare(settings: dict[str, str], script: list[str]) -> StatementSet:
    """Execute what defines (catalogs, tables, views) and collect what inserts."""
    configuration = Configuration()
    for key, value in settings.items():
        configuration.set_string(key, value)
    options = EnvironmentSettings.new_instance().with_configuration(configuration)
    environment = TableEnvironment.create(options.in_streaming_mode().build())
    inserts = environment.create_statement_set()
    for statement in script:
        if statement.startswith("INSERT"):
            inserts.add_insert_sql(statement)
        else:
            environment.execute_sql(statement)
    return inserts


def _plan(statements: StatementSet) -> dict[str, str]:
    return {"plan": statements.explain(ExplainDetail.CHANGELOG_MODE)}


def _run(statements: StatementSet) -> dict[str, str]:
    client = statements.execute().get_job_client()
    return {"job_id": str(client.get_job_id())}


def _wait(statements: StatementSet) -> dict[str, str]:
    running = statements.execute()
    running.wait()
    return {"job_id": str(running.get_job_client().get_job_id())}


_MODES = {"plan": _plan, "run": _run, "wait": _wait}


def _reason(error: Exception) -> str:
    """Return the innermost reasons of Flink's chain of exceptions, without its stack."""
    lines = [line.strip() for line in str(error).splitlines()]
    causes = [line for line in lines if line.startswith("Caused by:")]
    return " ".join(causes[-2:]) if causes else "\n".join(lines[:4])


if __name__ == "__main__":
    sys.exit(main())
