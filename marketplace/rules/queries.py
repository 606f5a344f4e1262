"""Queries on the rules: the rulebook in force, its fees, tax rates and parameters, decisions, halts, neutrality."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, QuerySet

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.bounds import DAYS_MAX
from marketplace.kernel.labels import Label
from marketplace.kernel.prepared import fetch_prepared
from marketplace.participants import queries as participants

from .errors import NoParameter, NoRulebook
from .halts import HaltView
from .models import Decision, Halt, Rulebook
from .parameters import PARAMETERS, ParameterType, values_of
from .points import PointKind
from .replays import differences
from .rulebook import CompiledRulebook
from .states import WIDTH, HaltScope, Outcome
from .tariffs import Tariff, stated_tariff
from .tax_tables import TaxTables
from .texts import WITHHELD, WITHHELD_RULE

TRADE_FEE = "trade_fee"
COMPILED_MAX = 16

_IN_FORCE = """
    SELECT r.id, r.public_id, r.digest, r.vocabulary_digest
      FROM unnest(ARRAY[{moments}]) WITH ORDINALITY AS asked(moment, place)
      LEFT JOIN LATERAL (
        SELECT id, public_id, digest, vocabulary_digest FROM rules_rulebook
         WHERE effective_from <= asked.moment ORDER BY number DESC LIMIT 1) r ON true
     ORDER BY asked.place
"""

_HALTS = f"""
    SELECT public_id, scope, subject, reason, started_at FROM rules_halt
     WHERE lifted_at IS NULL
       AND (scope = '{HaltScope.MARKET}' OR (scope = '{HaltScope.SEGMENT}' AND subject = %s)
            OR (scope = '{HaltScope.LISTING}' AND subject = %s))
"""  # noqa: S608  our own words

_compiled: OrderedDict[tuple[str, str], CompiledRulebook] = OrderedDict()
_parameters: OrderedDict[str, Mapping[str, int]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class RulebookView:
    """A published rulebook for other applications; ``title`` is ``{"ja", "en"}``."""

    public_id: str
    number: int
    title: dict[str, str]
    digest: str
    published_at: datetime
    effective_from: datetime


class _Stated(NamedTuple):
    """A rulebook's keys and digests, by which its compiled rules are found without reading its document."""

    id: int
    public_id: str
    digest: str
    vocabulary_digest: str


def rulebook_in_force(at: datetime | None = None) -> Rulebook:
    """The rulebook in force at ``at`` (now, if not given): of those effective by then, the highest number.

    Raises NoRulebook.
    """
    row = Rulebook.objects.filter(effective_from__lte=at or clock.now()).order_by("-number").first()
    if row is None:
        raise NoRulebook()
    return row


def rulebook_before(effective_from: datetime) -> Rulebook | None:
    """The rulebook that one effective from then replaces: that in force at the time, or else the newest, or None."""
    newest = Rulebook.objects.order_by("-number")
    return newest.filter(effective_from__lte=effective_from).first() or newest.first()


def newest_rulebook() -> Rulebook | None:
    """The version with the highest number, in force or not yet; None before the first."""
    return Rulebook.objects.order_by("-number").first()


def pending_rulebooks(*, after: datetime, below: int) -> list[Rulebook]:
    """Versions of a number below ``below`` that take effect after a moment and that no later one precedes, by number."""
    coming = Rulebook.objects.filter(effective_from__gt=after, number__lt=below)
    live: list[Rulebook] = []
    for row in coming.order_by("-number"):
        if all(row.effective_from < later.effective_from for later in live):
            live.append(row)
    return live[::-1]


def compiled_in_force(at: datetime | None = None) -> tuple[Rulebook, CompiledRulebook]:
    """The rulebook in force, as ``rulebook_in_force``, and its rules: the row comes with its keys and digests
    alone; document and vocabulary are read once for the life of the process. Raises NoRulebook.
    """
    (stated,) = _stated_at(at or clock.now())
    return Rulebook.from_db(connection.alias, _Stated._fields, stated), _compile(stated)


