"""Claws back the shares of beneficiaries in prices that were given back."""

from __future__ import annotations

from django.db import connection

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.participants.queries import organisations_by_public_id

from ...approvals.services import require_second_person
from ..errors import BeyondShare
from ..models import Obligation, Trade
from ..obligation_kinds import KINDS
from ..states import ObligationKind
from ..sums import SHARE_LEFT
from .corrections import check_input, identifier_of, require_accepted
from .eligibility import cycle_for
from .holds import locked_trade, record_trade

_LEFT = f"SELECT beneficiary_key, floor(most)::bigint - clawed FROM ({SHARE_LEFT} AND s.trade_id = %s) shares WHERE creditor_id = %s"  # noqa: S608  our own words


@record_refusals()
def claw_back_share(
    *, actor: Actor, trade: str, beneficiary: str, amount_minor: int, reason: str
) -> Obligation:
    """Have a beneficiary (its public identifier) give back a part of its share in a price that was given back.

    The seller, who gave back the whole price, is owed it; it bears no tax. All of it together is at most the
    beneficiary's share of the part of the price that was given back. Raises SecondPersonNeeded for a large amount,
    BeyondShare, NotAcceptedYet, FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    check_input(reason, amount_minor)
    subject = locked_trade(public_id=trade)
    require_accepted(subject)
    view = organisations_by_public_id([beneficiary]).get(beneficiary)
    left = _share_left(subject, view.id) if view else None
    if view is None or left is None:
        raise FieldInvalid(
            "beneficiary",
            Label(
                "name an organisation that has a share in the price of the trade",
                "取引代金の分配を受けた組織を指定してください",
            ),
        )
    beneficiary_key, left_minor = left
    if amount_minor > left_minor:
        raise BeyondShare(trade=trade, beneficiary=beneficiary, remaining_minor=max(left_minor, 0))
    require_second_person(
        actor=actor,
        command="clearing.claw_back",
        subject=subject.public_id,
        payee=identifier_of(subject, subject.seller_id),
        amount_minor=amount_minor,
        currency=subject.currency,
        payload={"amount_minor": amount_minor, "beneficiary": beneficiary},
    )
    source = new_identifier("cor")
    made = Obligation.objects.create(
        trade=subject,
        kind=ObligationKind.SHARE_RETURN,
        debtor_id=view.id,
        creditor_id=subject.seller_id,
        amount_minor=amount_minor,
        tax_minor=0,
        tax_rate_bp=0,
        currency=subject.currency,
        cycle_id=cycle_for(subject.currency, None).id,
        legal_basis=KINDS[ObligationKind.SHARE_RETURN].legal_basis,
        beneficiary_key=beneficiary_key,
        source=source,
        made_at=clock.now(),
    )
    record_trade(
        "share_clawed_back",
        subject,
        actor,
        reason=reason.strip(),
        source=source,
        beneficiary=beneficiary,
        amount_minor=amount_minor,
    )
    return made


def _share_left(trade: Trade, beneficiary_id: int) -> tuple[str, int] | None:
    """The key of a beneficiary in hashes and what can still be clawed back of its share; None without a share."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, [trade.pk, beneficiary_id])
        row = cursor.fetchone()
    return (str(row[0]), int(row[1] or 0)) if row else None
