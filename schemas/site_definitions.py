"""What a site defines itself, and which days it makes others by a change."""

import hashlib
from dataclasses import dataclass
from datetime import date

from schemas.goals import SiteGoals
from schemas.loaders.edge_rules import ChannelRule


@dataclass(frozen=True)
class SiteDefinitions:
    """Goals, and the rules of channels that are asked before those of all sites."""

    goals: SiteGoals = SiteGoals()
    channel_rules: tuple[ChannelRule, ...] = ()

    def digests_on(self, day: date) -> dict[str, str]:
        """Return what tells this site's definitions of a day from others, by what it defines.

        What it leaves as it is for all sites is not among them.
        """
        rules = hashlib.sha256(repr(self.channel_rules).encode()).hexdigest()[:12]
        found = {
            "goals": self.goals.digest_on(day),
            "channel_rules": rules if self.channel_rules else None,
        }
        return {name: digest for name, digest in found.items() if digest is not None}
