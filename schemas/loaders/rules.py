"""Rules: schemas/rules/*.toml, every threshold of the product, one dataclass a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from schemas.loaders.annotation_rules import AnnotationRules, check_annotations
from schemas.loaders.attribution_rules import AttributionRules, check_attribution
from schemas.loaders.edge_rules import (
    BotRules,
    ChannelRules,
    CurrencyRules,
    DeviceRules,
    EdgeRules,
    EventRules,
    LimitRules,
    PrivacyRules,
    RecordingRules,
)
from schemas.loaders.funnel_rules import FunnelRules, check_funnels
from schemas.loaders.goal_rules import GoalRules, check_goals
from schemas.loaders.path_rules import PathRules, check_paths
from schemas.loaders.quality_rules import QualityRules, check_quality
from schemas.loaders.report_rules import ReportRules, check_reports
from schemas.loaders.revenue_rules import RevenueRules, check_revenue
from schemas.loaders.strict import SchemaError, build, read_toml


@dataclass(frozen=True)
class SessionRules:
    """What a session is (rules/sessions.toml)."""

    gap_minutes: int
    bounce_page_views: int
    bounce_engaged_ms: int
    session_senders: tuple[str, ...]
    progress_seconds: int
    progress_state_hours: int
    restate_lookahead_hours: int
    open_day_max_days: int
    first_day_of_week: int


@dataclass(frozen=True)
class DeliveryRules:
    """How events travel (rules/delivery.toml)."""

    clock_skew_seconds: int
    late_seconds: int
    watermark_delay_seconds: int
    duplicate_window_hours: int
    max_age_hours: int
    heartbeat_seconds: int
    progress_seconds: int
    restart_reread_hours: int
    flood_events_per_hour: int
    max_batch_bytes: int
    max_event_bytes: int
    dead_letter_max_bytes: int
    dead_letters_a_minute: int
    dead_letter_step: int
    rejected_max_bytes: int
    day_close_minutes: int
    day_switch_seconds: int
    superseded_run_minutes: int
    log_group_ms: int
    log_segment_bytes: int
    log_segment_seconds: int
    log_keep_seconds: int
    log_floor_bytes: int
    topic_segment_hours: int


@dataclass(frozen=True)
class MinuteRules:
    """How often a minute is told of (rules/minutes.toml)."""

    minute_seconds: int
    step_seconds: int


@dataclass(frozen=True)
class FrictionRules:
    """What rage, dead and error clicks are, and forms given up (rules/friction.toml)."""

    rage_clicks: int
    rage_window_ms: int
    rage_radius_px: int
    dead_ms: int
    error_ms: int
    together_seconds: int
    abandon_minutes: int
    error_events: tuple[str, ...]
    hint_events: tuple[str, ...]
    friction_senders: tuple[str, ...]


@dataclass(frozen=True)
class LiveRules:
    """How events are told while they arrive (rules/live.toml)."""

    buffer_events: int
    queue_events: int
    keep_alive_seconds: int
    linger_seconds: int
    retry_ms: int
    max_streams: int
    max_streams_per_site: int


@dataclass(frozen=True)
class HeatmapRules:
    """What a heatmap is made of (rules/heatmap.toml)."""

    cell_width_permille: int
    cell_height_px: int
    max_height_px: int
    mobile_max_px: int
    tablet_max_px: int
    depths_percent: tuple[int, ...]
    heatmap_senders: tuple[str, ...]
    cell_seconds: int
    step_seconds: int
    state_hours: int
    sample_ms: int
    batch_points: int
    batch_ms: int
    max_points: int


@dataclass(frozen=True)
class Vital:
    """A web vital and the property that holds it; `good` and `poor` are None for one unrated."""

    vital: str
    property: str
    unit: str
    good: Decimal | None = None
    poor: Decimal | None = None


@dataclass(frozen=True)
class VitalRules:
    """How fast pages are (rules/vitals.toml)."""

    vitals: tuple[Vital, ...]


@dataclass(frozen=True)
class Alert:
    """A limit on a number of `unit`s; above it a home is degraded."""

    above: Decimal
    unit: str
    doc: str


@dataclass(frozen=True)
class AlertRules:
    """When a home is degraded (rules/alerts.toml); each alert's runbook has its name."""

    window_minutes: int
    quality_days: int
    late_min_events: int
    alerts: Mapping[str, Alert]


@dataclass(frozen=True)
class NameRules:
    """The words of friendly names (rules/names.toml)."""

    adjectives: tuple[str, ...]
    animals: tuple[str, ...]


@dataclass(frozen=True)
class ExportRules:
    """How long files of exports are kept, and how many may wait (rules/exports.toml)."""

    keep_days: int
    max_open: int


@dataclass(frozen=True)
class RestatingRules:
    """How much is restated at a time (rules/restating.toml)."""

    run_events: int
    run_days: int
    request_days: int
    recent_days: int
    hourly_days: int
    nightly_days: int


