"""Write the SELECT of one part of a plan.

A statement selects the asked dimensions as d0, d1, ... and the parts of each metric as
m0_0, m0_1 (numerator, denominator), ...; rows.py puts the parts together.
"""

from typing import Final

from schemas.loaders.metrics import Dimension, Metric
from serving.query.ask import Ask, Bucketing, Column, Order
from serving.query.conditions import Reading, reading_of, source
from serving.query.filters import Compare, leaves
from serving.query.periods import Span
from serving.query.plan import Part
from serving.query.sql import Sql, Statement, bracketed, joined, sql
from serving.scope import SiteScope

MAX_GROUPS: Final = 50_000


def compile_part(ask: Ask, part: Part, whole: Span, scope: SiteScope) -> Statement:
    """Return the statement whose rows are a part's groups.

    A part that stands alone is ordered and cut in SQL, with one row more than asked for, which
    says whether a next page exists; others give all groups, at most MAX_GROUPS + 1.
    """
    used = {dimension.view for node in ask.nodes for dimension in leaves(node)}
    used |= {dimension.view for dimension in ask.properties}
    reading = reading_of(part.view, scope, part.span, whole, used)
    groups = _groups(ask, part, reading)
    if not ask.properties:
        return Statement(scope.site_id, groups)
    return Statement(scope.site_id, _cut(groups, ask, part))


def _groups(ask: Ask, part: Part, reading: Reading) -> Sql:
    columns = [_dimension(d, i, reading) for i, d in enumerate(ask.dimensions)]
    columns += [column for i, metric in _indexed(part) for column in _metric(metric, i, part.view)]
    needed = tuple(reading.column(d) + sql("IS NOT NULL") for d in ask.properties if d.drop_null)
    query = sql("SELECT") + joined(columns, ", ") + source(reading, ask.nodes, needed)
    if not ask.dimensions:
        return query
    ordinals = ", ".join(str(i + 1) for i in range(len(ask.dimensions)))
    return query + sql(f"GROUP BY {ordinals}")


def _indexed(part: Part) -> list[tuple[int, Metric]]:
    return list(enumerate(part.metrics))


def _dimension(dimension: Column, index: int, reading: Reading) -> Sql:
    if isinstance(dimension, Dimension):
        return reading.column(dimension) + sql(f"AS d{index}")
    return _bucket(dimension, reading) + sql(f"AS d{index}")


def _bucket(bucketing: Bucketing, reading: Reading) -> Sql:
    local = sql(f"at_timezone({reading.time_column}, ?)", reading.span.zone)
    if bucketing.unit in ("minute", "hour"):
        start = bracketed(sql(f"'{bucketing.unit}',") + local, before="date_trunc")
        # TRICKY: Trino writes an instant as local time and zone, so that the two hours that
        # autumn repeats read the same; in UTC they do not.
        return bracketed(start + sql(", 'UTC'"), before="at_timezone")
    day = bracketed(local + sql("AS date"), before="CAST")
    if bucketing.unit == "day":
        return day
    return bracketed(sql(f"'{bucketing.unit}',") + day, before="date_trunc")


def _metric(metric: Metric, index: int, view: str) -> list[Sql]:
    formula = metric.formula(view)
    parts = formula.parts if formula else ()
    return [sql(f"{text} AS m{index}_{place}") for place, text in enumerate(parts)]


def _cut(groups: Sql, ask: Ask, part: Part) -> Sql:
    query = sql("SELECT * FROM") + bracketed(groups)
    if not part.is_whole:
        return query + sql("LIMIT ?", MAX_GROUPS + 1)
    if ask.compares:
        query += sql("WHERE") + joined((_compare(c, part) for c in ask.compares), " AND ")
    order = joined((_order(one, part) for one in ask.order), ", ")
    query += sql("ORDER BY") + order
    return query + sql("OFFSET ? LIMIT ?", ask.offset, ask.limit + 1)


def _value(metric: Metric, index: int, view: str) -> str:
    formula = metric.formula(view)
    if formula is None or formula.denominator is None:
        return f"m{index}_0"
    return f"CAST(m{index}_0 AS double) / nullif(m{index}_1, 0)"


def _compare(compare: Compare, part: Part) -> Sql:
    index = [metric.name for metric in part.metrics].index(compare.metric)
    sign = {"greater": ">", "less": "<"}[compare.op]
    return sql(f"{_value(part.metrics[index], index, part.view)} {sign} ?", compare.value)


def _order(order: Order, part: Part) -> Sql:
    way = "DESC" if order.is_descending else "ASC"
    text = f"d{order.index}"
    if order.is_metric:
        text = _value(part.metrics[order.index], order.index, part.view)
    return sql(f"{text} {way} NULLS LAST")
