"""The dictionary, loaded once: a wrong file in schemas/ fails this import and says where."""

from pathlib import Path
from typing import Final

from schemas.loaders.edge_rules import load_sources
from schemas.loaders.metrics import load_dimensions, load_metrics
from schemas.loaders.quality_rules import check_quality_columns
from schemas.loaders.records import load_records
from schemas.loaders.rules import load_rules
from schemas.loaders.tables import load_tables
from schemas.loaders.topics import load_topics
from schemas.loaders.views import load_day_columns

FOLDER: Final = Path(__file__).parent
RECORDS: Final = load_records(FOLDER / "avro")
TOPICS: Final = load_topics(FOLDER / "topics", RECORDS)
TABLES: Final = load_tables(FOLDER / "tables", RECORDS)
RULES: Final = load_rules(FOLDER / "rules")
SOURCES: Final = load_sources(FOLDER / "rules" / "sources.csv")
METRICS: Final = load_metrics(FOLDER / "metrics", RECORDS, RULES)
DAY_COLUMNS: Final = load_day_columns(FOLDER / "views")
_DIMENSIONS: Final = load_dimensions(FOLDER / "metrics", RECORDS)
DIMENSIONS: Final = {name: one for name, one in _DIMENSIONS.items() if not one.is_keyed}
KEYED: Final = {name: one for name, one in _DIMENSIONS.items() if one.is_keyed}

check_quality_columns(RULES.quality, RECORDS)
