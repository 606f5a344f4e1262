"""Queries on the ends of agreements."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .amending.queries import signed_versions, version_in_force
from .consequences import Standing, access_until, consequences_of
from .ending_models import Ending
from .ending_states import EndingGround, RefundRule
from .ending_terms import INDIVISIBLE, NO_ENDING, is_divisible
from .errors import AgreementEnded, NoNoticeAgreed
from .models import Agreement
from .plan import plan_of
from .states import AgreementState, Party


def visible_endings(actor: Actor) -> QuerySet[Ending]:
    """Endings of agreements of the actor's organisation; all, for the operator."""
    rows = Ending.objects.select_related("agreement")
    if actor.may_see():
        return rows
    own = actor.organisation_id
    return rows.filter(Q(agreement__buyer_id=own) | Q(agreement__seller_id=own))


def sum_returned(agreement: Agreement) -> int:
    """The amount that the seller has returned so far, less what the buyer paid in addition."""
    rows = agreement.adjustments.values_list("debtor", "amount_minor")
    return sum(amount_minor if debtor == Party.SELLER else -amount_minor for debtor, amount_minor in rows)


def consequences_shown(
    agreement: Agreement, *, ground: str, last_day: date, refund: str | None
) -> dict[str, Any]:
    """What follows from ending the agreement so, as ``consequences_of`` says it.

    ``refund`` is what both agree on; the contract states that of a notice, and an order of law returns what was not enjoyed. Raises
    AgreementEnded, NoNoticeAgreed, FieldInvalid.
    """
    if agreement.state != AgreementState.IN_FORCE:
        raise AgreementEnded(agreement=agreement.public_id)
    if ground not in EndingGround.values:
        known = ", ".join(EndingGround.values)
        raise FieldInvalid("ground", Label(f"specify one of {known}", f"{known} から選んでください"))
    said = version_in_force(agreement).said
    ending = {**NO_ENDING, **said["terms"].get("ending", {})}
    _check_last_day(agreement, ground, last_day, ending["convenience_notice_days"])
    return consequences_of(
        standing_of(agreement),
        ground=ground,
        last_day=last_day,
        refund=_refund_of(
            ground,
            refund,
            ending["refund"],
            is_divisible=is_divisible(plan_of(said).money.charging),
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
        prices_minor=tuple((row.from_charge, row.said["terms"]["price_minor"]) for row in versions),
        concluded_at=agreement.concluded_at,
        signed_end=plan_of(versions[-1].said).access.ends_at(agreement.concluded_at, clock.market_zone()),
        ends_at=agreement.ends_at,
        returned_minor=sum_returned(agreement),
    )


def _refund_of(ground: str, wanted: str | None, agreed: str, *, is_divisible: bool) -> str:
    by_law = RefundRule.PRO_RATA if is_divisible else RefundRule.NONE
    stated = {EndingGround.CONVENIENCE.value: agreed, EndingGround.LAW.value: by_law.value}
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
