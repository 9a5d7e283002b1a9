"""Every verb with its line of help; its module is imported only when it is called.

A verb is the attribute `command` (a click command) of the module named here.
"""

from typing import Final

VERBS: Final[dict[str, tuple[str, str]]] = {
    "up": ("cli.up", "Start everything and keep it running."),
    "down": ("cli.down", "Stop everything in order."),
    "status": ("cli.status", "Show what runs, where, and whether it is well."),
    "doctor": ("cli.doctor", "Check versions, ports and disk; say how to mend what is wrong."),
    "demo": ("cli.demo", "Start everything with a demo site, its history and live traffic."),
    "open": ("cli.open", "Print a link that signs a browser in to the page."),
    "sites": ("cli.sites", "Create and list tracked sites."),
    "keys": ("cli.keys", "Create, list and revoke keys."),
    "goals": ("cli.goals", "Define, list and remove the goals of a site."),
    "funnels": ("cli.funnels", "Keep, list and remove the funnels of a site."),
    "annotations": ("cli.annotations", "Note what happened on a site's dates and moments."),
    "send": ("cli.send", "Send one event and wait until SQL shows it."),
    "sql": ("cli.sql", "Run SQL as a user that may only read."),
    "export": ("cli.export", "Write a site's own rows to a file: Parquet, CSV or JSON."),
    "export-person": ("cli.export_person", "Write all that is held of one person into a zip."),
    "import": ("cli.import_file", "Bring history in from files."),
    "restate": ("cli.restate", "Compute days of a site again from its events."),
    "held": ("cli.held", "Compare restatements that are held back; switch to them."),
    "plan": ("cli.plan", "Show which tables and days a change of definitions touches."),
    "quality": ("cli.quality", "Show what is unlike before in the events of closed days."),
    "backfill": ("cli.backfill", "Compute many days of a site again, some at a time."),
    "reports": ("cli.reports", "Send reports by e-mail every day or week, or look at one."),
    "erase": ("cli.erase", "Forget a person of a site."),
    "erasures": ("cli.erasures", "Tell how far erasures are, with their receipts."),
    "jobs": ("cli.jobs", "List the Flink jobs, start one again, deploy another version."),
    "dlq": ("cli.dlq", "Look at dead letters: records that could not be read."),
    "env": ("cli.env", "Print the settings of this home as shell exports."),
}
