"""headwater jobs deploy: bring jobs to the checkout's version, and back if it does not get well."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cli.context import Context, pass_context
from cli.errors import CliError, PartlyDone, UsageFault

if TYPE_CHECKING:
    from pipelines.flink_jobs.config import Config
    from pipelines.flink_jobs.deploy_plan import Deployment
    from pipelines.flink_jobs.stateless import Sources


@click.command("deploy", help="Change running jobs to the version of this checkout.")
@click.argument("names", nargs=-1, metavar="[JOB]...")
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--accept-loss",
    is_flag=True,
    help="Go on although a topic lost records that were never read; the gap is recorded.",
)
@click.option(
    "--patience",
    default=300,
    show_default=True,
    type=click.IntRange(min=1),
    help="Seconds that a new version may take to complete a checkpoint.",
)
@pass_context
def deploy(
    context: Context,
    names: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    accept_loss: bool,
    patience: int,
) -> None:
    """Write the plan to stdout; carry it out job by job, telling each step on stderr."""
    from pipelines.flink_jobs.launch import only_one

    config = _config(context)
    with _told(context), _opened(config) as sources:
        wanted = _plan(config, sources, _known(names), accept_loss)
        click.echo("\n".join(line for one in wanted for line in one.lines()))
        due = [one for one in wanted if one.is_needed]
        if dry_run or not due:
            return
        _ask(yes, len(due))
        with only_one(config.home):
            again = _plan(config, sources, [one.name for one in due], accept_loss)
            if [_job_id(one) for one in again] != [_job_id(one) for one in due]:
                raise CliError(
                    "Other jobs run than a moment ago.",
                    where=config.flink_url,
                    fix="Look at the plan again: headwater jobs deploy --dry-run",
                )
            _carry_out(context, config, sources, again, patience, accept_loss)


def _carry_out(
    context: Context,
    config: "Config",
    sources: "Sources",
    due: "list[Deployment]",
    patience: int,
    accept_loss: bool,
) -> None:
    from pipelines.flink_jobs.deploy import Deployer
    from pipelines.flink_jobs.errors import NotDeployed
    from pipelines.flink_jobs.submission import PyFlink

    done: list[str] = []
    with PyFlink(config) as pyflink:
        deployer = Deployer(config, sources, pyflink, context.say, patience, accept_loss)
        context.say("checking the new versions while the old ones run")
        deployer.check(due)
        for number, one in enumerate(due, 1):
            context.say(f"[{number}/{len(due)}] {one.name}")
            try:
                click.echo(f"{one.name} {deployer.deploy(one)}")
            except NotDeployed as error:
                raise _not_deployed(str(error), one.name, done) from error
            context.say(f"{one.name}: version {one.after.version_id} runs and has a checkpoint")
            done.append(one.name)
    restarted = [one.name for one in due if not one.is_state_kept]
    if restarted:
        context.say(
            f"started by offsets: {', '.join(restarted)}; days that its change touches: "
            "headwater restate --site SITE --dates DATES"
        )
    context.say("next: headwater jobs list")


def _not_deployed(what: str, name: str, done: list[str]) -> CliError:
    kind = PartlyDone if done else CliError
    kept = f" Deployed before it: {', '.join(done)}." if done else ""
    fix = f"Mend the job, then headwater jobs deploy {name}; its exception is in Flink's page."
    return kind(what + kept, where="headwater jobs list", fix=fix)


def _job_id(one: "Deployment") -> str | None:
    return one.running.job_id if one.running else None


def _known(names: tuple[str, ...]) -> list[str]:
    from pipelines.flink_jobs.runner import JOB_NAMES

    if unknown := sorted(set(names) - set(JOB_NAMES)):
        raise UsageFault(
            f"No job named {', '.join(unknown)}.", fix=f"Jobs: {', '.join(JOB_NAMES)}."
        )
    return [name for name in JOB_NAMES if name in names or not names]


def _plan(
    config: "Config", sources: "Sources", names: list[str], accept_loss: bool
) -> "list[Deployment]":
    from pipelines.flink_jobs.deploy_plan import look

    return [look(config, sources, name, accept_loss) for name in names]


def _ask(is_agreed: bool, count: int) -> None:
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise UsageFault("A deployment stops jobs; nobody is here to ask.", fix="Give --yes.")
    click.confirm(f"Deploy {count}?", abort=True, err=True)


def _config(context: Context) -> "Config":
    from infra.local.config import load_config as load_inherited
    from pipelines.flink_jobs.config import load_config

    return load_config({**load_inherited().inherited, **context.environment})


@contextmanager
def _opened(config: "Config") -> "Iterator[Sources]":
    from pipelines.flink_jobs.plan_launch import open_sources

    with open_sources(config) as sources:
        yield sources


@contextmanager
def _told(context: Context) -> Iterator[None]:
    """Turn what goes wrong into a message; nothing was stopped unless a line said so."""
    from pipelines.flink_jobs.errors import StreamError

    try:
        yield
    except StreamError as error:
        raise CliError(
            str(error),
            where=str(context.home),
            fix="See `headwater status` and docs/runbooks/job-does-not-start.md.",
        ) from error
