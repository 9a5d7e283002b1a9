"""Whatever happens to a byte of the log, every record before it is recovered."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_edge.log.frame import encode_entry, entries
from ingest_edge.record import Record

RECORD = st.builds(
    Record,
    st.sampled_from(["events", "rejected-events"]),
    st.binary(max_size=20),
    st.binary(max_size=60),
    st.just("event.1"),
    st.integers(0, 2**53),
)
BATCHES = st.lists(st.lists(RECORD, min_size=1, max_size=3), min_size=1, max_size=6)
LAW = settings(max_examples=150, deadline=None, database=None)


def recovered(content: bytes) -> list[list[Record]]:
    return [entry.records for entry in entries(memoryview(content), 0, len(content))]


def whole_before(written: list[bytes], place: int) -> int:
    """Return how many entries end at or before a byte."""
    end = count = 0
    for entry in written:
        end += len(entry)
        count += end <= place
    return count


@LAW
@given(batches=BATCHES, padding=st.integers(0, 100))
def test_an_untouched_log_gives_back_everything(batches: list[list[Record]], padding: int) -> None:
    content = b"".join(encode_entry(batch, 1) for batch in batches) + bytes(padding)
    assert recovered(content) == batches


@LAW
@given(batches=BATCHES, share=st.floats(0, 1))
def test_a_cut_anywhere_keeps_what_is_whole(batches: list[list[Record]], share: float) -> None:
    written = [encode_entry(batch, 1) for batch in batches]
    content = b"".join(written)
    cut = int(share * len(content))
    expected = batches[: whole_before(written, cut)]
    assert recovered(content[:cut]) == expected
    # An entry that ended in zeroes anyway is whole again with the zeroes of the segment behind it.
    found = recovered(content[:cut] + bytes(len(content) - cut))
    assert found[: len(expected)] == expected
    assert found == batches[: len(found)]


@LAW
@given(batches=BATCHES, share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_ends_the_log_before_its_entry(
    batches: list[list[Record]], share: float, bit: int
) -> None:
    written = [encode_entry(batch, 1) for batch in batches]
    content = bytearray(b"".join(written))
    place = int(share * len(content))
    content[place] ^= 1 << bit
    assert recovered(bytes(content)) == batches[: whole_before(written, place)]
