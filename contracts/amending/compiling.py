"""Compiles what both parties would change of an agreement in force into the plan of its next version. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from listings.rights import Rights, changes
from listings.rights.limits import end_of_use, span
from listings.states import Charging
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..negotiating.changed_terms import changed_terms
from ..plan import Plan, compile_plan
from ..renewing.terms import NO_TIME, notice_day
from ..terms import Terms
from .states import TermMove

FIXED = ("currency", "tax_category", "inspection_days")
FIXED_RIGHTS = ("contract_type", "exclusive", "onward_transfer", "delete_at_end")
FIXED_CHARGING = (
    "kind",
    "period_months",
    "first_period_from",
    "unit_price_minor",
    "metering",
    "shares",
    "adjustments",
)

STAYS = Label(
    "an amendment does not change this term; conclude a new contract for it",
    "契約の変更では変えられない項目です。新しい契約を締結してください",
)
NOT_AMENDED = Label(
    "an agreement with this term is not amended; conclude a new contract",
    "この項目を含む契約は変更できません。新しい契約を締結してください",
)
NOTHING = Label("state at least one term that changes", "変更する項目を一つ以上指定してください")
NOTHING_COMES = Label(
    "every charge is due by then, and what is due does not change: choose an earlier day, or more charges",
    "その日までにすべての課金の履行期が到来しており、変更できません。より早い日か、課金の追加を指定してください",
)
DUE_ALREADY = Label(
    "{count} charges are due by then, and what is due does not change: state {count} or more",
    "その日までに{count}回の課金の履行期が到来しています。{count}以上を指定してください",
)
BEGUN = Label(
    "the period after the last charge has begun by then: amend before that, or conclude a new contract",
    "その日までに最終の課金に続く期間が始まっています。その前に変更するか、新しい契約を締結してください",
)
ENDS_BEFORE = Label(
    "the rights would end before the amendment takes effect: choose a later end, or end the agreement",
    "変更の効力発生前に利用権が終了します。より遅い終期を指定するか、契約を終了してください",
)
NOT_PAST = Label("specify {day} or later", "{day} 以降の日を指定してください")
NOT_AFTER = Label(
    "the agreement has ended by then: specify a day before its end",
    "その日には契約が終了しています。終了より前の日を指定してください",
)


@dataclass(frozen=True, slots=True)
class Amended:
    """What would be amended: the terms of the version before, which has ``number`` and the hash ``signed_hash`` and takes effect on
    ``effective_on`` (None: since the conclusion); when the agreement was concluded, and when it ends as it stands, or None."""

    agreement: str
    number: int
    signed_hash: str
    terms: Terms
    effective_on: date | None
    concluded_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Amendment:
    """The next version: its plan, from when it is in force, its first charge, and when the agreement then ends (UTC), or None."""

    plan: Plan
    number: int
    replaces: str
    effective_on: date
    effective_at: datetime
    from_charge: int
    ends_at: datetime | None

    def as_dict(self, agreement: str) -> dict[str, Any]:
        """What the signed object says of it."""
        return {
            "agreement": agreement,
            "version": self.number,
            "replaces": self.replaces,
            "effective_on": self.effective_on.isoformat(),
            "from_charge": self.from_charge,
        }


def compile_amendment(
    amended: Amended,
    after: Terms,
    effective_on: date,
    *,
    now: datetime,
    zone: ZoneInfo,
    law: Sequence[Mapping[str, Any]] = (),
) -> Amendment:
    """The next version on the terms ``after`` from the beginning of ``effective_on``, signed at ``now``, if it can be carried out under
    ``law`` (``plan.compile_plan``).

    Periods count from the conclusion. Raises FieldInvalid, which names the term that cannot be carried out as ``terms.<name>``.
    """
    _require_supported(amended.terms, after)
    if amended.terms.as_dict() == after.as_dict():
        raise FieldInvalid("terms", NOTHING)
    _require_fixed(amended.terms, after)
    effective_at = span(effective_on.isoformat(), zone)[0].astimezone(UTC)
    _require_day(amended, effective_on, effective_at, now.astimezone(zone).date())
    plan = compile_plan(after, at=amended.concluded_at, zone=zone, law=law)
    ends_at = end_as_amended(amended, after.rights, zone)
    if ends_at is not None and ends_at <= max(effective_at, now):
        named = "valid_until" if after.rights.valid_until else "duration"
        raise FieldInvalid(f"terms.rights.{named}", ENDS_BEFORE)
    _require_notice(amended, after, now=now, zone=zone)
    from_charge = first_charge(amended, after, effective_on, now=now, zone=zone)
    return Amendment(
        plan=plan,
        number=amended.number + 1,
        replaces=amended.signed_hash,
        effective_on=effective_on,
        effective_at=effective_at,
        from_charge=from_charge,
        ends_at=ends_at,
    )


def _require_supported(before: Terms, after: Terms) -> None:
    """Raise FieldInvalid for what no amendment can carry out: commissioned work, metered use, and prices that clauses adjust."""
    if before.commission is not None or after.commission is not None:
        raise FieldInvalid("terms.commission", NOT_AMENDED)
    if before.charging.kind == Charging.METERED:
        raise FieldInvalid("terms.charging.kind", NOT_AMENDED)
    if before.charging.adjustments:
        raise FieldInvalid("terms.charging.adjustments", NOT_AMENDED)


def _require_fixed(before: Terms, after: Terms) -> None:
    groups: tuple[tuple[tuple[str, ...], str, Any, Any], ...] = (
        (FIXED, "terms", before, after),
        (FIXED_RIGHTS, "terms.rights", before.rights, after.rights),
        (FIXED_CHARGING, "terms.charging", before.charging, after.charging),
    )
    for names, prefix, stated, wanted in groups:
        for name in names:
            if getattr(stated, name) != getattr(wanted, name):
                raise FieldInvalid(f"{prefix}.{name}", STAYS)


def _require_notice(amended: Amended, after: Terms, *, now: datetime, zone: ZoneInfo) -> None:
    """The day until which a party refuses what the amendment states of a renewal is to come."""
    before, then = (notice_day(terms, amended.concluded_at, zone) for terms in (amended.terms, after))
    is_stated = (amended.terms.renewal, before) != (after.renewal, then)
    if is_stated and then is not None and then <= now:
        raise FieldInvalid("terms.renewal.notice_days", NO_TIME)


def _require_day(amended: Amended, effective_on: date, effective_at: datetime, today: date) -> None:
    earliest = max(today, amended.effective_on or today)
    if effective_on < earliest:
        raise FieldInvalid("terms.effective_on", NOT_PAST.fill({"day": earliest.isoformat()}))
    if amended.ends_at is not None and effective_at >= amended.ends_at:
        raise FieldInvalid("terms.effective_on", NOT_AFTER)


def end_as_amended(amended: Amended, after: Rights, zone: ZoneInfo) -> datetime | None:
    """When the agreement ends on the rights ``after``, with the access that was given back (PostgreSQL: ``end_as_amended``); UTC."""

    def end(valid_until: str | None, duration: str | None) -> datetime | None:
        found = end_of_use(valid_until, duration, amended.concluded_at, zone)
        return found[0].astimezone(UTC) if found else None

    before = amended.terms.rights
    signed, by_duration = end(before.valid_until, before.duration), end(None, after.duration)
    if by_duration is not None and signed is not None and amended.ends_at is not None:
        by_duration += max(amended.ends_at - signed, timedelta())
    return min((one for one in (by_duration, end(after.valid_until, None)) if one is not None), default=None)


def first_charge(amended: Amended, after: Terms, effective_on: date, *, now: datetime, zone: ZoneInfo) -> int:
    """The first charge that follows the version: those before fall due before ``effective_on``, or by today, and stay as they were.

    Raises FieldInvalid where a charge that is due would change."""
    before, concluded_on = amended.terms, amended.concluded_at.astimezone(zone).date()
    earliest = max(effective_on, now.astimezone(zone).date() + timedelta(days=1))
    parts = before.charging.parts(before.price_minor, concluded_on)
    due = sum(part.charge == 1 or part.due_on < earliest for part in parts)
    count = after.charging.charges
    if count < due or (count != before.charging.charges and not after.charging.is_periodic):
        raise FieldInvalid("terms.charging.charges", DUE_ALREADY.fill({"count": due}))
    coming = after.charging.parts(after.price_minor, concluded_on)[due:]
    if coming and coming[0].due_on < earliest:
        raise FieldInvalid("terms.charging.charges", BEGUN)
    if after.price_minor != before.price_minor:
        if not after.charging.is_periodic:
            raise FieldInvalid("terms.price_minor", STAYS)
        if not coming:
            raise FieldInvalid("terms.price_minor", NOTHING_COMES)
    return due + 1


def classes_of(amended: Amended, after: Terms, ends_at: datetime | None, zone: ZoneInfo) -> dict[str, Any]:
    """How the next version compares with the one before: ``rights`` (the relation of ``listings.rights``), ``price``, ``term``, and the
    names of the other ``terms`` that change."""
    before = amended.terms
    others = [change["field"] for change in changed_terms(before, after, zone) if change["relation"] is None]
    return {
        "rights": changes(before.rights, after.rights, zone)["relation"],
        "price": _moved(before.price_minor, after.price_minor, TermMove.HIGHER, TermMove.LOWER),
        "term": _moved(amended.ends_at, ends_at, TermMove.LONGER, TermMove.SHORTER),
        "terms": [name for name in others if name != "price_minor"],
    }


def _moved(before: Any, after: Any, more: TermMove, less: TermMove) -> str:
    if before == after:
        return TermMove.SAME.value
    if before is None or after is None:
        return (more if after is None else less).value
    return (more if after > before else less).value
