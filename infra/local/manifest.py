"""What is downloaded: manifest.toml as frozen values. Standard library only (bootstrap runs it)."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True)
class Artifact:
    """One file of a registry: Maven `group:artifact:version[:type]`, or npm `name@version`."""

    registry: str
    coordinates: str
    sha256: str
    bytes: int

    @property
    def file_name(self) -> str:
        """Return the name in the cache, which holds the version."""
        if self.registry == "npm":
            return self.coordinates.lstrip("@").replace("/", "-").replace("@", "-") + ".tgz"
        _, artifact, version, kind = self._maven()
        return f"{artifact}-{version}.{kind}"

    @property
    def maven_path(self) -> str:
        """Return the path below the base address of a Maven repository."""
        group, artifact, version, _ = self._maven()
        return f"{group.replace('.', '/')}/{artifact}/{version}/{self.file_name}"

    def _maven(self) -> tuple[str, str, str, str]:
        group, artifact, version, *kind = self.coordinates.split(":")
        return group, artifact, version, kind[0] if kind else "jar"


@dataclass(frozen=True)
class Part:
    """Files that are used together, in one folder of the cache."""

    name: str
    artifacts: tuple[Artifact, ...]

    @property
    def folder_name(self) -> str:
        """Return `<name>-<digest>`: other contents lie in another folder."""
        entries = "\n".join(f"{a.coordinates} {a.sha256}" for a in self.artifacts)
        return f"{self.name}-{hashlib.sha256(entries.encode()).hexdigest()[:12]}"


def load_manifest(path: Path) -> dict[str, Part]:
    """Read the manifest; an entry without coordinates, size or digest raises ValueError."""
    text: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: Part(name, tuple(_artifact(e) for e in body["files"])) for name, body in text.items()
    }


def _artifact(entry: dict[str, Any]) -> Artifact:
    fields = dict(entry)
    registry = next((name for name in ("maven", "npm") if name in fields), "")
    if not registry or set(fields) != {registry, "bytes", "sha256"} or len(fields["sha256"]) != 64:
        raise ValueError(f"manifest: {entry} needs maven or npm, bytes and sha256")
    return Artifact(registry, fields[registry], fields["sha256"], int(fields["bytes"]))


MANIFEST: Final = load_manifest(Path(__file__).with_name("manifest.toml"))
