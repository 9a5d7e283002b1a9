"""Objects in a local folder and behind S3's protocol: the same contract."""

import shutil
from pathlib import Path

import pytest

from pipelines.blobs import BadAddress, BlobError, Blobs, LocalBlobs, NoRoom, open_blobs, words_of


@pytest.fixture
def store(tmp_path: Path) -> Blobs:
    return open_blobs((tmp_path / "made later").as_uri())


def test_what_was_put_is_there(store: Blobs, tmp_path: Path) -> None:
    store.put("shop/2026-03-01/s/r/000000.json.gz", b"one")
    assert LocalBlobs(tmp_path / "made later").get("shop/2026-03-01/s/r/000000.json.gz") == b"one"


def test_same_key_again_replaces_it(store: Blobs, tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        store.put("shop/a", content)
    assert store.get("shop/a") == b"two"
    # No draft is left behind.
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a"]


def test_folders_are_the_next_names(store: Blobs) -> None:
    for key in ("shop/2026-03-01/s/r/1", "shop/2026-03-02/s/r/1", "club/2026-03-01/s/r/1"):
        store.put(key, b"x")
    assert store.folders() == ["club", "shop"]
    assert store.folders("shop") == ["2026-03-01", "2026-03-02"]
    assert store.folders("nobody") == []


def test_removing_is_idempotent_and_stays_in_its_folder(store: Blobs) -> None:
    for key in ("shop/d1/s/r/1", "shop/d1/s/r/2", "shop/d10/s/r/1"):
        store.put(key, b"x")
    assert [store.remove("shop/d1"), store.remove("shop/d1")] == [2, 0]
    assert store.folders("shop") == ["d10"]


@pytest.mark.parametrize("key", ["", "..", "a/../b", "/etc/passwd", "a//b", "a/.", "a\x00b", "ü"])
def test_no_key_leads_out(store: Blobs, key: str) -> None:
    for ask in (store.get, store.remove, lambda key: store.put(key, b"")):
        with pytest.raises(BlobError, match="is no key"):
            ask(key)


def test_missing_object_is_named(store: Blobs) -> None:
    with pytest.raises(BlobError, match="shop/a: No such file"):
        store.get("shop/a")


def test_floor_of_the_disk_is_kept(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(NoRoom):
        LocalBlobs(tmp_path, floor_bytes=2 * free).put("a", b"x")
    assert list(tmp_path.rglob("a*")) == []


def test_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("a file")
    with pytest.raises(BlobError, match="Not a directory|File exists"):
        LocalBlobs(tmp_path).put("shop/a", b"x")


@pytest.mark.parametrize(
    "address", ["", "recordings", "ftp://host/x", "file://relative", "s3://", "s3://b/p?zone=1"]
)
def test_wrong_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress, match="use file:///FOLDER or s3://BUCKET"):
        open_blobs(address)


def test_error_of_s3_names_no_session() -> None:
    said = words_of(OSError("When getting key 'site/session' in 'b': AWS Error NO_SUCH_KEY: x"))
    assert said == "AWS Error NO_SUCH_KEY: x"
