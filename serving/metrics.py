"""The service's own figures for Prometheus, `GET /metrics`."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY: Final = CollectorRegistry()
REQUESTS: Final = Histogram(
    "headwater_serving_request_seconds",
    "Time to answer, by route and status.",
    ["route", "status"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
    registry=REGISTRY,
)
LAKE: Final = Histogram(
    "headwater_serving_lake_seconds",
    "Time of one statement in Trino, by outcome.",
    ["outcome"],
    buckets=(0.03, 0.1, 0.3, 1, 3, 10, 30),
    registry=REGISTRY,
)
CACHE: Final = Counter(
    "headwater_serving_cache_total",
    "Looks into the cache of figures: hit, miss, stale.",
    ["outcome"],
    registry=REGISTRY,
)
LIVE_STREAMS: Final = Gauge(
    "headwater_serving_live_streams",
    "Listeners to live events now.",
    registry=REGISTRY,
)
LIVE_EVENTS: Final = Counter(
    "headwater_serving_live_events_total",
    "Live events for listeners: sent, skipped because they read too slowly or came back too late.",
    ["outcome"],
    registry=REGISTRY,
)


def page() -> bytes:
    """Return all figures in Prometheus' text form."""
    return generate_latest(REGISTRY)
