"""headwater doctor: what is wrong with this installation or home, and how to mend it."""

import click

from cli.context import Context, pass_context
from cli.errors import ChecksFailed
from cli.output import output_option, write_rows


@click.command(help="Check versions, downloads, disk, ports and what runs.")
@output_option
@pass_context
def command(context: Context, output: str) -> None:
    """Write one line per check; exit code 3 when one is bad."""
    from infra.local.doctor import Verdict, examine
    from infra.local.home import Home

    findings = examine(Home(context.home))
    rows = [
        {
            "verdict": f.verdict.value if output == "human" else f.verdict.name.lower(),
            "check": f.check,
            "finding": f.finding,
            "fix": f.fix,
        }
        for f in findings
    ]
    write_rows(rows, output)
    bad = [finding for finding in findings if finding.verdict is Verdict.BAD]
    if bad:
        raise ChecksFailed(f"{len(bad)} of {len(findings)} checks failed", fix=bad[0].fix)
