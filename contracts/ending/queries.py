"""Queries on the ends of agreements."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from listings.ending import INDIVISIBLE, NO_ENDING, RefundRule, is_divisible
from listings.rights.limits import end_of_use
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.days import stated_day
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..amending.queries import last_rights, money_signed, signed_versions, version_in_force
from ..commissions.queries import is_reducible, require_reducible
from ..errors import AgreementEnded, NoNoticeAgreed
from ..models import Adjustment, Agreement
from ..plan import Plan, plan_of
from ..states import CLAUSE_REASON, ENDED_EARLY, LATE_REASON, AgreementState, Party
from .consequences import Standing, access_until, consequences_of, planned_parts
from .lost_time import without_access
from .models import Ending
from .states import EndingGround, EndingState


def visible_endings(actor: Actor) -> QuerySet[Ending]:
    """Endings of agreements of the actor's organisation; all, for the operator."""
    rows = Ending.objects.select_related("agreement")
    if actor.may_see():
        return rows
    own = actor.organisation_id
    return rows.filter(Q(agreement__buyer_id=own) | Q(agreement__seller_id=own))


def early_ends() -> dict[str, dict[str, int]]:
    """By ground, of agreements that ended before their term: how many, and what came back, without tax, in minor units."""
    rows = Ending.objects.filter(state=EndingState.DONE).values("ground")
    returned = Q(agreement__adjustments__reason_code=ENDED_EARLY)
    counted = rows.annotate(
        agreements=Count("pk", distinct=True),
        returned_minor=Sum("agreement__adjustments__amount_minor", filter=returned, default=0),
    ).order_by("ground")
    return {
        row["ground"]: {"agreements": row["agreements"], "returned_minor": row["returned_minor"]}
        for row in counted
    }


def returned_by_charge(agreement: Agreement) -> dict[int, int]:
    """By charge, the amount that the seller has returned so far or will, less what the buyer paid in addition; without what clauses
    adjusted, and without what clearing could not carry out."""
    rows = agreement.adjustments.exclude(reason_code__startswith=CLAUSE_REASON)
    return _owed_by_charge(rows, Party.SELLER, F("amount_minor") - Coalesce("unmoved_minor", 0))


def adjusted_by_charge(agreement: Agreement) -> dict[int, int]:
    """By charge, what clauses have added to its price by now, without tax; negative for what they took off. What is settled late is of the
    charge before."""
    rows = agreement.adjustments.filter(reason_code__startswith=CLAUSE_REASON)
    return _owed_by_charge(rows.exclude(reason_code=LATE_REASON), Party.BUYER, F("amount_minor"))


def _owed_by_charge(rows: QuerySet[Adjustment], party: Party, amount: Combinable) -> dict[int, int]:
    """By charge, the sum of what a party owes by adjustments, less that of the other; ``amount`` of each."""
    owed: dict[int, int] = {}
    for charge, debtor, amount_minor in rows.values_list("charge", "debtor", amount):
        owed[charge] = owed.get(charge, 0) + (amount_minor if debtor == party else -amount_minor)
    return owed


def charge_due(agreement: Agreement, at: datetime) -> int:
    """The number of the charge of an agreement that fell due last at a moment: what a dispute that began then is about."""
    money = money_signed(agreement)
    parts = planned_parts(agreement.concluded_at, money, clock.market_zone())
    return max((part.charge for part in parts if part.due_on <= clock.business_date(at)), default=1)


def charge_left(agreement: Agreement, charge: int, *, adjusted: bool = False) -> int:
    """What the seller can still return of the price of a charge, in minor units: of the price that was signed, or ``adjusted`` by clauses.

    Raises FieldInvalid for a charge that is not agreed.
    """
    charges = money_signed(agreement).charges
    if not 1 <= charge <= len(charges):
        raise FieldInvalid(
            "charge",
            Label(
                f"name one of the {len(charges)} charges by its number, from 1",
                f"{len(charges)}回の課金のいずれかを1からの番号で指定してください",
            ),
        )
    added_minor = adjusted_by_charge(agreement).get(charge, 0) if adjusted else 0
    return charges[charge - 1].price_minor + added_minor - returned_by_charge(agreement).get(charge, 0)


def closes_at(agreement: str) -> datetime | None:
    """When access under an agreement closes before its term, by the ending that is scheduled or was carried out; None without one."""
    rows = _standing_endings().filter(agreement__public_id=agreement)
    return rows.values_list("access_until", flat=True).first()


def has_ended_early(agreement: str) -> bool:
    """Whether an agreement (public identifier) was ended before its term by both, by notice, or by law."""
    ended = Agreement.objects.filter(public_id=agreement, termination_reason__in=EndingGround.values)
    return ended.exists()


def _standing_endings() -> QuerySet[Ending]:
    """The ending that is scheduled or was carried out, of each agreement that has one."""
    return Ending.objects.filter(state__in=(EndingState.SCHEDULED, EndingState.DONE))


