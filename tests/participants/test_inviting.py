"""People are invited by owners of their own organisation, and join by accepting, each for itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import (
    FieldInvalid,
    Forbidden,
    IllegalTransition,
    Missing,
    PermissionNeeded,
    ProofNeeded,
)
from marketplace.participants import services, sweeping
from marketplace.participants.bounds import INVITATION_MAILS_MAX, INVITATIONS_OPEN_MAX
from marketplace.participants.errors import (
    AlreadyAMember,
    InvitationMailsUsedUp,
    InvitationOpen,
    InvitationUnknown,
    SignInToJoin,
    StaffApart,
    TooManyInvitations,
)
from marketplace.participants.models import Invitation, Membership, RoleGrant, User

from . import factories
from .test_payouts import broken

pytestmark = pytest.mark.django_db

ADDRESS, PASSWORD = "taro@example.jp", "a-long-enough-secret"


@pytest.fixture
def subject():
    return factories.organisation()


@pytest.fixture
def owner(subject):
    return factories.actor_of(factories.owner_of(subject))


def invite(owner, **changes):
    return services.invite(**{"actor": owner, "email": ADDRESS, "roles": ["trader"], **changes})


def accept(token, **changes):
    return services.accept_invitation(
        **{"token": token, "name": "高松 太郎", "password": PASSWORD, **changes}
    )


def roles_of(membership):
    return sorted(
        RoleGrant.objects.filter(membership=membership, revoked_at=None).values_list("role", flat=True)
    )


def test_a_stranger_joins_by_the_token_that_its_mail_alone_has(subject, owner):
    invitation = invite(owner, email=" Taro@Example.JP ", roles=["trader", "engineer", "trader"])
    assert (invitation.email, invitation.roles, invitation.state) == (ADDRESS, ["engineer", "trader"], "open")
    assert User.objects.filter(email=ADDRESS).count() == 0
    token = factories.token_in_mail(invitation)
    assert (mail.outbox[-1].to, "組織A" in mail.outbox[-1].subject) == ([ADDRESS], True)
    kept = Invitation.objects.get()
    assert (len(kept.token_digest), token in repr(vars(kept))) == (64, False)
    membership = accept(token)
    assert (membership.organisation, membership.user.email) == (subject, ADDRESS)
    assert (roles_of(membership), membership.user.check_password(PASSWORD)) == (["engineer", "trader"], True)
    kept.refresh_from_db()
    assert (kept.state, kept.ended_by) == ("accepted", membership.user.public_id)
    said = [
        record for record in EvidenceRecord.objects.all() if record.kind.startswith("participants.invitation")
    ]
    assert [record.kind for record in said] == [
        "participants.invitation_open",
        "participants.invitation_accepted",
    ]
    assert ADDRESS not in repr([record.payload for record in said])
    assert OutboxEvent.objects.filter(type="member.joined").count() == 1
    with pytest.raises(InvitationUnknown):
        accept(token)


def test_a_mail_is_in_the_language_of_the_invited(owner):
    invitation = invite(owner, language="en")
    factories.token_in_mail(invitation)
    assert "You are invited to act for Organisation A" in mail.outbox[-1].body
    assert "trader" in mail.outbox[-1].body


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"roles": []}, FieldInvalid),
        ({"roles": ["clearing"]}, FieldInvalid),
        ({"email": "no address"}, FieldInvalid),
        ({"language": "fr"}, FieldInvalid),
    ],
)
def test_a_bad_invitation_is_refused(owner, changes, refusal):
    with pytest.raises(refusal):
        invite(owner, **changes)
    assert Invitation.objects.count() == 0


def test_only_an_owner_with_a_fresh_proof_invites_and_only_to_its_own(subject, owner):
    trader = factories.person_of(subject, "trader", ("trader", "finance", "auditor"))
    stale = factories.actor_of(factories.owner_of(subject), proved_seconds_ago=11 * 60)
    for actor, refusal in (
        (factories.actor_of(trader), PermissionNeeded),
        (stale, ProofNeeded),
        (factories.actor_for(subject, "app_program"), Forbidden),
        (SYSTEM, Forbidden),
    ):
        with pytest.raises(refusal):
            invite(actor)
    assert Invitation.objects.count() == 0
    stranger = factories.actor_of(factories.owner_of(factories.organisation("B")))
    row = invite(owner)
    for command in (services.revoke_invitation, services.resend_invitation, services.confirm_invitation):
        with pytest.raises(Missing):
            command(actor=stranger, invitation=row.public_id)
    row.refresh_from_db()
    assert (row.state, row.mails) == ("open", 1)


def test_the_answer_is_the_same_whether_the_address_has_a_login(owner):
    known = factories.person_of(factories.organisation("B"), "known").email
    first, second = invite(owner, email=known), invite(owner, email="nobody@example.jp")
    assert (first.state, first.mails) == (second.state, second.mails)
    run_due("mail")
    assert len(mail.outbox) == 2


def test_a_member_is_not_invited_again_and_an_address_once(owner, subject):
    with pytest.raises(AlreadyAMember):
        invite(owner, email=User.objects.get(public_id=owner.identifier).email)
    row = invite(owner)
    with pytest.raises(InvitationOpen):
        invite(owner)
    services.revoke_invitation(actor=owner, invitation=row.public_id)
    assert invite(owner).state == "open"


def test_who_has_a_login_joins_signed_in_and_by_its_own_address_alone(subject, owner):
    other = factories.organisation("B")
    person, colleague = factories.person_of(other, "known"), factories.person_of(other, "colleague")
    token = factories.token_in_mail(invite(owner, email=person.email))
    with pytest.raises(SignInToJoin):
        accept(token)
    for wrong in (factories.actor_of(colleague), owner):
        with pytest.raises(InvitationUnknown):
            services.join_organisation(actor=wrong, token=token)
    for nobody in (factories.actor_for(other, "app_x"), SYSTEM):
        with pytest.raises(Forbidden):
            services.join_organisation(actor=nobody, token=token)
    assert not person.check_password(PASSWORD)
    assert Membership.objects.filter(user=person).count() == 1
    membership = services.join_organisation(actor=factories.actor_of(person), token=token)
    assert (membership.organisation, roles_of(membership)) == (subject, ["trader"])
    assert factories.actor_of(person, other).organisation == other.public_id


def test_nobody_who_does_not_accept_is_locked_out(owner):
    """An owner invites the chief of another company, who joins nothing by that."""
    invite(owner, email="cfo@victim.example.jp", roles=["owner"])
    assert User.objects.filter(email="cfo@victim.example.jp").count() == 0
    theirs = factories.organisation("V")
    services.add_member(
        actor=SYSTEM, organisation=theirs.public_id, email="cfo@victim.example.jp", name="x", roles=["owner"]
    )
    assert Membership.objects.get(user__email="cfo@victim.example.jp").organisation == theirs


@pytest.mark.parametrize("wrong", ["", "ivk_unknown", "\ud800", "x" * 100])
def test_a_wrong_token_accepts_nothing(owner, wrong):
    invite(owner)
    run_due("mail")
    with pytest.raises(InvitationUnknown):
        accept(wrong)
    assert User.objects.count() == 1


def test_bad_words_make_no_login(owner):
    token = factories.token_in_mail(invite(owner))
    for changes in ({"name": " "}, {"password": "1234"}):
        with pytest.raises(FieldInvalid):
            accept(token, **changes)
    assert User.objects.count() == 1
    assert accept(token).user.email == ADDRESS


def test_an_invitation_ends_after_seven_days_of_business_time(owner):
    row = invite(owner)
    token = factories.token_in_mail(row)
    clock.move_to(row.expires_at)
    with pytest.raises(InvitationUnknown):
        accept(token)
    assert sweeping.lapse_overdue() == 1
    row.refresh_from_db()
    assert (row.state, row.ended_by) == ("lapsed", "system")
    assert sweeping.lapse_overdue() == 0


def test_an_expired_one_is_in_nobodys_way(owner):
    row = invite(owner)
    clock.move_to(row.expires_at)
    assert invite(owner).state == "open"
    row.refresh_from_db()
    assert row.state == "lapsed"


def test_a_later_mail_voids_the_tokens_before(owner):
    row = invite(owner)
    first = factories.token_in_mail(row)
    clock.move_to(clock.now() + timedelta(days=6))
    services.resend_invitation(actor=owner_again(owner), invitation=row.public_id)
    second = factories.token_in_mail(row)
    with pytest.raises(InvitationUnknown):
        accept(first)
    clock.move_to(clock.now() + timedelta(days=6))
    assert accept(second).user.email == ADDRESS
    with pytest.raises(IllegalTransition):
        services.resend_invitation(actor=owner_again(owner), invitation=row.public_id)


def owner_again(owner):
    return factories.actor_of(User.objects.get(public_id=owner.identifier))


def test_mails_and_invitations_are_bounded(owner, monkeypatch):
    row = invite(owner)
    for _ in range(INVITATION_MAILS_MAX - 1):
        services.resend_invitation(actor=owner, invitation=row.public_id)
    with pytest.raises(InvitationMailsUsedUp):
        services.resend_invitation(actor=owner, invitation=row.public_id)
    for number in range(INVITATIONS_OPEN_MAX - 1):
        invite(owner, email=f"p{number}@example.jp")
    with pytest.raises(TooManyInvitations):
        invite(owner, email="one-more@example.jp")
    assert Invitation.objects.count() == INVITATIONS_OPEN_MAX


def test_a_revoked_invitation_is_none(owner):
    row = invite(owner)
    token = factories.token_in_mail(row)
    services.revoke_invitation(actor=owner, invitation=row.public_id)
    with pytest.raises(InvitationUnknown):
        accept(token)
    with pytest.raises(IllegalTransition):
        services.revoke_invitation(actor=owner, invitation=row.public_id)


def test_a_mail_that_comes_too_late_has_no_token(owner):
    row = invite(owner)
    services.revoke_invitation(actor=owner, invitation=row.public_id)
    run_due("mail")
    row.refresh_from_db()
    assert (mail.outbox, row.token_digest) == ([], None)


def test_the_operator_invites_by_two_owners(subject):
    operator = factories.operator()
    first, second = (factories.actor_of(factories.person_of(operator, name)) for name in ("first", "second"))
    row = invite(first, email="new@operator.example.jp", roles=["clearing"])
    run_due("mail")
    assert (row.state, mail.outbox) == ("proposed", [])
    clerk = factories.actor_of(factories.person_of(operator, "clerk", ("clearing", "admission")))
    for actor, refusal in ((first, Forbidden), (clerk, PermissionNeeded)):
        with pytest.raises(refusal):
            services.confirm_invitation(actor=actor, invitation=row.public_id)
    row.refresh_from_db()
    assert row.state == "proposed"
    services.confirm_invitation(actor=second, invitation=row.public_id)
    membership = accept(factories.token_in_mail(row))
    assert (membership.organisation, roles_of(membership)) == (operator, ["clearing"])
    assert OutboxEvent.objects.filter(type__startswith="second_owner.").count() == 2


def test_an_owner_is_invited_by_two_where_there_are_two(subject, owner):
    alone = invite(owner, email="second@example.jp", roles=["owner"])
    assert alone.state == "open"
    second = accept(factories.token_in_mail(alone)).user
    third = invite(owner, email="third@example.jp", roles=["owner", "trader"])
    assert third.state == "proposed"
    with pytest.raises(Forbidden):
        services.confirm_invitation(actor=owner, invitation=third.public_id)
    services.confirm_invitation(actor=factories.actor_of(second), invitation=third.public_id)
    third.refresh_from_db()
    assert (third.state, third.confirmed_by) == ("open", second.public_id)
    assert invite(owner, email="trader@example.jp").state == "open"


def test_what_somebody_proposed_who_is_no_owner_any_more_is_void(subject, owner):
    second = factories.actor_of(factories.person_of(subject, "second", ("owner",)))
    row = invite(second, roles=["owner"])
    services.leave(actor=second)
    with pytest.raises(IllegalTransition):
        services.confirm_invitation(actor=owner, invitation=row.public_id)
    assert Invitation.objects.get().state == "lapsed"


def test_staff_and_participants_stay_apart(subject, owner):
    operator = factories.operator()
    first, second = (factories.actor_of(factories.person_of(operator, name)) for name in ("first", "second"))
    staff = User.objects.get(public_id=first.identifier)
    token = factories.token_in_mail(invite(owner, email=staff.email))
    with pytest.raises(StaffApart):
        services.join_organisation(actor=first, token=token)
    person = factories.person_of(subject, "person", ("trader",))
    row = invite(first, email=person.email, roles=["clearing"])
    services.confirm_invitation(actor=second, invitation=row.public_id)
    with pytest.raises(StaffApart):
        services.join_organisation(actor=factories.actor_of(person), token=factories.token_in_mail(row))
    services.leave(actor=factories.actor_of(person))
    bare = factories.actor_of(person)
    assert services.join_organisation(actor=bare, token=factories.token_in_mail(row)).organisation == operator


def test_the_first_owner_is_invited_by_the_market_and_only_the_first(subject):
    row = services.invite_first_owner(organisation=subject.public_id, email=ADDRESS, language="en")
    assert (row.invited_by, row.roles) == ("system", ["owner"])
    membership = accept(factories.token_in_mail(row))
    assert (membership.user.language, roles_of(membership)) == ("en", ["owner"])
    with pytest.raises(Missing):
        services.invite_first_owner(organisation="org_nobody", email=ADDRESS)


def test_an_invitation_ends_with_the_owner_who_made_it(subject, owner):
    stays = factories.person_of(subject, "stays", ("owner",))
    row, confirmed = invite(owner), invite(owner, email="third@example.jp", roles=["owner"])
    services.confirm_invitation(actor=factories.actor_of(stays), invitation=confirmed.public_id)
    token = factories.token_in_mail(row)
    services.leave(actor=owner)
    row.refresh_from_db()
    assert (row.state, row.ended_by) == ("lapsed", "system")
    with pytest.raises(InvitationUnknown):
        accept(token)
    # Who confirmed it stands for it still.
    assert accept(factories.token_in_mail(confirmed)).organisation == subject
    assert not User.objects.filter(email=ADDRESS).exists()
    assert broken() == {}


def test_a_locked_login_lets_nobody_in(subject, owner):
    staff = factories.actor_of(factories.person_of(factories.operator(), "staff", ("admission",)))
    token = factories.token_in_mail(invite(owner))
    services.lock_login(actor=staff, person=owner.identifier, reason="不審な利用")
    with pytest.raises(InvitationUnknown):
        accept(token)
    assert (Invitation.objects.get().state, User.objects.filter(email=ADDRESS).exists()) == ("open", False)
    assert broken() == {}
