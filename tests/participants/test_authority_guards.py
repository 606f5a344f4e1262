"""The database takes no limit that allows more by one owner or at once, and no act above the limit of its person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.models import AuthorityLimit, Commitment, Organisation
from tests.roles import assert_refused, unguarded

from . import factories
from .authority import colleague, limit

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 4, 24, 1, tzinfo=UTC)
LIMITS, ACTS = "participants_authoritylimit", "participants_commitment"


@pytest.fixture
def subject():
    factories.operator()
    clock.move_to(FRIDAY, running=False)
    return factories.organisation("売")


@pytest.fixture
def owner(subject):
    return colleague(subject, "owner", "owner")


@pytest.fixture
def signatory(subject):
    return colleague(subject, "signatory")


def insert(table: str, **facts: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(facts)}) VALUES ({', '.join(['%s'] * len(facts))})",
            list(facts.values()),
        )


def refused(match: str, table: str, facts: dict[str, Any], **changes: Any) -> None:
    assert_refused(lambda: insert(table, **(facts | changes)), because=match)


def statement(owner: Any, **changes: Any) -> dict[str, Any]:
    """A limit past every service: a signatory's, at once."""
    return {
        "public_id": f"alm_{AuthorityLimit.objects.count()}",
        "organisation_id": owner.organisation_id,
        "act": "sign",
        "role": "signatory",
        "person": "",
        "currency": "JPY",
        "per_act_minor": 100,
        "per_month_minor": 200,
        "stated_by": owner.identifier,
        "stated_at": FRIDAY,
        "effective_from": FRIDAY,
        **changes,
    }


def act(signatory: Any, amount_minor: int, **changes: Any) -> dict[str, Any]:
    """An act past every service: a signature."""
    return {
        "public_id": f"cmt_{Commitment.objects.count()}",
        "organisation_id": signatory.organisation_id,
        "act": "sign",
        "role": "signatory",
        "person": signatory.identifier,
        "given_by": signatory.identifier,
        "currency": "JPY",
        "amount_minor": amount_minor,
        "subject": f"ngt_{Commitment.objects.count()}",
        "last_limit_id": AuthorityLimit.objects.latest("pk").pk,
        "committed_at": FRIDAY,
        **changes,
    }


def found(name: str) -> list[dict[str, Any]]:
    return REGISTER[f"participants.{name}"].check()


def test_the_database_lets_owners_alone_state_limits(subject, owner, signatory):
    stranger = colleague(factories.organisation("他"), "stranger", "owner")
    operator = Organisation.objects.get(is_operator=True)
    for changes, why in (
        ({"stated_by": signatory.identifier}, "is no owner"),
        ({"stated_by": stranger.identifier}, "is no owner"),
        ({"stated_by": "app_x"}, "is no owner|authority_limit_of_what"),
        ({"organisation_id": operator.pk}, "a participant states"),
        ({"role": "", "person": stranger.identifier}, "a member of the organisation"),
        ({"role": "trader"}, "authority_limit_of_what"),
        ({"role": "owner"}, "authority_limit_of_what"),
        ({"person": signatory.identifier}, "authority_limit_of_what"),
        ({"per_act_minor": -1}, "authority_limit_of_what"),
        ({"effective_from": FRIDAY - timedelta(days=1)}, "authority_limit_not_before|holds at once"),
        ({"effective_from": FRIDAY + timedelta(days=1)}, "holds at once"),
        ({"stated_at": FRIDAY - timedelta(days=9), "effective_from": FRIDAY - timedelta(days=9)}, "clock"),
    ):
        refused(why, LIMITS, statement(owner), **changes)
    insert(LIMITS, **statement(owner))
    for attack in (f"UPDATE {LIMITS} SET per_act_minor = 5", f"DELETE FROM {LIMITS}"):
        with connection.cursor() as cursor:
            assert_refused(lambda sent=attack: cursor.execute(sent), because="append-only")
    assert found("limits_stated_rightly") == []
    with unguarded(LIMITS):
        insert(LIMITS, **statement(owner, per_act_minor=999, public_id="alm_raised"))
        insert(
            LIMITS, **statement(owner, per_act_minor=1, stated_by=signatory.identifier, public_id="alm_other")
        )
        insert(
            LIMITS,
            **statement(
                owner, per_act_minor=7, effective_from=FRIDAY + timedelta(days=1), public_id="alm_early"
            ),
        )
    named = {row["public_id"] for row in found("limits_stated_rightly")}
    assert named == {"alm_raised", "alm_other", "alm_early"}


