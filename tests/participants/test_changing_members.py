"""Roles change and memberships end: by an owner, by two where that takes two, by the member itself; the last owner stays."""

from __future__ import annotations

import pytest

from fixtures.sessions import open_session
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
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
from marketplace.participants.errors import (
    ChangeProposed,
    LastOwner,
    NotAMember,
    ProposerGone,
    RoleHeld,
    RoleNotHeld,
)
from marketplace.participants.models import MemberChange, Membership, RoleGrant
from marketplace.participants.principal import load_person

from . import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject():
    return factories.organisation()


def somebody(subject, name, *roles):
    """A person with its actor and membership."""
    person = factories.person_of(subject, name, roles)
    return factories.actor_of(person), Membership.objects.get(user=person, organisation=subject).public_id


@pytest.fixture
def owner(subject):
    return somebody(subject, "owner", "owner")[0]


def roles_of(member):
    grants = RoleGrant.objects.filter(membership__public_id=member, revoked_at=None)
    return sorted(grants.values_list("role", flat=True))


def unchanged():
    """What no refusal may change."""
    return (
        list(RoleGrant.objects.order_by("pk").values()),
        list(Membership.objects.order_by("pk").values()),
        list(MemberChange.objects.order_by("pk").values()),
        EvidenceRecord.objects.count(),
    )


def test_an_owner_grants_and_revokes_and_history_stays(subject, owner):
    _, member = somebody(subject, "member", "trader")
    granted = services.grant_role(actor=owner, member=member, role="finance", reason="異動")
    assert (granted.state, granted.proposed_by, granted.confirmed_by) == ("done", owner.identifier, None)
    services.revoke_role(actor=owner, member=member, role="trader")
    assert roles_of(member) == ["finance"]
    services.grant_role(actor=owner, member=member, role="trader")
    history = RoleGrant.objects.filter(membership__public_id=member).order_by("pk")
    assert [(row.role, row.revoked_at is None) for row in history] == [
        ("trader", False),
        ("finance", True),
        ("trader", True),
    ]
    assert list(MemberChange.objects.order_by("pk").values_list("kind", "role")) == [
        ("grant", "finance"),
        ("revoke", "trader"),
        ("grant", "trader"),
    ]
    assert OutboxEvent.objects.filter(type="member.changed").count() == 3
    (record, *_) = EvidenceRecord.objects.filter(kind="participants.member_change_done").order_by("pk")
    assert (record.payload["role"], "異動" in repr(record.payload)) == ("finance", False)


def test_who_may_not_changes_nothing(subject, owner):
    trader, member = somebody(subject, "member", "trader", "finance")
    stranger, _ = somebody(factories.organisation("B"), "stranger", "owner")
    staff, _ = somebody(factories.operator(), "staff", "owner", "admission")
    stale = factories.actor_of(factories.owner_of(subject), proved_seconds_ago=11 * 60)
    before = unchanged()
    for actor, refusal in (
        (trader, PermissionNeeded),
        (stranger, Missing),
        (staff, Missing),
        (stale, ProofNeeded),
        (factories.actor_for(subject, "app_program"), Forbidden),
        (SYSTEM, Forbidden),
    ):
        with pytest.raises(refusal):
            services.grant_role(actor=actor, member=member, role="signatory")
        with pytest.raises(refusal):
            services.end_membership(actor=actor, member=member, reason="x")
    _, theirs = somebody(subject, "other", "trader")
    before = unchanged()
    for actor, refusal in ((trader, PermissionNeeded), (stranger, Missing), (stale, ProofNeeded)):
        with pytest.raises(refusal):
            services.revoke_role(actor=actor, member=theirs, role="trader")
    for wrong in ({"role": "king"}, {"role": "clearing"}):
        with pytest.raises(FieldInvalid):
            services.grant_role(actor=owner, member=member, **wrong)
    with pytest.raises(RoleHeld):
        services.grant_role(actor=owner, member=member, role="trader")
    with pytest.raises(RoleNotHeld):
        services.revoke_role(actor=owner, member=member, role="auditor")
    with pytest.raises(FieldInvalid):
        services.end_membership(actor=owner, member=member, reason=" ")
    assert unchanged() == before


def test_a_member_gives_up_its_own_roles_and_gives_itself_none(subject, owner):
    trader, member = somebody(subject, "member", "trader", "finance")
    services.revoke_role(actor=trader, member=member, role="finance")
    assert roles_of(member) == ["trader"]
    with pytest.raises(PermissionNeeded):
        services.grant_role(actor=trader, member=member, role="finance")


