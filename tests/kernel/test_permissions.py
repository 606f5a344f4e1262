"""Who may do what: the table of permissions, and actors that are asked."""

from datetime import timedelta

import pytest

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.errors import Forbidden, PermissionNeeded, ProofNeeded
from marketplace.kernel.permissions import (
    NEEDS_PROOF,
    OPERATOR_ROLES,
    PARTICIPANT_ROLES,
    PERSONAL,
    PROOF_MINUTES,
    READS,
    RULES,
    SCOPES,
    WRITES,
    Permission,
    permissions_of,
)


def held(*permissions, minutes=0.0):
    proved_at = clock.real_now() - timedelta(minutes=minutes)
    return Actor("usr_1", Role.PARTICIPANT, permissions=frozenset(permissions), proved_at=proved_at)


def test_every_permission_has_a_rule_that_roles_of_its_side_hold():
    assert set(RULES) == set(Permission)
    for rule in RULES.values():
        assert rule.participant <= PARTICIPANT_ROLES
        assert rule.operator <= OPERATOR_ROLES
        assert rule.participant | rule.operator
    assert NEEDS_PROOF <= PARTICIPANT_ROLES
    assert set(Permission) == READS | WRITES | PERSONAL


def test_a_program_gets_nothing_that_needs_a_fresh_proof():
    assert [name for name in SCOPES if RULES[name].fresh] == []
    assert sorted(SCOPES) == [
        "contracts:submit",
        "deliveries:answer",
        "deliveries:read",
        "listings:write",
        "market:read",
        "money:read",
        "money:write",
        "negotiations:settle",
        "negotiations:write",
    ]


def test_roles_give_what_the_table_says():
    assert permissions_of(["engineer"], proved=False, is_operator=False) == {
        "person:own",
        "notices:write",
        "market:read",
        "deliveries:read",
        "deliveries:answer",
        "webhooks:write",
    }
    assert permissions_of(["rulebook", "auditor"], proved=True, is_operator=True) == {
        "person:own",
        "notices:write",
        "market:read",
        "operator:read",
        "admission:read",
        "rulebook:write",
        "trading:halt",
        "clearing:read",
        "evidence:read",
    }


@pytest.mark.parametrize("role", sorted(NEEDS_PROOF))
def test_a_role_that_needs_a_proof_gives_nothing_without_one(role):
    assert permissions_of([role], proved=False, is_operator=False) == {"person:own"}
    assert len(permissions_of([role], proved=True, is_operator=False)) > 2


def test_the_operators_roles_give_nothing_without_a_proof():
    assert permissions_of(OPERATOR_ROLES, proved=False, is_operator=True) == {"person:own"}


def test_the_same_word_means_another_role_on_the_other_side():
    assert "money:read" in permissions_of(["auditor"], proved=True, is_operator=False)
    assert "evidence:read" not in permissions_of(["auditor"], proved=True, is_operator=False)
    assert permissions_of(["trader"], proved=True, is_operator=True) == {"person:own"}


def test_an_actor_without_permissions_may_nothing():
    actor = Actor("usr_1", Role.OPERATOR)
    for permission in Permission:
        with pytest.raises(PermissionNeeded):
            actor.require(permission)
    assert not actor.may(*Permission)


def test_one_permission_of_several_is_enough():
    actor = held(Permission.LISTINGS_WRITE)
    actor.require(Permission.MARKET_READ, Permission.LISTINGS_WRITE)
    assert actor.may(Permission.MARKET_READ, Permission.LISTINGS_WRITE)
    with pytest.raises(PermissionNeeded) as refusal:
        actor.require(Permission.MARKET_READ)
    assert isinstance(refusal.value, Forbidden)
    assert refusal.value.fields == {
        "permission": "market:read",
        "needed": "read what one may see in the market",
    }


def test_a_proof_is_fresh_for_ten_minutes():
    assert PROOF_MINUTES == 10
    held(Permission.MEMBERS_WRITE, minutes=9.9).require(Permission.MEMBERS_WRITE)
    stale = held(Permission.MEMBERS_WRITE, Permission.MARKET_READ, minutes=10.1)
    with pytest.raises(ProofNeeded) as refusal:
        stale.require(Permission.MEMBERS_WRITE)
    assert refusal.value.fields == {"within_minutes": 10}
    stale.require(Permission.MARKET_READ, Permission.MEMBERS_WRITE)
    never = Actor("usr_1", Role.PARTICIPANT, permissions=frozenset({Permission.MEMBERS_WRITE}))
    with pytest.raises(ProofNeeded):
        never.require(Permission.MEMBERS_WRITE)


def test_the_system_may_everything():
    for permission in Permission:
        SYSTEM.require(permission)
        assert SYSTEM.may(permission)
    SYSTEM.require_fresh_proof()
