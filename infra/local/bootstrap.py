"""Install everything a checkout needs; does nothing, quickly, when nothing changed.

Run by `make install` with any Python 3.11 or 3.12 that has venv. Standard library only.
Two runs at once are safe: the second waits for the first. What is installed is what the locks
in infra/local/locks and infra/local/manifest.toml say, by SHA-256; they hold no addresses.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(CHECKOUT))

from infra.local.config import load_config  # noqa: E402
from infra.local.downloads import DownloadError, Sources, fetch_all, missing_bytes  # noqa: E402
from infra.local.progress import Progress  # noqa: E402

LOCKS: Final = CHECKOUT / "infra" / "local" / "locks"
MAIN: Final = CHECKOUT / ".venv"
FLINK: Final = CHECKOUT / ".venv-flink"
# Folder with a package.json; its build lies in `dist` below.
PAGES: Final = (CHECKOUT / "ingest_edge" / "tracker", CHECKOUT / "serving" / "dashboard")
_NOT_SOURCE: Final = ("node_modules", "dist", "tests")
# What the builds read besides their own folder.
_RULES: Final = tuple(
    CHECKOUT / "schemas" / "rules" / name for name in ("friction.toml", "recordings.toml")
)
_LAUNCHER: Final = """\
#!{python}
import sys

from cli.main import main

sys.exit(main())
"""


class InstallError(RuntimeError):
    """A step of the installation failed; its own output was shown above."""


def install() -> None:
    """Bring both environments, the built pages and the downloads up to date."""
    config = load_config()
    progress = Progress()
    with _one_at_a_time():
        _announce(config.cache, progress)
        sync_environment(MAIN, "main.txt", progress)
        sync_environment(FLINK, "flink.txt", progress)
        _write_launchers()
        for page in PAGES:
            build_page(page, progress)
        if missing_bytes(config.cache) or not _has_all_parts(config.cache):
            maven = config.maven_url or _maven_central()
            fetch_all(config.cache, Sources(maven, _npm_pack), progress)


def lock() -> None:
    """Resolve pyproject.toml into the locks: versions and hashes for every platform."""
    uv = [str(MAIN / "bin" / "uv"), "pip", "compile", "--universal", "--generate-hashes", "--quiet"]
    versions = ["--python-version", "3.11"]
    settings = {"UV_CUSTOM_COMPILE_COMMAND": "make lock"}
    for group, name in (("dev", "main.txt"), ("flink", "flink.txt")):
        words = ["--group", f"pyproject.toml:{group}", "--output-file", str(LOCKS / name)]
        _run([*uv, *versions, *words], settings)


def _announce(cache: Path, progress: Progress) -> None:
    """Say beforehand what a first installation takes."""
    if MAIN.exists() and FLINK.exists() and not missing_bytes(cache):
        return
    free_gb = shutil.disk_usage(CHECKOUT).free / 1e9
    progress.note(
        f"installing: about 4 GB of disk in all ({free_gb:.0f} GB free), "
        f"{missing_bytes(cache) / 1e6:.0f} MB of it engines that go to {cache}"
    )


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (CHECKOUT / ".install.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sync_environment(folder: Path, lock_name: str, progress: Progress) -> None:
    """Make an environment hold exactly what its lock says."""
    wanted = _digest([LOCKS / lock_name, LOCKS / "uv.txt"]) + sys.version.split()[0][:4]
    stamp = folder / "headwater-installed"
    if _says(stamp, wanted):
        return
    progress.note(f"python packages of {folder.name} ({lock_name})")
    if not (folder / "bin" / "python").exists():
        venv.create(folder, with_pip=folder == MAIN, clear=True)
    if folder == MAIN:
        pip = [str(MAIN / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        _run([*pip, "--require-hashes", "-r", str(LOCKS / "uv.txt")], quiet)
    sync = [str(MAIN / "bin" / "uv"), "pip", "sync", "--quiet", "--require-hashes"]
    _run([*sync, "--python", str(folder / "bin" / "python"), str(LOCKS / lock_name)])
    stamp.write_text(wanted, encoding="utf-8")


def _write_launchers() -> None:
    """Let both environments find the checkout, and put `headwater` into the main one."""
    for folder in (MAIN, FLINK):
        for packages in folder.glob("lib/python3.*/site-packages"):
            (packages / "headwater.pth").write_text(f"{CHECKOUT}\n", encoding="utf-8")
    launcher = MAIN / "bin" / "headwater"
    launcher.write_text(_LAUNCHER.format(python=MAIN / "bin" / "python"), encoding="utf-8")
    launcher.chmod(0o755)


def build_page(page: Path, progress: Progress) -> None:
    """Build a folder of TypeScript when its sources are others than those built last."""
    if not (page / "package.json").exists():
        return
    wanted = _digest(_sources(page))
    built = page / "node_modules" / ".headwater-built"
    if _says(built, wanted) and (page / "dist").exists():
        return
    progress.note(f"building {page.relative_to(CHECKOUT)}")
    install_packages(page, progress)
    _run([*_npm(), "run", "build", "--silent"], _npm_settings(), page)
    built.write_text(wanted, encoding="utf-8")


def install_packages(folder: Path, progress: Progress) -> None:
    """Make a folder's node_modules hold what its lock says."""
    locked = _digest([folder / "package.json", folder / "package-lock.json"])
    packages = folder / "node_modules" / ".headwater-packages"
    if _says(packages, locked):
        return
    progress.note(f"packages of {folder.relative_to(CHECKOUT)}")
    _run([*_npm(), "ci", "--silent", "--no-audit", "--no-fund"], _npm_settings(), folder)
    packages.write_text(locked, encoding="utf-8")


