"""The intermediary rule (媒介者交付特例): sellers' notices, and the issuer of a sale's invoice.

A registered operator may issue qualified invoices in its own name and number for a registered seller that has
notified it beforehand (Order for Enforcement of the Consumption Tax Act, article 70-12, paragraph 1). The seller gets
its copy through the API and a notice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.clock import business_date
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import operator_organisation, organisations_by_id
from marketplace.participants.suspension_queries import require_active

from ..errors import IntermediaryNoticeStands, NotRegisteredIssuer
from ..locks import INTERMEDIARY_NOTICE_LOCK
from ..models import IntermediaryNotice

PAST_DAY = Label("choose today or a later day", "本日以降の日付を指定してください")


class Representation:
    """The sellers for which the operator issues invoices, by the present notices; read in three queries."""

    def __init__(self, sellers: Iterable[int]) -> None:
        """``sellers``: keys of the sellers that will be asked about."""
        self._operator = operator_organisation()
        self._notices: dict[int, list[IntermediaryNotice]] = {}
        wanted = set(sellers)
        if self._operator.invoice_registration_number is None or not wanted:
            return
        registered = [
            key for key, view in organisations_by_id(wanted).items() if view.invoice_registration_number
        ]
        rows = IntermediaryNotice.objects.filter(organisation_id__in=registered, withdraws=None)
        for notice in rows.select_related("withdrawal").order_by("pk"):
            self._notices.setdefault(notice.organisation_id, []).append(notice)

    def issuer_of(self, seller_id: int, accepted_at: datetime) -> tuple[int, int | None]:
        """Issuer and, if that is the operator, supplier of the invoice for a trade accepted at a moment."""
        if any(is_in_force(notice, accepted_at) for notice in self._notices.get(seller_id, ())):
            return self._operator.id, seller_id
        return seller_id, None


def is_in_force(notice: IntermediaryNotice, moment: datetime) -> bool:
    """Whether a notice is in force at a moment: given before it, from its first day on, and not withdrawn."""
    ending = getattr(notice, "withdrawal", None)
    return _applies(notice, moment) and not (ending and _applies(ending, moment))


def _applies(row: IntermediaryNotice, moment: datetime) -> bool:
    return row.stated_at <= moment and row.effective_from <= business_date(moment)


@transaction.atomic
def give_intermediary_notice(*, actor: Actor, effective_from: date) -> IntermediaryNotice:
    """Let the operator issue the seller's invoices for trades accepted from ``effective_from`` on.

    Raises FieldInvalid for a past day, NotRegisteredIssuer if the seller has no registration number,
    IntermediaryNoticeStands while an earlier notice is not withdrawn, OrganisationSuspended, Forbidden.
    """
    actor.require(Permission.MONEY_WRITE)
    require_active(actor.require_organisation())
    INTERMEDIARY_NOTICE_LOCK.acquire()
    seller = organisations_by_id([actor.require_organisation()])[actor.require_organisation()]
    if seller.invoice_registration_number is None:
        raise NotRegisteredIssuer(organisation=seller.public_id)
    _require_today_or_later(effective_from)
    current = (
        IntermediaryNotice.objects.filter(organisation_id=seller.id, withdraws=None, withdrawal=None)
        .order_by("pk")
        .first()
    )
    if current is not None:
        raise IntermediaryNoticeStands(notice=current.public_id)
    return _make_notice(actor, seller.id, effective_from, "given")


@transaction.atomic
def withdraw_intermediary_notice(*, actor: Actor, notice: str, effective_from: date) -> IntermediaryNotice:
    """Withdraw a notice for trades accepted from ``effective_from`` on; repeating it changes nothing.

    Raises FieldInvalid for a past day or one before the notice's first day, Missing, Forbidden.
    """
    actor.require(Permission.MONEY_WRITE)
    organisation_id = actor.require_organisation()
    INTERMEDIARY_NOTICE_LOCK.acquire()
    subject = IntermediaryNotice.objects.filter(
        public_id=notice, organisation_id=organisation_id, withdraws=None
    ).first()
    if subject is None:
        raise Missing(kind="intermediary notice", identifier=notice)
    if IntermediaryNotice.objects.filter(withdraws=subject).exists():
        return subject
    _require_today_or_later(effective_from)
    if effective_from < subject.effective_from:
        raise FieldInvalid(
            "effective_from",
            Label("choose the notice's own first day or a later one", "届出の開始日以降を指定してください"),
        )
    _make_notice(actor, organisation_id, effective_from, "withdrawn", withdraws=subject)
    subject.refresh_from_db()
    return subject


def _require_today_or_later(effective_from: date) -> None:
    if effective_from < clock.today():
        raise FieldInvalid("effective_from", PAST_DAY)


def _make_notice(
    actor: Actor,
    organisation_id: int,
    effective_from: date,
    what: str,
    withdraws: IntermediaryNotice | None = None,
) -> IntermediaryNotice:
    now = clock.now()
    made = IntermediaryNotice.objects.create(
        organisation_id=organisation_id,
        withdraws=withdraws,
        effective_from=effective_from,
        stated_on=business_date(now),
        stated_at=now,
        stated_by=actor.identifier,
    )
    record(
        kind=f"clearing.intermediary_notice_{what}",
        subject=(withdraws or made).public_id,
        actor=actor,
        payload={"organisation": actor.organisation, "effective_from": effective_from.isoformat()},
    )
    return made