def test_the_last_owner_stays(subject, owner):
    member = Membership.objects.get(user__public_id=owner.identifier).public_id
    somebody(subject, "trader", "trader")
    before = unchanged()
    for refused in (
        lambda: services.leave(actor=owner),
        lambda: services.end_membership(actor=owner, member=member, reason="x"),
        lambda: services.revoke_role(actor=owner, member=member, role="owner"),
    ):
        with pytest.raises(LastOwner):
            refused()
    assert unchanged() == before
    somebody(subject, "second", "owner")
    assert services.leave(actor=owner).state == "done"
    assert Membership.objects.get(user__public_id=owner.identifier).ended_at is not None


def test_leaving_ends_what_a_session_may_at_once(subject, owner):
    person = factories.person_of(subject, "member", ("trader",))
    session = open_session(person)
    assert load_person(session, subject.public_id).roles == ("trader",)
    services.leave(actor=factories.actor_of(person))
    with pytest.raises(NotAMember):
        load_person(session, subject.public_id)
    assert load_person(session, None).actor.permissions == {"person:own"}
    with pytest.raises(Forbidden):
        services.leave(actor=load_person(session, None).actor)


def test_what_concerns_an_owner_takes_two_where_there_are_two(subject, owner):
    second, of_second = somebody(subject, "second", "owner", "trader")
    _, member = somebody(subject, "member", "trader")
    asked = {
        "grant": services.grant_role(actor=owner, member=member, role="owner"),
        "revoke": services.revoke_role(actor=owner, member=of_second, role="owner"),
        "end": services.end_membership(actor=owner, member=of_second, reason="x"),
    }
    assert {row.state for row in asked.values()} == {"proposed"}
    assert (roles_of(member), roles_of(of_second)) == (["trader"], ["owner", "trader"])
    with pytest.raises(ChangeProposed):
        services.grant_role(actor=owner, member=member, role="owner")
    with pytest.raises(Forbidden):
        services.confirm_change(actor=owner, change=asked["grant"].public_id)
    assert (
        services.confirm_change(actor=second, change=asked["grant"].public_id).confirmed_by
        == second.identifier
    )
    assert roles_of(member) == ["owner", "trader"]
    with pytest.raises(IllegalTransition):
        services.confirm_change(actor=second, change=asked["grant"].public_id)
    services.withdraw_change(actor=second, change=asked["end"].public_id)
    third = factories.actor_of(Membership.objects.get(public_id=member).user)
    services.confirm_change(actor=third, change=asked["revoke"].public_id)
    assert roles_of(of_second) == ["trader"]
    assert OutboxEvent.objects.filter(type="second_owner.needed").count() == 3
    assert OutboxEvent.objects.filter(type="second_owner.ended").count() == 3


def test_at_the_operator_every_role_takes_two(subject):
    operator = factories.operator()
    first, own = somebody(operator, "first", "owner")
    second, _ = somebody(operator, "second", "owner")
    clerk, member = somebody(operator, "clerk", "support")
    for who in (member, own):
        row = services.grant_role(actor=first, member=who, role="clearing")
        assert row.state == "proposed"
        for actor, refusal in ((first, Forbidden), (clerk, PermissionNeeded)):
            with pytest.raises(refusal):
                services.confirm_change(actor=actor, change=row.public_id)
        assert "clearing" not in roles_of(who)
        services.confirm_change(actor=second, change=row.public_id)
        assert "clearing" in roles_of(who)
    assert services.revoke_role(actor=first, member=member, role="clearing").state == "done"


def test_a_change_that_nobody_confirms_lapses_and_one_of_a_former_owner_is_void(subject, owner):
    second, _ = somebody(subject, "second", "owner")
    _, member = somebody(subject, "member", "trader")
    row = services.grant_role(actor=second, member=member, role="owner")
    services.leave(actor=second)
    with pytest.raises(ProposerGone):
        services.confirm_change(actor=owner, change=row.public_id)
    clock.move_to(row.expires_at)
    assert sweeping.lapse_overdue() == 1
    assert MemberChange.objects.get(public_id=row.public_id).state == "lapsed"
    assert roles_of(member) == ["trader"]


def test_a_change_of_another_organisation_is_missing(subject, owner):
    somebody(subject, "second", "owner")
    _, member = somebody(subject, "member", "trader")
    row = services.grant_role(actor=owner, member=member, role="owner")
    stranger, _ = somebody(factories.organisation("B"), "stranger", "owner")
    for command in (services.confirm_change, services.withdraw_change):
        with pytest.raises(Missing):
            command(actor=stranger, change=row.public_id)
    assert MemberChange.objects.get(public_id=row.public_id).state == "proposed"