def _says(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text(encoding="utf-8") == wanted


def _sources(page: Path) -> list[Path]:
    files = (path for path in page.rglob("*") if path.is_file())
    own = sorted(f for f in files if f.relative_to(page).parts[0] not in _NOT_SOURCE)
    return [*own, *(rule for rule in _RULES if rule.exists())]


def _npm() -> list[str]:
    return [str(MAIN / "bin" / "python"), str(MAIN / "bin" / "npm")]


def _npm_settings() -> dict[str, str]:
    return {
        "PATH": f"{MAIN / 'bin'}{os.pathsep}{load_config().inherited.get('PATH', '')}",
        "npm_config_update_notifier": "false",
    }


def _npm_pack(coordinates: str, folder: Path) -> Path:
    """Fetch a package's archive by npm, from wherever npm is set to fetch."""
    draft = Path(tempfile.mkdtemp(dir=folder))
    words = ["pack", coordinates, "--silent", "--pack-destination", str(draft)]
    _run([*_npm(), *words], _npm_settings(), draft, stdout=subprocess.DEVNULL)
    return next(draft.glob("*.tgz"))


def _maven_central() -> str:
    """Return the address that the package jgo knows, so that none stands in this repository."""
    code = "import jgo.constants; print(jgo.constants.MAVEN_CENTRAL_URL)"
    words = [str(MAIN / "bin" / "python"), "-c", code]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def _has_all_parts(cache: Path) -> bool:
    from infra.local.manifest import MANIFEST

    return all((cache / part.folder_name).exists() for part in MANIFEST.values())


def _digest(files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def _run(
    command: list[str],
    settings: dict[str, str] | None = None,
    folder: Path = CHECKOUT,
    stdout: int | None = None,
) -> None:
    environment = {**load_config().inherited, "UV_NO_PROGRESS": "1", **(settings or {})}
    done = subprocess.run(command, env=environment, cwd=folder, stdout=stdout, check=False)
    if done.returncode:
        raise InstallError(f"{' '.join(command[:4])} ... failed (exit code {done.returncode})")


if __name__ == "__main__":
    try:
        lock() if sys.argv[1:] == ["lock"] else install()
    except (DownloadError, InstallError, OSError) as error:
        sys.exit(f"error: {error}\nfix: mend what is said above and run make install again")