def _stated_at(*moments: datetime) -> list[_Stated]:
    """The rulebooks in force at ``moments``, in their order, in one query; raises NoRulebook."""
    # As many values as moments, so that its plan is the same for all of them.
    rows = fetch_prepared(_IN_FORCE.format(moments=", ".join(["%s::timestamptz"] * len(moments))), moments)
    if any(row[0] is None for row in rows):
        raise NoRulebook()
    return [_Stated(*row) for row in rows]


def current_rulebook(at: datetime | None = None) -> RulebookView:
    """The row of the rulebook in force at ``at`` (now, if not given); raises NoRulebook."""
    row = rulebook_in_force(at)
    return RulebookView(
        row.public_id, row.number, row.document["title"], row.digest, row.published_at, row.effective_from
    )


def _compile(stated: _Stated) -> CompiledRulebook:
    """The compiled rulebook, cached by its content for the life of the process."""
    key = (stated.digest, stated.vocabulary_digest)
    ready = _compiled.get(key)
    if ready is None:
        document, vocabulary = Rulebook.objects.values_list("document", "vocabulary").get(pk=stated.id)
        ready = _compiled[key] = CompiledRulebook(document, vocabulary)
        while len(_compiled) > COMPILED_MAX:
            _compiled.popitem(last=False)
    return ready


@dataclass(frozen=True, slots=True)
class TariffSchedule:
    """The fees of one rulebook at one point, for computing many fees without further queries."""

    rulebook: str
    point: str
    compiled: CompiledRulebook

    def tariff(self, facts: Mapping[str, Any]) -> Tariff:
        """The fee for a trade of ``{"segment", "price_minor", "currency"}`` (see ``tariff``)."""
        return self.compiled.tariff(self.point, facts, self.rulebook)


def tariff_schedule(*, point: str = TRADE_FEE, at: datetime | None = None) -> TariffSchedule:
    """The fees in force at ``at`` (now, if not given); raises NoRulebook."""
    (stated,) = _stated_at(at or clock.now())
    return TariffSchedule(stated.public_id, point, _compile(stated))


def taxes_and_tariffs(*, at: datetime) -> tuple[TaxTables, TariffSchedule]:
    """The tax tables in force now, and the fees of trades in force at ``at``, in one query. Raises NoRulebook."""
    now, then = _stated_at(clock.now(), at)
    return _compile(now).tax, TariffSchedule(then.public_id, TRADE_FEE, _compile(then))


def tariff(*, point: str = TRADE_FEE, facts: Mapping[str, Any], at: datetime | None = None) -> Tariff:
    """The fee for a trade under the rulebook in force; it depends on the trade only.

    ``facts``: ``{"segment": code, "price_minor": int, "currency": ISO 4217}``; nothing else.
    Raises FactsNotTaken, NoRulebook, UnknownPoint, NoTariff, TariffUndecidable.
    """
    return tariff_schedule(point=point, at=at).tariff(facts)


def tiered_tariffs() -> dict[tuple[str, str], Tariff]:
    """Every tariff with tiers of every rulebook, by the rulebook's public identifier and the tariff's code.

    Rulebooks without tiers are not loaded; if none has tiers, this costs one short query.
    """
    rows = Rulebook.objects.filter(document__tariffs__contains=[{"tiers": [{}]}])
    return {
        (public_id, entry["code"]): stated_tariff(entry, public_id)
        for public_id, tariffs in rows.values_list("public_id", "document__tariffs")
        for entry in tariffs
        if entry.get("tiers")
    }


def tax_rate_bp(category: str, *, on: date) -> int:
    """The consumption tax rate in hundredths of a percent for ``standard``, ``reduced`` or ``exempt`` on a date.

    Raises NoRulebook, NoTaxRate.
    """
    return tax_rates_bp([category], on=on)[category]


def tax_rates_bp(categories: Iterable[str], *, on: date) -> dict[str, int]:
    """The rates of several categories on a date, as ``tax_rate_bp``. Raises NoRulebook, NoTaxRate."""
    tables = tax_tables()
    return {category: tables.rate_bp(category, on=on) for category in categories}


