#!/bin/sh
# Find a Python that works (a version manager's stand-in may exist and fail) and install with it.
set -eu
cd "$(dirname "$0")/../.."
check='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))'
for name in .venv/bin/python python3.11 python3.12 python3 python; do
    if command -v "$name" >/dev/null 2>&1 && "$name" -c "$check" >/dev/null 2>&1; then
        exec "$name" infra/local/bootstrap.py "$@"
    fi
done
echo "error: no Python 3.11 or 3.12 with venv was found" >&2
echo "fix: install one, for example: apt-get install python3.11-venv" >&2
exit 1
