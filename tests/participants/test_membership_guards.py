"""Nobody joins, gets a role, or takes an owner's past the services: the database knows who decided it.

Each test commits, because within one transaction a person that was just made may join as the system lets it.
"""

from __future__ import annotations

from django.db import connection

from marketplace.participants import services
from marketplace.participants.models import Invitation, Membership, RoleGrant
from tests.roles import assert_refused

from . import factories

INVITE = (
    "INSERT INTO participants_invitation (public_id, organisation_id, email, roles, language, state, invited_by,"
    " invited_at, mails, expires_at, confirmed_by, confirmed_at) VALUES ('ivt_raw', %s, 'raw@example.jp', %s, 'ja',"
    " %s, %s, now(), 0, public.business_now() + interval '7 days', %s, CASE WHEN %s IS NULL THEN NULL ELSE now() END)"
)
CHANGE = (
    "INSERT INTO participants_memberchange (public_id, membership_id, kind, role, reason, state, proposed_by,"
    " proposed_at, confirmed_by, expires_at, ended_at) VALUES ('mch_raw', %s, %s, %s, '', 'done', %s, now(), %s, now(),"
    " now())"
)
GRANT = "INSERT INTO participants_rolegrant (membership_id, role, granted_at, granted_by) VALUES (%s, %s, now(), 'usr_raw')"


def refused(because: str, statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, parameters), because=because)


def member(subject, name, *roles):
    return Membership.objects.select_related("user").get(user=factories.person_of(subject, name, roles))


def test_nobody_joins_past_an_invitation(committed_database):
    subject, other = factories.organisation(), factories.organisation("B")
    owner, theirs = member(subject, "owner", "owner"), member(other, "chief", "owner")
    join = "INSERT INTO participants_membership (public_id, user_id, organisation_id, since) VALUES ('mbr_raw', %s, %s, now())"
    refused("by accepting its invitation", join, theirs.user_id, subject.pk)
    row = services.invite(actor=factories.actor_of(owner.user), email=theirs.user.email, roles=["trader"])
    by_invitation = (
        "INSERT INTO participants_membership (public_id, user_id, organisation_id, since, invitation_id)"
        " VALUES ('mbr_raw', %s, %s, now(), %s)"
    )
    refused("by accepting its invitation", by_invitation, theirs.user_id, subject.pk, row.pk)
    accept = "UPDATE participants_invitation SET state = 'accepted', ended_at = now(), ended_by = 'usr_raw' WHERE id = %s"
    refused("was not sent, or has expired", accept, row.pk)
    factories.token_in_mail(row)
    refused(
        "by accepting its invitation",
        f"{accept}; {by_invitation}",
        row.pk,
        theirs.user_id,
        subject.pk,
        row.pk,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE participants_invitation SET expires_at = public.business_now() WHERE id = %s", [row.pk]
        )
    refused("was not sent, or has expired", accept, row.pk)
    assert Membership.objects.filter(user=theirs.user).count() == 1
    for change in (
        "email = 'x@example.jp'",
        "roles = '{owner}'",
        "organisation_id = 1",
        "invited_by = 'usr_x'",
    ):
        refused("cannot be changed", f"UPDATE participants_invitation SET {change}")
    refused("are kept", "DELETE FROM participants_invitation")


def test_nobody_but_owners_invites(committed_database):
    subject, operator = factories.organisation(), factories.operator()
    owner, trader = member(subject, "owner", "owner"), member(subject, "trader", "trader")
    first, second = member(operator, "first", "owner"), member(operator, "second", "clearing")
    for invited_by in (trader, first):
        refused(
            "no owner of the organisation",
            INVITE,
            subject.pk,
            ["trader"],
            "open",
            invited_by.user.public_id,
            None,
            None,
        )
    refused("invites by itself", INVITE, subject.pk, ["owner"], "open", "system", None, None)
    staff = (operator.pk, ["clearing"], "open", first.user.public_id)
    refused("a second owner did not confirm", INVITE, *staff, None, None)
    for confirmed_by in (second, owner):
        name = confirmed_by.user.public_id
        refused("a second owner did not confirm", INVITE, *staff, name, name)
    name = first.user.public_id
    refused("invitation_second_person", INVITE, *staff, name, name)
    member(subject, "other", "owner")
    refused(
        "a second owner did not confirm",
        INVITE,
        subject.pk,
        ["owner"],
        "open",
        owner.user.public_id,
        None,
        None,
    )
    assert Invitation.objects.count() == 0


def test_no_role_is_granted_past_a_change(committed_database):
    subject, operator = factories.organisation(), factories.operator()
    owner, trader = member(subject, "owner", "owner"), member(subject, "trader", "trader")
    staff, clerk = member(operator, "staff", "owner"), member(operator, "clerk", "clearing")
    refused("nobody granted the role", GRANT, trader.pk, "signatory")
    # A trader gives itself nothing, the operator gives nothing to others, and one person of it gives nobody a role.
    for row, role, by in (
        (trader, "owner", trader),
        (trader, "signatory", staff),
        (owner, "signatory", trader),
    ):
        refused("may not change the membership", CHANGE, row.pk, "grant", role, by.user.public_id, None)
    refused(
        "a second owner did not confirm", CHANGE, clerk.pk, "grant", "admission", staff.user.public_id, None
    )
    by_clerk = (staff.user.public_id, clerk.user.public_id)
    refused("a second owner did not confirm", CHANGE, clerk.pk, "grant", "admission", *by_clerk)
    refused("memberchange_second_person", CHANGE, clerk.pk, "grant", "admission", *[staff.user.public_id] * 2)
    services.grant_role(actor=factories.actor_of(owner.user), member=trader.public_id, role="finance")
    services.revoke_role(actor=factories.actor_of(owner.user), member=trader.public_id, role="finance")
    # That it was granted once grants it never again.
    refused("nobody granted the role", GRANT, trader.pk, "finance")
    refused(
        "nobody granted the role|cannot be changed",
        f"UPDATE participants_memberchange SET transaction = pg_current_xact_id(); {GRANT}",
        trader.pk,
        "finance",
    )
    assert sorted(
        RoleGrant.objects.filter(membership=trader, revoked_at=None).values_list("role", flat=True)
    ) == ["trader"]
    refused("are kept", "DELETE FROM participants_memberchange")
    refused("cannot be changed", "UPDATE participants_memberchange SET proposed_by = 'usr_x'")


def test_no_owner_is_removed_past_a_change_and_the_last_one_stays(committed_database):
    subject = factories.organisation()
    owner = member(subject, "owner", "owner", "trader")
    end = "UPDATE participants_membership SET ended_at = now() WHERE id = %s"
    revoke = (
        "UPDATE participants_rolegrant SET revoked_at = now() WHERE role = 'owner' AND membership_id = %s"
    )
    for statement in (end, revoke):
        refused("the last owner of an organisation stays", statement, owner.pk)
    second = member(subject, "second", "owner")
    for statement, because in ((end, "nobody ended"), (revoke, "nobody revoked")):
        refused(because, statement, owner.pk)
    for kind, role in (("end", ""), ("revoke", "owner")):
        refused("a second owner did not confirm", CHANGE, owner.pk, kind, role, second.user.public_id, None)
    services.leave(actor=factories.actor_of(second.user))
    refused("the last owner of an organisation stays", revoke, owner.pk)
    assert RoleGrant.objects.filter(membership=owner, revoked_at=None).count() == 2
