"""Queries on indices and on what clauses did."""

from __future__ import annotations

from datetime import date

from django.db.models import Count, F, QuerySet, Sum

from marketplace.kernel import clock
from marketplace.kernel.prepared import fetch_prepared

from ..models import Agreement, FiredAdjustment, IndexValue

_HAS_CLAUSES = """
    SELECT 1 FROM contracts_agreement a JOIN contracts_instrument i ON i.id = a.instrument_id
     WHERE a.public_id = %s AND i.content::jsonb #> '{plan,money,adjustments}' IS NOT NULL
"""

_UNFED = """
    SELECT wanted.index, wanted.since FROM (
        SELECT clause.value ->> 'index' AS index,
               max((%(today)s::date - make_interval(months => (said.money ->> 'period_months')::integer))::date) AS since
          FROM contracts_instrument i JOIN contracts_agreement a ON a.instrument_id = i.id
         CROSS JOIN LATERAL (SELECT i.content::jsonb #> '{plan,money}' AS money) said
         CROSS JOIN LATERAL jsonb_array_elements(said.money -> 'adjustments') AS clause(value)
         WHERE i.content::jsonb #> '{plan,money,adjustments}' IS NOT NULL AND a.state = 'in_force' AND clause.value ->> 'kind' = 'index'
           AND %(today)s::date < (
               SELECT max(coalesce((charge.value ->> 'due_on')::date,
                                   ((a.concluded_at AT TIME ZONE %(zone)s)::date
                                    + make_interval(months => (charge.value ->> 'months')::integer))::date))
                 FROM jsonb_array_elements(said.money -> 'charges') AS charge(value))
         GROUP BY 1) wanted
     WHERE NOT EXISTS (SELECT FROM contracts_indexvalue x WHERE x.index = wanted.index AND x.as_of > wanted.since)
     ORDER BY 1
"""


_LAST = """
    SELECT a.public_id, last.charge FROM contracts_agreement a JOIN contracts_instrument i ON i.id = a.instrument_id
     CROSS JOIN LATERAL (SELECT i.content::jsonb #> '{plan,money}' AS money, (a.concluded_at AT TIME ZONE %(zone)s)::date AS concluded_on) said
     CROSS JOIN LATERAL jsonb_array_elements(said.money -> 'adjustments') AS clause(value)
     CROSS JOIN LATERAL (SELECT jsonb_array_length(said.money -> 'charges') AS charge, said.money #> '{charges,-1}' AS planned) last
     CROSS JOIN LATERAL (SELECT greatest(coalesce((last.planned ->> 'due_on')::date,
            (said.concluded_on + make_interval(months => (last.planned ->> 'months')::integer))::date), said.concluded_on) AS due_on) begun
     CROSS JOIN LATERAL (SELECT (begun.due_on + make_interval(months => (said.money ->> 'period_months')::integer))::date AS over_on) period
     WHERE i.content::jsonb #> '{plan,money,adjustments}' IS NOT NULL AND a.state IN ('in_force', 'expired')
       AND clause.value ->> 'kind' = 'index' AND period.over_on BETWEEN %(today)s::date - 31 AND %(today)s::date
       AND EXISTS (SELECT FROM contracts_indexvalue x WHERE x.index = clause.value ->> 'index' AND x.as_of <= begun.due_on
                      AND x.entered_at >= begun.due_on::timestamp AT TIME ZONE %(zone)s)
       AND NOT EXISTS (SELECT FROM contracts_firedadjustment f WHERE f.agreement_id = a.id AND f.kind = 'late' AND f.charge = last.charge)
     ORDER BY 1
"""


def last_charges_to_settle() -> list[tuple[str, int]]:
    """The agreements whose last period has ended within a month, and as of whose last charge a value of their index was entered after it
    began: public identifier and number of the charge."""
    said = {"today": clock.today(), "zone": clock.market_zone().key}
    return [(str(name), int(charge)) for name, charge in fetch_prepared(_LAST, said)]


def has_clauses(agreement: str) -> bool:
    """Whether an agreement (public identifier) was signed with adjustment clauses."""
    return bool(fetch_prepared(_HAS_CLAUSES, [agreement]))


def value_of_index(index: str, on: date) -> IndexValue | None:
    """The latest value of an index as of a day, or of one before; None if none was entered."""
    return IndexValue.objects.filter(index=index, as_of__lte=on).order_by("-as_of").first()


def unfed_indices() -> dict[str, date]:
    """The indices by which agreements in force adjust charges that are still to begin, and that have no value as of the last period: of
    each, the day after which it needs one, by the shortest of the periods."""
    said = {"today": clock.today(), "zone": clock.market_zone().key}
    return dict(fetch_prepared(_UNFED, said))


def fired_of(agreement: Agreement) -> QuerySet[FiredAdjustment]:
    """What the clauses of an agreement did, in order."""
    rows = FiredAdjustment.objects.filter(agreement=agreement).select_related("agreement", "adjustment")
    return rows.order_by("pk")


def clauses_fired() -> dict[str, dict[str, int]]:
    """By kind of clause, of charges that it adjusted: how many, and what it took off their prices in all, without tax, in minor units."""
    rows = FiredAdjustment.objects.values("kind").annotate(
        fired=Count("pk"), reduced_minor=Sum(F("before_minor") - F("after_minor"))
    )
    return {
        row["kind"]: {"fired": row["fired"], "reduced_minor": row["reduced_minor"]}
        for row in rows.order_by("kind")
    }