def tax_tables() -> TaxTables:
    """The tax rates, tax points, classes of supply and withholding of the rulebook in force, read once. Raises NoRulebook."""
    (stated,) = _stated_at(clock.now())
    return _compile(stated).tax


def parameter(name: str, *, at: datetime | None = None) -> int:
    """The value at ``at`` (now, if not given) of a parameter of ``parameters.PARAMETERS``, such as
    ``second_person_minor``: a whole number, or true or false.

    The default applies if the rulebook in force does not set it, or none is in force. Values are cached by the
    rulebook's content for the life of the process, so a call reads one short row. Raises NoParameter.
    """
    if name not in PARAMETERS:
        raise NoParameter(parameter=name)
    return parameter_values(at=at)[1][name]


def admission_ends_on() -> date | None:
    """The last day of an admission that is given today, by the rulebook in force; None where it has none."""
    days = parameter("admission_days")
    return None if days >= DAYS_MAX else clock.today() + timedelta(days=days)


def parameter_values(*, at: datetime | None = None) -> tuple[str | None, Mapping[str, int]]:
    """The public identifier of the rulebook in force (or None), and the value of every parameter."""
    row = (
        Rulebook.objects.filter(effective_from__lte=at or clock.now())
        .order_by("-number")
        .values_list("pk", "public_id", "digest")
        .first()
    )
    if row is None:
        return None, values_of({})
    key, public_id, digest = row
    values = _parameters.get(digest)
    if values is None:
        stated = Rulebook.objects.values_list("document__parameters", flat=True).get(pk=key)
        values = _parameters[digest] = values_of(stated or {})
        while len(_parameters) > COMPILED_MAX:
            _parameters.popitem(last=False)
    return public_id, values


def parameters_in_force() -> dict[str, Any]:
    """Every parameter for display: ``{"rulebook", "parameters": [{"name", "type", "value", "default", "weaker", "lowest",
    "highest", "meaning"}]}``; booleans have no bounds.
    """
    rulebook, values = parameter_values()
    return {
        "rulebook": rulebook,
        "parameters": [
            {
                "name": name,
                "type": known.type.value,
                "value": values[name],
                "default": known.default,
                "weaker": known.weaker.value,
                "lowest": known.lowest if known.type is ParameterType.INT else None,
                "highest": known.highest if known.type is ParameterType.INT else None,
                "meaning": known.meaning.as_dict(),
            }
            for name, known in PARAMETERS.items()
        ],
    }


def published_rulebooks() -> QuerySet[Rulebook]:
    """Every rulebook; public."""
    return Rulebook.objects.select_related("replaces")


def halts() -> QuerySet[Halt]:
    """Every halt, in force or lifted; public."""
    return Halt.objects.all()


def halt_of(*, listing: str | None = None, segment: str | None = None) -> HaltView | None:
    """The halt in force, the widest if there are several, that covers a listing (public identifier) of a segment
    (code), or None. If neither is given, only a halt of the whole market covers it."""
    found = [
        HaltView(public_id, scope, subject or None, json.loads(reason), since)
        for public_id, scope, subject, reason, since in fetch_prepared(_HALTS, [segment, listing])
    ]
    return min(found, key=lambda halt: WIDTH.index(halt.scope), default=None)


def halt_words(row: Halt) -> Label:
    """The scope and subject of a halt as text, in both languages."""
    return _halt_view(row).words


def _halt_view(row: Halt) -> HaltView:
    return HaltView(row.public_id, row.scope, row.subject or None, row.reason, row.started_at)


def visible_decisions(actor: Actor) -> QuerySet[Decision]:
    """Decisions that the actor's organisation is a party of; all, for the operator."""
    rows = Decision.objects.select_related("rulebook")
    return rows if actor.may_see() else rows.filter(parties__contains=[actor.organisation])


def withheld_from(decision: Decision, organisation: str) -> set[str]:
    """The facts of a decision that an organisation (public identifier) does not read: about another party alone."""
    withheld = decision.rulebook.vocabulary["points"][decision.point].get("withheld", {})
    return {name for name, party in withheld.items() if decision.facts[party] != organisation}


