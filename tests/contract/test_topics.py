"""Topics: the ones that share an order share partitions; nobody writes or reads into nothing."""

from schemas.load import FOLDER, TABLES, TOPICS

JOBS = FOLDER.parent / "pipelines" / "flink_jobs"


def test_a_visitor_keeps_their_partition() -> None:
    ordered = [TOPICS["events"], TOPICS["unique-events"], TOPICS["pointers"]]
    assert len({(topic.partitions, topic.partitioner, topic.key) for topic in ordered}) == 1


def test_kafka_names_are_kebab_case() -> None:
    assert [name for name in TOPICS if "." in name or "_" in name or name != name.lower()] == []


def test_no_dead_end_on_the_path() -> None:
    jobs = {path.parent.name for path in JOBS.glob("*/job.toml")}
    rooms = jobs | {"ingest_edge", "serving"}
    for topic in TOPICS.values():
        assert topic.producer in rooms, f"{topic.name}: nobody writes it"
        assert topic.consumers, f"{topic.name}: nobody reads it"
        assert set(topic.consumers) <= rooms, f"{topic.name}: a reader does not exist"
    writers = {table.writer for table in TABLES.values()}
    assert writers <= rooms | {"batch"}
