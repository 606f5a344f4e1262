"""Change the account at which an organisation is paid: one person proposes, another confirms, and then it waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from django.db import transaction

from marketplace.events.schemas.participants import (
    PayoutAccountConfirmed,
    PayoutAccountEnded,
    PayoutAccountProposed,
)
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import RULES, Permission
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text

from ..errors import (
    AccountInUse,
    ColleagueConfirms,
    HolderDiffers,
    PayoutChangeUnderWay,
)
from ..fact_queries import unchanged_since
from ..interest_queries import related_to, require_unrelated
from ..models import Organisation, PayoutAccountChange, RoleGrant
from ..organisation_facts import Fact
from ..payout_accounts import (
    NAME_STANDS,
    REASON_LENGTH_MAX,
    ROLE_STANDS,
    PayoutAccount,
    is_holder,
    lapses_on,
    usable_from,
)
from ..payout_accounts import payout_account as payout_account_of
from ..payout_queries import acting_members, changes_under_way, payout_account_now
from ..queries import acts_for, acts_for_operator
from ..second_person_errors import FirstPersonGone, RoleTooNew
from ..states import PAYOUT_CHANGE, MemberRole, PayoutChangeState
from ..suspension_queries import in_insolvency

NAMES = (Fact.NAME_JA, Fact.NAME_EN, Fact.NAME_KANA)


def register_account(*, actor: Actor, organisation: Organisation, account: PayoutAccount) -> None:
    """The account that an organisation is registered with, in the transaction of its registration; used at once."""
    PayoutAccountChange.objects.create(
        organisation=organisation,
        is_registered=True,
        state=PayoutChangeState.CONFIRMED,
        proposed_by=actor.identifier,
        proposed_at=organisation.registered_at,
        usable_from=clock.business_date(organisation.registered_at),
        **asdict(account),
    )


@transaction.atomic
def propose_payout_account(*, actor: Actor, payout_account: Mapping[str, str]) -> PayoutAccountChange:
    """State another account for the actor's organisation, which another of its people confirms.

    If it has one person alone, the holder must be the organisation by its name on record (a trustee's account has another
    holder), and two of the operator's staff confirm. Emits payout_account.proposed. Raises PayoutChangeUnderWay, AccountInUse, HolderDiffers, FieldInvalid,
    PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.PAYOUT_WRITE)
    actor.require_person()
    account = payout_account_of(payout_account)
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=actor.require_organisation())
    under_way = changes_under_way(organisation.pk).first()
    if under_way is not None:
        raise PayoutChangeUnderWay(change=under_way.public_id)
    in_use = payout_account_now(organisation.pk)
    if account == in_use:
        raise AccountInUse()
    by_staff = acting_members(organisation.pk) == 1
    if by_staff:
        _require_holder(organisation, account, in_use)
    until = lapses_on(clock.today())
    change = PayoutAccountChange.objects.create(
        organisation=organisation,
        proposed_by=actor.identifier,
        proposed_at=clock.now(),
        lapses_on=until,
        **asdict(account),
    )
    _record(actor, change, "proposed")
    emit(
        PayoutAccountProposed(
            change=change.public_id,
            organisation=organisation.public_id,
            lapses_on=until.isoformat(),
            by_staff=by_staff,
        )
    )
    return change


def _require_holder(organisation: Organisation, account: PayoutAccount, in_use: PayoutAccount | None) -> None:
    """Raise HolderDiffers unless the account is of the organisation by its names, or of the holder who is paid now.

    A name counts once it has stood for a week: whoever has the one login could state it together with the account.
    In insolvency proceedings it is the trustee's, as the court's document says.
    """
    if in_insolvency(organisation.pk):
        return
    names = unchanged_since(organisation, NAMES, clock.now() - NAME_STANDS)
    if in_use is not None:
        names.append(in_use.account_holder_kana)
    if not is_holder(account.account_holder_kana, names):
        raise HolderDiffers()