@dataclass(frozen=True)
class Rules:
    """All rules; a field a file, of the same name."""

    sessions: SessionRules
    delivery: DeliveryRules
    channels: ChannelRules
    devices: DeviceRules
    bots: BotRules
    events: EventRules
    edge: EdgeRules
    limits: LimitRules
    privacy: PrivacyRules
    currencies: CurrencyRules
    minutes: MinuteRules
    friction: FrictionRules
    recordings: RecordingRules
    attribution: AttributionRules
    revenue: RevenueRules
    vitals: VitalRules
    live: LiveRules
    heatmap: HeatmapRules
    alerts: AlertRules
    names: NameRules
    reports: ReportRules
    quality: QualityRules
    paths: PathRules
    goals: GoalRules
    exports: ExportRules
    funnels: FunnelRules
    annotations: AnnotationRules
    restating: RestatingRules


def load_rules(folder: Path) -> Rules:
    """Return all rules; a file without a field here, or the reverse, raises SchemaError."""
    content = {path.stem: read_toml(path) for path in sorted(folder.glob("*.toml"))}
    rules = build(Rules, content, "rules")
    _check_friction(rules)
    check_attribution(rules.attribution)
    check_revenue(rules.revenue, rules.edge.webhooks.vendors)
    _check_heatmap(rules.heatmap)
    _check_vitals(rules.vitals)
    _check_names(rules.names)
    check_reports(rules.reports)
    check_quality(rules.quality)
    check_paths(rules.paths)
    check_goals(rules.goals)
    check_funnels(rules.funnels, rules.events.passive)
    check_annotations(rules.annotations)
    _check_restating(rules.restating)
    return rules


def _check_restating(restating: RestatingRules) -> None:
    """Refuse a budget that recent days alone use up: older ones would wait for ever."""
    where = "rules/restating.toml"
    if min(restating.run_events, restating.run_days, restating.request_days) < 1:
        raise SchemaError(f"{where}: run_events, run_days and request_days must be 1 or more")
    if min(restating.hourly_days, restating.nightly_days) <= restating.recent_days:
        raise SchemaError(f"{where}: hourly_days and nightly_days must exceed recent_days")


def _check_names(names: NameRules) -> None:
    """Refuse words that would not stand in SQL as they are, and a word twice."""
    for words in (names.adjectives, names.animals):
        if len(set(words)) < len(words) or not all(word.isalpha() for word in words):
            raise SchemaError("rules/names.toml: each word once, of letters only")


def _check_heatmap(heatmap: HeatmapRules) -> None:
    """Refuse values by which cells would overlap, or be forgotten while they are counted."""
    where, hour = "rules/heatmap.toml", 3_600
    if heatmap.cell_seconds != hour:
        raise SchemaError(f"{where}: cell_seconds must be {hour}: heatmap_cells has an hour_at")
    if heatmap.cell_seconds % heatmap.step_seconds:
        raise SchemaError(f"{where}: step_seconds must divide cell_seconds")
    if heatmap.state_hours * hour < 2 * heatmap.cell_seconds:
        raise SchemaError(f"{where}: state_hours must be twice cell_seconds, or more")
    if sorted(set(heatmap.depths_percent) & set(range(1, 101))) != [*heatmap.depths_percent]:
        raise SchemaError(f"{where}: depths_percent must rise, from 1 to 100 at most")


def _check_friction(rules: Rules) -> None:
    """Refuse values that detect_friction could not keep to; its state must end by itself, too."""
    friction, where = rules.friction, "rules/friction.toml"
    if friction.rage_clicks != 3:
        raise SchemaError(f"{where}: rage_clicks must be 3; detect_friction compares three clicks")
    together_ms = friction.together_seconds * 1000
    if together_ms < max(friction.rage_window_ms, friction.error_ms):
        raise SchemaError(f"{where}: together_seconds covers rage_window_ms and error_ms")
    # Whoever clicks often enough for a stretch never to end is a flood before long.
    if 3600 / friction.together_seconds <= rules.delivery.flood_events_per_hour:
        raise SchemaError(
            f"{where}: together_seconds lets a visitor below delivery.flood_events_per_hour "
            "click without end"
        )
    # A restatement reads one gap back, and late events make the days of their sessions dirty.
    if friction.abandon_minutes > rules.sessions.gap_minutes:
        raise SchemaError(f"{where}: abandon_minutes must not exceed sessions.gap_minutes")
    if strangers := set(friction.friction_senders) - set(rules.sessions.session_senders):
        raise SchemaError(f"{where}: friction_senders {sorted(strangers)} make no sessions")


def _check_vitals(rules: VitalRules) -> None:
    """Refuse a vital that stands twice, or whose limits rate nothing."""
    where = "rules/vitals.toml"
    if len({vital.vital for vital in rules.vitals}) < len(rules.vitals):
        raise SchemaError(f"{where}: a vital stands twice")
    for vital in rules.vitals:
        if (vital.good is None) != (vital.poor is None):
            raise SchemaError(f"{where}: {vital.vital} needs both good and poor, or neither")
        if vital.good is not None and vital.poor is not None and vital.good >= vital.poor:
            raise SchemaError(f"{where}: {vital.vital}: good must be below poor")
