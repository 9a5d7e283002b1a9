"""What holds for all tests: properties try new cases at every run, but the same ones in CI."""

import os

from hypothesis import settings

# CI judges a commit: the same commit must get the same verdict. Developers look for new cases.
settings.register_profile("ci", derandomize=True, print_blob=True, deadline=None)
settings.register_profile("developer", print_blob=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "developer")