@transaction.atomic
def confirm_payout_account(*, actor: Actor, change: str) -> PayoutAccountChange:
    """Confirm a changed account as another person of its organisation; it is used after the waiting time.

    For a participant of one person two of the operator's staff without an interest in it give this command, one after the
    other; a first who has declared one since is replaced. Emits payout_account.confirmed. Raises Recused, ColleagueConfirms, FirstPersonGone, HolderDiffers, RoleTooNew, IllegalTransition, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.PAYOUT_WRITE, Permission.ADMISSION_WRITE)
    subject = _locked_change(actor, change)
    is_own = subject.organisation_id == actor.organisation_id
    actor.require(Permission.PAYOUT_WRITE if is_own else Permission.ADMISSION_WRITE)
    PAYOUT_CHANGE.target(state=_state_today(subject), command="confirm", role=actor.role.value)
    actor.require_second_to(subject.proposed_by)
    if not acts_for(subject.proposed_by, Permission.PAYOUT_WRITE, subject.organisation_id):
        raise FirstPersonGone(first=subject.proposed_by)
    if is_own:
        _require_role_stands(actor, subject)
    else:
        if acting_members(subject.organisation_id) != 1:
            raise ColleagueConfirms(organisation=subject.organisation.public_id)
        # Colleagues may have left since it was proposed.
        _require_holder(
            subject.organisation, _account_of(subject), payout_account_now(subject.organisation_id)
        )
        require_unrelated(actor, subject.organisation_id)
        if subject.reviewed_by is None or related_to(subject.organisation_id)(subject.reviewed_by):
            return _review(actor, subject)
        actor.require_second_to(subject.reviewed_by)
        if not acts_for_operator(subject.reviewed_by, Permission.ADMISSION_WRITE):
            raise FirstPersonGone(first=subject.reviewed_by)
    day = usable_from(clock.today())
    advance(
        subject,
        PAYOUT_CHANGE,
        command="confirm",
        role=actor.role.value,
        confirmed_by=actor.identifier,
        confirmed_at=clock.now(),
        usable_from=day,
    )
    _record(actor, subject, "confirmed", usable_from=day.isoformat())
    emit(
        PayoutAccountConfirmed(
            change=subject.public_id,
            organisation=subject.organisation.public_id,
            usable_from=day.isoformat(),
            by_staff=not is_own,
        )
    )
    return subject


def _require_role_stands(actor: Actor, subject: PayoutAccountChange) -> None:
    """Raise RoleTooNew unless the actor has held a role for this for a week, or is a trustee, whom two people appointed.

    Whoever has the login of the only owner could let a second one in together with the account.
    """
    held = RoleGrant.objects.filter(
        membership__organisation_id=subject.organisation_id,
        membership__user__public_id=actor.identifier,
        membership__ended_at=None,
        role__in=RULES[Permission.PAYOUT_WRITE].held_by(is_operator=subject.organisation.is_operator),
        revoked_at=None,
    )
    found = list(held.order_by("granted_at").values_list("role", "granted_at"))
    if not found or MemberRole.TRUSTEE in {role for role, _ in found}:
        return
    stands_from = found[0][1] + ROLE_STANDS
    if stands_from > clock.now():
        raise RoleTooNew(confirms_from=stands_from.astimezone(clock.market_zone()).isoformat("T", "minutes"))


def _account_of(change: PayoutAccountChange) -> PayoutAccount:
    return PayoutAccount(**{name: getattr(change, name) for name in PayoutAccount.__dataclass_fields__})


def _review(actor: Actor, subject: PayoutAccountChange) -> PayoutAccountChange:
    """Record that a first person of the operator's staff confirms; a second one is still needed."""
    subject.reviewed_by, subject.reviewed_at = actor.identifier, clock.now()
    subject.save(update_fields=["reviewed_by", "reviewed_at"])
    _record(actor, subject, "reviewed")
    return subject


@transaction.atomic
def stop_payout_account(*, actor: Actor, change: str, reason: str) -> PayoutAccountChange:
    """Stop a change of the payout account of the actor's organisation before it is used.

    Emits payout_account.ended. Raises AccountInUse, IllegalTransition, FieldInvalid, Missing, PermissionNeeded, ProofNeeded,
    Forbidden.
    """
    actor.require(Permission.PAYOUT_WRITE)
    actor.require_person()
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    subject = _locked_change(actor, change)
    if subject.organisation_id != actor.organisation_id:
        raise Missing(kind="payout account change", identifier=change)
    PAYOUT_CHANGE.target(state=subject.state, command="stop", role="participant")
    if subject.is_registered or (subject.usable_from and subject.usable_from <= clock.today()):
        raise AccountInUse()
    _end(actor, subject, command="stop", role="participant", reason=why)
    return subject


@transaction.atomic
def lapse_payout_account(*, change: str) -> bool:
    """End a change that nobody confirmed in time; whether it was one. Emits payout_account.ended."""
    subject = PayoutAccountChange.objects.select_related("organisation").get(public_id=change)
    Organisation.objects.select_for_update(no_key=True).get(pk=subject.organisation_id)
    subject.refresh_from_db()
    if _state_today(subject) == subject.state:
        return False
    _end(SYSTEM, subject, command="lapse", role="system", reason="")
    return True


def _end(actor: Actor, subject: PayoutAccountChange, *, command: str, role: str, reason: str) -> None:
    """End a change that is not used yet, record it and emit its event."""
    advance(
        subject,
        PAYOUT_CHANGE,
        command=command,
        role=role,
        ended_by=actor.identifier,
        ended_at=clock.now(),
        end_reason=reason,
    )
    _record(actor, subject, str(subject.state))
    emit(
        PayoutAccountEnded(
            change=subject.public_id,
            organisation=subject.organisation.public_id,
            state=str(subject.state),
        )
    )


def _locked_change(actor: Actor, public_id: str) -> PayoutAccountChange:
    """The change, with its organisation locked before it; raises Missing if it is another's and no staff acts."""
    row = PayoutAccountChange.objects.select_related("organisation").filter(public_id=public_id).first()
    if row is None or not (
        row.organisation_id == actor.organisation_id or actor.may(Permission.ADMISSION_WRITE)
    ):
        raise Missing(kind="payout account change", identifier=public_id)
    Organisation.objects.select_for_update(no_key=True).get(pk=row.organisation_id)
    row.refresh_from_db()
    return row


def _state_today(subject: PayoutAccountChange) -> str:
    """Its state; a proposal whose time is over counts as lapsed before the sweep has ended it."""
    until = subject.lapses_on
    is_over = subject.state == PayoutChangeState.PROPOSED and until is not None and until < clock.today()
    return str(PayoutChangeState.LAPSED if is_over else subject.state)


def _record(actor: Actor, change: PayoutAccountChange, what: str, **details: str) -> None:
    """Evidence of a step, which does not show the account: its row never changes."""
    record(
        kind=f"participants.payout_account_{what}",
        subject=change.public_id,
        actor=actor,
        payload={"organisation": change.organisation.public_id, **details},
    )
