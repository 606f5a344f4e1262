"""Payout accounts in tests: of people who have signed in, and forced in where a test is about something else."""

from __future__ import annotations

from collections.abc import Mapping

from fixtures.sessions import open_session
from marketplace.kernel import clock
from marketplace.participants.models import (
    Membership,
    Organisation,
    PayoutAccountChange,
    RoleGrant,
    User,
)
from tests.client import KeyedClient
from tests.roles import unguarded

from . import factories

OTHER_ACCOUNT = factories.PAYOUT_ACCOUNT | {"bank_code": "0009", "account_number": "7777777"}


def use_account(subject: Organisation, account: Mapping[str, str] | None) -> None:
    """Make this the account of an organisation, as if it had been registered with it; with None it has none."""
    with unguarded("participants_payoutaccountchange"):
        PayoutAccountChange.objects.filter(organisation=subject).delete()
        if account is not None:
            PayoutAccountChange.objects.create(
                organisation=subject,
                is_registered=True,
                state="confirmed",
                proposed_by="system",
                proposed_at=subject.registered_at,
                usable_from=clock.business_date(subject.registered_at),
                **account,
            )


def signed_in(person: User) -> KeyedClient:
    """An API client of a person with a fresh proof, whatever time has passed."""
    return factories.bearer_client(open_session(person))


def settled(*people: User) -> None:
    """Let people be members with their roles since long ago: who is new confirms no account."""
    with unguarded("participants_membership", "participants_rolegrant"):
        Membership.objects.filter(user__in=people).update(since=factories.LONG_AGO)
        RoleGrant.objects.filter(membership__user__in=people).update(granted_at=factories.LONG_AGO)
