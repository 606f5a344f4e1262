"""The database makes nobody an owner for a lost one by one person, or before the waiting time has ended.

The test commits, because a guard asks what one transaction wrote.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from marketplace.kernel import clock
from marketplace.participants import services, sweeping
from marketplace.participants.models import Invitation, Membership, OwnerRecovery, RoleGrant
from tests.roles import assert_refused

from . import factories, recoveries

CONFIRM = (
    "UPDATE participants_ownerrecovery SET state = 'waiting', proposed_by = %s, confirmed_by = %s,"
    " confirmed_at = public.business_now(), ends_at = public.business_now() + interval '15 days'"
)
CONCLUDE = "UPDATE participants_ownerrecovery SET state = 'concluded', ended_at = public.business_now()"
INVITE = (
    "INSERT INTO participants_invitation (public_id, organisation_id, email, roles, language, state, invited_by,"
    " invited_at, mails, expires_at, recovery_id) VALUES ('ivt_raw', %s, %s, '{owner}', 'ja', 'open', 'system', now(), 0,"
    " public.business_now() + interval '7 days', %s)"
)


def refused(because: str, statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, parameters), because=because)


def test_nobody_is_made_owner_before_the_waiting_time_or_by_one_person(committed_database):
    subject, operator = factories.organisation(), factories.operator()
    owner = factories.owner_of(subject)
    clerk = factories.person_of(operator, "clerk", ("clearing",))
    row = recoveries.filed(subject)
    first, second = recoveries.staff(operator)
    services.propose_recovery(actor=first, recovery=row.public_id, reason="x")
    for one, other in ((first.identifier, clerk.public_id), (owner.public_id, second.identifier)):
        refused("two people of the operator", CONFIRM, one, other)
    refused("two people of the operator|recovery_two_people", CONFIRM, first.identifier, first.identifier)
    sooner = CONFIRM.replace("15 days", "4 days")
    refused("five business days", sooner, first.identifier, second.identifier)
    earlier = CONFIRM.replace(
        "confirmed_at = public.business_now()", "confirmed_at = public.business_now() - interval '8 days'"
    )
    refused("two people of the operator", earlier, first.identifier, second.identifier)
    row = services.confirm_recovery(actor=second, recovery=row.public_id)
    clock.move_to(row.ends_at - timedelta(minutes=1))
    refused("has not ended", CONCLUDE)
    refused("is not concluded", INVITE, subject.pk, recoveries.ADDRESS, row.pk)
    refused("invites by itself", INVITE, subject.pk, recoveries.ADDRESS, None)
    refused(
        "cannot be changed",
        "UPDATE participants_ownerrecovery SET ends_at = confirmed_at + interval '7 days'",
    )
    for change in ("email = 'x@example.jp'", "organisation_id = 0"):
        refused("cannot be changed", f"UPDATE participants_ownerrecovery SET {change}")
    for table in ("ownerrecovery", "recoverycontact", "recoveryevidence"):
        refused("are kept|append-only", f"DELETE FROM participants_{table}")
    assert (sweeping.conclude_due(), Invitation.objects.count()) == (0, 0)
    clock.move_to(row.ends_at)
    assert sweeping.conclude_due() == 1
    # That it was concluded once invites nobody else.
    refused("is not concluded|duplicate key", INVITE, subject.pk, recoveries.ADDRESS, row.pk)
    refused("invites by itself", INVITE, subject.pk, "other@example.jp", None)
    assert OwnerRecovery.objects.get().state == "concluded"
    joined = services.accept_invitation(
        token=factories.token_in_mail(Invitation.objects.get()), name="x", password="a-long-enough-secret"
    )
    assert joined.organisation == subject
    live = RoleGrant.objects.filter(role="owner", membership__organisation=subject, revoked_at=None)
    assert [grant.membership_id for grant in live] == [joined.pk]
    assert Membership.objects.get(user=owner).ended_at is None