def test_the_database_lets_nobody_raise_a_limit_alone_or_at_once(subject, owner):
    limit(owner, role="signatory", per_act_minor=100, per_month_minor=200)
    later = FRIDAY + timedelta(days=4)
    refused("after a business day", LIMITS, statement(owner, per_act_minor=101))
    refused("after a business day", LIMITS, statement(owner, per_month_minor=None))
    refused(
        "after a business day",
        LIMITS,
        statement(owner, per_act_minor=101, effective_from=FRIDAY + timedelta(days=1)),
    )
    second = colleague(subject, "second", "owner")
    refused("another owner", LIMITS, statement(owner, per_act_minor=101, effective_from=later))
    with pytest.raises(Exception, match="second person"):
        limit(owner, role="signatory", per_act_minor=150, per_month_minor=200)
    raised = limit(second, role="signatory", per_act_minor=150, per_month_minor=200)
    for changes in (
        {"per_act_minor": 151},
        {"act": "buy"},
        {"currency": "USD"},
        {"stated_by": owner.identifier},
    ):
        facts = statement(second, per_act_minor=150, effective_from=later, approval_id=raised.approval_id)
        refused("same command|holds at once|approved_once", LIMITS, facts | changes)
    with unguarded(LIMITS):
        insert(LIMITS, **statement(owner, per_act_minor=160, effective_from=later, public_id="alm_alone"))
    clock.move_to(FRIDAY + timedelta(seconds=1), running=False)
    assert found("limits_stated_rightly") == []  # the second owner came in the same moment


def test_the_database_adds_up_what_a_person_commits_to(subject, owner, signatory):
    limit(owner, role="signatory", per_act_minor=100, per_month_minor=150)
    insert(ACTS, **act(signatory, 100))
    refused("above the limit", ACTS, act(signatory, 101))
    refused("the month", ACTS, act(signatory, 51))
    insert(ACTS, **act(signatory, 50))
    refused("the month", ACTS, act(signatory, 1))
    for changes, why in (
        ({"person": owner.identifier, "given_by": owner.identifier}, "has no role"),
        ({"role": "trader"}, "has no role"),
        ({"given_by": "app_x"}, "no program"),
        ({"last_limit_id": None}, "newest limits|null value"),
        ({"currency": "USD"}, "above the limit"),
        ({"amount_minor": -1}, "commitment_of_what"),
        ({"subject": "ngt_0", "amount_minor": 0}, "commitment_once"),
        ({"transaction": "1", "amount_minor": 0}, "does not write this row"),
        ({"committed_at": FRIDAY + timedelta(days=31)}, "clock"),
    ):
        refused(why, ACTS, act(signatory, 1), **changes)
    for attack in (f"UPDATE {ACTS} SET amount_minor = 0", f"DELETE FROM {ACTS}"):
        with connection.cursor() as cursor:
            assert_refused(lambda sent=attack: cursor.execute(sent), because="append-only")
    assert found("acts_within_authority") == []
    with unguarded(ACTS):
        insert(ACTS, **act(signatory, 1, public_id="cmt_month"))
        insert(ACTS, **act(signatory, 101, currency="USD", public_id="cmt_currency"))
    assert {row["public_id"] for row in found("acts_within_authority")} == {"cmt_month", "cmt_currency"}


def test_the_month_is_that_of_japan(subject, owner, signatory):
    limit(owner, role="signatory", per_month_minor=100)
    insert(ACTS, **act(signatory, 100))
    clock.move_to(datetime(2026, 4, 30, 14, 59, tzinfo=UTC), running=False)
    factories.keep_proved(signatory.identifier)
    refused("the month", ACTS, act(signatory, 1, committed_at=clock.now()))
    clock.move_to(datetime(2026, 4, 30, 15, 0, tzinfo=UTC), running=False)
    insert(ACTS, **act(signatory, 100, committed_at=clock.now()))
    assert found("acts_within_authority") == []
