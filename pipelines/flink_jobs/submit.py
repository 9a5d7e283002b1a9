"""Hand rendered jobs to Flink. The only file that imports PyFlink; runs in its environment.

`python -m pipelines.flink_jobs.submit run|wait|plan FILE`: the file is a JSON list of jobs, each
{name, settings, statements}. Prints a JSON list of {name, job_id | plan | error} in that order.
`wait` returns when the jobs have read all there is, which only those over files ever do.
Needs no other room: PyFlink and the main environment do not go together (docs/decisions/0010).
"""

import json
import sys
from pathlib import Path
from typing import Any

from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, ExplainDetail, StatementSet, TableEnvironment


def main() -> int:
    """Run or plan every job of the file; exit code 1 if one of them failed."""
    mode, file = sys.argv[1:]
    answers = [_answer(mode, job) for job in json.loads(Path(file).read_text("utf-8"))]
    sys.stdout.write(json.dumps(answers) + "\n")
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