def reasons_for(decision: Decision, organisation: str) -> list[dict[str, Any]]:
    """The reasons of a decision as an organisation (public identifier) reads them.

    One that rests on a fact withheld from it says that it is about the other party, and not by which rule: the rulebook is public.
    """
    withheld = withheld_from(decision, organisation)
    reads = decision.rulebook.vocabulary["reads"]
    hidden = {"rule": WITHHELD_RULE, "text": WITHHELD.as_dict()}
    return [
        why if withheld.isdisjoint(reads.get(why["rule"], ())) else {**why, **hidden}
        for why in decision.reasons
    ]


@dataclass(frozen=True, slots=True)
class LastDecision:
    """The last decision on a subject at a point: its public identifier, and whether the subject passes."""

    public_id: str
    passes: bool


def last_decision(*, point: str, subject: str) -> LastDecision | None:
    """What the rules decided last on a subject (public identifier) at a point, or None."""
    rows = Decision.objects.filter(subject=subject, point=point).order_by("-pk")
    found = rows.values_list("public_id", "outcome").first()
    return LastDecision(found[0], found[1] in (Outcome.ALLOW, Outcome.WARN)) if found else None


def reasons_read(decision: str, organisation: str | None) -> list[dict[str, Any]]:
    """The reasons of a decision (public identifier) that an organisation reads; all of them for None; of no decision, none."""
    row = Decision.objects.select_related("rulebook").filter(public_id=decision).first()
    if row is None:
        return []
    return row.reasons if organisation is None else reasons_for(row, organisation)


def reasons_of(decision: str, organisation: str | None) -> Label:
    """The words of ``reasons_read`` in both languages; a dash where there is none."""
    texts = [reason["text"] for reason in reasons_read(decision, organisation)]
    return Label(" ".join(text["en"] for text in texts) or "-", "".join(text["ja"] for text in texts) or "-")


def neutrality(*, replayed_max: int | None = None) -> dict[str, Any]:
    """The neutrality report: ``counted_decisions`` and ``replayed_decisions`` of all decisions."""
    return {**counted_decisions(), **replayed_decisions(replayed_max=replayed_max)}


def counted_decisions() -> dict[str, Any]:
    """How many decisions there are, by point and outcome and by the number of their rulebook."""
    by_point: dict[str, dict[str, int]] = {}
    grouped = Decision.objects.values_list("point", "outcome").annotate(count=Count("id"))
    for point, outcome, count in grouped.order_by("point", "outcome"):
        by_point.setdefault(point, {})[outcome] = count
    by_rulebook = Decision.objects.values_list("rulebook__number").annotate(count=Count("id"))
    return {
        "decisions": by_point,
        "decisions_by_rulebook": {
            str(number): count for number, count in by_rulebook.order_by("rulebook__number")
        },
    }


def replayed_decisions(*, before: datetime | None = None, replayed_max: int | None = None) -> dict[str, Any]:
    """Figures that show whether the same rules apply to every participant, read from the database.

    How many decisions were replayed (the newest ``replayed_max`` ``before`` a moment, all if None) and how many of them gave
    the same result; the facts that fees depend on, of all rulebooks; and admissions of the operator or an affiliate.
    """
    decided = Decision.objects.filter(**({} if before is None else {"decided_at__lt": before}))
    newest = decided.order_by("-pk")
    replayed = list(newest.values_list("pk", flat=True)[:replayed_max]) if replayed_max is not None else None
    chosen = newest if replayed is None else newest.filter(pk__in=replayed)
    count = chosen.count()
    return {
        "decisions_replayed": count,
        "replayed_the_same": count - len(differences(chosen)),
        "facts_behind_fees": _facts_behind_fees(),
        "admissions_of_operator_and_affiliates": participants.held_by_affiliates(),
    }


def _facts_behind_fees() -> list[str]:
    facts: set[str] = set()
    for vocabulary in Rulebook.objects.values_list("vocabulary", flat=True):
        for described in vocabulary["points"].values():
            if described["kind"] == PointKind.TARIFF:
                facts |= set(described["facts"])
    return sorted(facts)