def access_over_at(agreement: Agreement, disputed_at: datetime) -> datetime | None:
    """When access is over for good, so that nothing is delivered again after a dispute that began at ``disputed_at``.

    The end of the last day of what ends the agreement, or of a last day that was signed; a period stands still during a dispute, so
    its end counts only where access had ended before. None without such an end.
    """
    signed = end_of_use(
        last_rights(agreement).get("valid_until"), None, agreement.concluded_at, clock.market_zone()
    )
    ends = [each for each in (closes_at(agreement.public_id), signed and signed[0]) if each is not None]
    is_closed = without_access(Agreement.objects.filter(pk=agreement.pk)).exists()
    if agreement.ends_at is not None and disputed_at >= agreement.ends_at and is_closed:
        ends.append(agreement.ends_at)
    return min(ends, default=None)


def party_of(actor: Actor, agreement: Agreement) -> str:
    """As what somebody ends an agreement of its scope: ``buyer``, ``seller``, or by the role."""
    if actor.role is not Role.PARTICIPANT:
        return actor.role.value
    return Party.BUYER.value if actor.organisation_id == agreement.buyer_id else Party.SELLER.value


def consequences_shown(
    agreement: Agreement,
    *,
    ground: str,
    last_day: date,
    refund: str | None,
    party: str = Party.BUYER.value,
) -> dict[str, Any]:
    """What follows from ending the agreement so, as ``consequences_of`` says it.

    ``refund`` is what both agree on; the contract states that of a notice by the buyer; a notice by the seller (``party``) and an order of
    law return what was not enjoyed. Raises AgreementEnded, NoNoticeAgreed, ReducedWithoutFault, FieldInvalid.
    """
    if agreement.state != AgreementState.IN_FORCE:
        raise AgreementEnded(agreement=agreement.public_id)
    if ground not in EndingGround.values:
        known = ", ".join(EndingGround.values)
        raise FieldInvalid("ground", Label(f"specify one of {known}", f"{known} から選んでください"))
    said = version_in_force(agreement).said
    ending = {**NO_ENDING, **said["terms"].get("ending", {})}
    _check_last_day(agreement, ground, last_day, ending["convenience_notice_days"])
    if refund == RefundRule.PRO_RATA:
        require_reducible(agreement.public_id)
    is_by_seller = ground == EndingGround.CONVENIENCE and party == Party.SELLER
    return consequences_of(
        standing_of(agreement),
        ground=ground,
        last_day=last_day,
        by_seller=is_by_seller,
        refund=_refund_of(
            ground,
            refund,
            None if is_by_seller else ending["refund"],
            is_divisible=_has_days(plan_of(said)) and is_reducible(agreement.public_id),
        ),
        zone=clock.market_zone(),
    )


def standing_of(agreement: Agreement) -> Standing:
    """What the agreement says, and what was given and returned since."""
    versions = signed_versions(agreement)
    said = version_in_force(agreement).said
    return Standing(
        agreement=agreement.public_id,
        content=said,
        money=money_signed(agreement),
        concluded_at=agreement.concluded_at,
        signed_end=plan_of(versions[-1].said).access.ends_at(agreement.concluded_at, clock.market_zone()),
        ends_at=agreement.ends_at,
        returned_minor=returned_by_charge(agreement),
        adjusted_minor=adjusted_by_charge(agreement),
    )


def _has_days(plan: Plan) -> bool:
    """Whether the price is one of days that can be told."""
    ends = plan.access.ends
    has_end = ends.valid_until is not None or ends.duration is not None
    return has_end and is_divisible(plan.money.charging)


def _refund_of(ground: str, wanted: str | None, agreed: str | None, *, is_divisible: bool) -> str:
    """The refund of a ground: ``agreed`` for a notice, or None, as by law, what was not enjoyed."""
    by_law = (RefundRule.PRO_RATA if is_divisible else RefundRule.NONE).value
    stated = {EndingGround.CONVENIENCE.value: agreed or by_law, EndingGround.LAW.value: by_law}
    if wanted == RefundRule.PRO_RATA and not is_divisible:
        raise FieldInvalid("refund", INDIVISIBLE)
    fixed = stated.get(ground)
    if fixed is None and wanted not in RefundRule.values:
        known = ", ".join(RefundRule.values)
        raise FieldInvalid("refund", Label(f"specify one of {known}", f"{known} から選んでください"))
    if fixed is not None and wanted not in (None, fixed):
        raise FieldInvalid(
            "refund",
            Label(
                f"this ground has the refund {fixed}; omit it",
                f"この事由の返金は {fixed} です。省略してください",
            ),
        )
    return str(fixed or wanted)


def _check_last_day(agreement: Agreement, ground: str, last_day: date, notice_days: int | None) -> None:
    """Raise unless the agreement may end with ``last_day`` on this ground."""
    stated_day("last_day", last_day)
    earliest = clock.today()
    if ground == EndingGround.CONVENIENCE:
        if notice_days is None:
            raise NoNoticeAgreed(agreement=agreement.public_id)
        earliest += timedelta(days=notice_days)
    if last_day < earliest:
        raise FieldInvalid(
            "last_day",
            Label(f"specify {earliest} or later", f"{earliest} 以降の日を指定してください"),
        )
    if agreement.ends_at is not None and access_until(last_day, clock.market_zone()) >= agreement.ends_at:
        raise FieldInvalid(
            "last_day",
            Label(
                "specify a day before the last day of the term; the agreement ends then by itself",
                "利用期間の末日より前の日を指定してください（末日には自動的に終了します）",
            ),
        )
