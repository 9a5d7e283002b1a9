"""Every verb with its line of help; its module is imported only when it is called.

A verb is the attribute `command` (a click command) of the module named here.
"""

from typing import Final

VERBS: Final[dict[str, tuple[str, str]]] = {
    "up": ("cli.up", "Start everything and keep it running."),
    "down": ("cli.down", "Stop everything in order."),
    "status": ("cli.status", "Show what runs, where, and whether it is well."),
    "doctor": ("cli.doctor", "Check versions, ports and disk; say how to mend what is wrong."),
    "env": ("cli.env", "Print the settings of this home as shell exports."),
}
