"""The manifest: every entry can be fetched and checked, and holds no address."""

from pathlib import Path

import pytest

from infra.local.manifest import MANIFEST, Artifact, load_manifest

MANIFEST_FILE = Path(__file__).parents[3] / "infra" / "local" / "manifest.toml"
DIGEST = "0" * 64


def test_maven_coordinates_become_a_path() -> None:
    jar = Artifact("maven", "org.apache.kafka:kafka_2.13:4.1.1", DIGEST, 1)
    assert jar.maven_path == "org/apache/kafka/kafka_2.13/4.1.1/kafka_2.13-4.1.1.jar"


def test_maven_coordinates_may_name_a_type() -> None:
    archive = Artifact("maven", "io.trino:trino-server-core:476:tar.gz", DIGEST, 1)
    assert archive.file_name == "trino-server-core-476.tar.gz"


def test_npm_coordinates_become_the_name_npm_gives() -> None:
    assert Artifact("npm", "@scope/some-data@1.2.3", DIGEST, 1).file_name == (
        "scope-some-data-1.2.3.tgz"
    )


def test_other_contents_lie_in_another_folder(tmp_path: Path) -> None:
    folders = set()
    for digest in (DIGEST, "1" * 64):
        file = tmp_path / "manifest.toml"
        file.write_text(f'[p]\nfiles = [{{ maven = "g:a:1", bytes = 1, sha256 = "{digest}" }}]\n')
        folders.add(load_manifest(file)["p"].folder_name)
    assert len(folders) == 2


@pytest.mark.parametrize(
    "entry",
    [
        'maven = "g:a:1", bytes = 1',
        f'bytes = 1, sha256 = "{DIGEST}"',
        'maven = "g:a:1", bytes = 1, sha256 = "abc"',
        f'maven = "g:a:1", bytes = 1, sha256 = "{DIGEST}", colour = "red"',
    ],
)
def test_an_entry_that_cannot_be_checked_is_refused(tmp_path: Path, entry: str) -> None:
    file = tmp_path / "manifest.toml"
    file.write_text(f"[p]\nfiles = [{{ {entry} }}]\n")
    with pytest.raises(ValueError, match="manifest"):
        load_manifest(file)


def test_the_broker_comes_with_all_its_jars() -> None:
    assert len(MANIFEST["kafka"].artifacts) == 46


def test_no_address_stands_in_manifest_and_locks() -> None:
    locks = MANIFEST_FILE.with_name("locks").glob("*.txt")
    for file in (MANIFEST_FILE, *locks):
        assert "://" not in file.read_text(encoding="utf-8"), file.name
