"""The database refuses what Python would not do, and the checks find what somebody with all rights did."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import verify_all
from marketplace.participants.models import Session
from marketplace.rules import services
from marketplace.rules.models import Decision, Halt, Rulebook
from tests.participants.factories import staff
from tests.roles import assert_refused, unguarded

from .factories import document, publish, rule

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GIVEN = {"trade": {"segment": "mobility", "price_minor": 5_000, "currency": "JPY"}}

INSERT_RULEBOOK = (
    "INSERT INTO rules_rulebook (public_id, number, document, digest, vocabulary, vocabulary_digest, published_at,"
    " effective_from, published_by, first_person, replaces_id) VALUES (%(public_id)s, %(number)s, '{}', %(digest)s,"
    " %(vocabulary)s, %(digest)s, %(published_at)s, %(effective_from)s, 'usr_second', 'usr_first',"
    " (SELECT max(id) FROM rules_rulebook WHERE %(number)s > 1))"
)
INSERT_DECISION = (
    "INSERT INTO rules_decision (public_id, point, subject, rulebook_id, facts, outcome, reasons, digest, parties,"
    " actor, decided_at) VALUES ('dec_forged', 'trading', 'trd_1', %(rulebook)s, '{}', %(outcome)s, %(reasons)s,"
    " %(digest)s, '{}', 'nobody', %(decided_at)s)"
)
REASON = {"rule": "A-1", "outcome": "deny", "basis": "rule", "text": {"ja": "規則", "en": "Rule"}}


@pytest.fixture(autouse=True)
def rulebook():
    """A rulebook in force since noon, under which one trade was decided."""
    clock.move_to(NOON, running=False)
    staff("usr_first", "usr_second")
    published = publish(document(rule("A-1", "trade.price_minor > 100", "deny", point="trading")))
    services.evaluate(point="trading", subject="trd_1", given=GIVEN)
    return published


def execute(statement: str, parameters: dict[str, Any] | None = None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement, parameters)


def refused(match: str, statement: str, parameters: dict[str, Any] | None = None) -> None:
    before = (Rulebook.objects.count(), Decision.objects.count())
    assert_refused(lambda: execute(statement, parameters), because=match)
    assert (Rulebook.objects.count(), Decision.objects.count()) == before


def rulebook_row(**changes: Any) -> dict[str, Any]:
    row = {"public_id": "rbk_forged", "number": 2, "digest": "0" * 64, "vocabulary": '{"points": {}}'}
    return row | {"published_at": NOON, "effective_from": NOON} | changes


def decision_row(rulebook: Rulebook, **changes: Any) -> dict[str, Any]:
    row = {"rulebook": rulebook.pk, "outcome": "deny", "reasons": [REASON], "digest": "0" * 64}
    row |= {"decided_at": NOON} | changes
    return row | {"reasons": json.dumps(row["reasons"])}


def broken() -> list[str]:
    return sorted(name for name, breaches in verify_all("rules").items() if breaches)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rules_rulebook SET document = '{}'",
        "DELETE FROM rules_rulebook",
        "TRUNCATE rules_rulebook CASCADE",
        "UPDATE rules_decision SET outcome = 'allow'",
        "DELETE FROM rules_decision",
        "TRUNCATE rules_decision",
    ],
)
def test_what_was_published_and_decided_stays(statement):
    refused("append-only", statement)


@pytest.mark.parametrize("number", [1, 3, 0])
def test_a_gap_between_rulebooks_is_refused(number):
    refused("does not follow", INSERT_RULEBOOK, rulebook_row(number=number))


def test_a_rulebook_number_is_held_by_one(rulebook):
    with unguarded("rules_rulebook"):
        refused("rulebook_number_once", INSERT_RULEBOOK, rulebook_row(number=1))
        refused("rulebook_effective_later", INSERT_RULEBOOK, rulebook_row(effective_from=NOON - DAY))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"published_at": NOON - DAY}, "after the one before it"),
        ({"effective_from": NOON - DAY}, "before its notice"),
        ({"digest": "0" * 63}, "rulebook_digests"),
        ({"digest": "Z" * 64}, "rulebook_digests"),
    ],
)
def test_a_rulebook_that_was_not_published_properly_is_refused(changes, match):
    refused(match, INSERT_RULEBOOK, rulebook_row(**changes))


@pytest.mark.parametrize(
    "vocabulary",
    [
        {"points": {"trade_fee": {"kind": "tariff", "facts": {"applicant.organisation": "string"}}}},
        {"points": {"order": {"kind": "decision", "neutral": True, "facts": {"listing.seller": "string"}}}},
        {"points": ["trade_fee"]},
        {},
    ],
)
def test_a_fee_that_knows_who_trades_is_refused(vocabulary):
    refused("neutral point", INSERT_RULEBOOK, rulebook_row(vocabulary=json.dumps(vocabulary)))


def test_a_rulebook_out_of_force_decides_nothing(rulebook):
    refused("in force", INSERT_DECISION, decision_row(rulebook, decided_at=NOON - DAY))
    later = publish(document(), effective_from=NOON + DAY)
    refused("in force", INSERT_DECISION, decision_row(later))
    refused("in force", INSERT_DECISION, decision_row(rulebook, decided_at=NOON + DAY))


@pytest.mark.parametrize(
    ("outcome", "reasons"),
    [
        ("allow", [REASON]),
        ("deny", []),
        ("deny", [REASON | {"outcome": "hold"}]),
        ("deny", [REASON, REASON | {"outcome": "maybe"}]),
        ("deny", [REASON, "because"]),
        ("deny", {"outcome": "deny"}),
    ],
)
def test_an_outcome_without_its_reason_is_refused(rulebook, outcome, reasons):
    row = decision_row(rulebook, outcome=outcome, reasons=reasons)
    refused("does not follow|reasons are a list", INSERT_DECISION, row)


def test_an_outcome_that_does_not_exist_is_refused(rulebook):
    with unguarded("rules_decision"):
        refused("decision_outcome", INSERT_DECISION, decision_row(rulebook, outcome="maybe"))
        refused("decision_digest", INSERT_DECISION, decision_row(rulebook, digest="none"))


def test_all_invariants_hold_of_what_services_made(rulebook):
    publish(document(), effective_from=NOON)
    services.evaluate(point="trading", subject="trd_2", given=GIVEN)
    assert broken() == []


def test_a_forged_decision_is_found(rulebook):
    """It agrees with itself and with every guard, but not with the rules: without facts, A-1 cannot be decided."""
    execute(INSERT_DECISION, decision_row(rulebook))
    assert broken() == ["rules.decisions_replay"]
    assert services.verify_replays() == [
        {"decision": "dec_forged", "difference": "decided deny, replayed hold"}
    ]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("facts = jsonb_set(facts, '{trade.price_minor}', '5')", "decided deny, replayed allow"),
        ("facts = jsonb_set(facts, '{trade.price_minor}', '6000')", "the digest differs"),
        ("subject = 'trd_2'", "the digest differs"),
        ("reasons = jsonb_set(reasons, '{0,text,en}', '\"Other\"')", "the reasons differ"),
    ],
)
def test_a_decision_changed_by_somebody_with_all_rights_is_found(change, difference):
    with unguarded("rules_decision"):
        execute(f"UPDATE rules_decision SET {change}")
    assert broken() == ["rules.decisions_replay"]
    assert [row["difference"] for row in services.verify_replays()] == [difference]
    assert not services.replay(Decision.objects.get().public_id)


def test_a_forged_rulebook_is_found():
    with unguarded("rules_rulebook"):
        execute("UPDATE rules_rulebook SET document = jsonb_set(document, '{rules,0,outcome}', '\"allow\"')")
    assert broken() == ["rules.decisions_replay", "rules.rulebooks_are_as_published"]


def test_a_rulebook_that_does_not_compile_any_more_is_found():
    with unguarded("rules_rulebook"):
        execute(
            "UPDATE rules_rulebook SET document = jsonb_set(document, '{rules,0,when}', '\"trade.colour\"')"
        )
    assert "cannot be compiled" in services.verify_replays()[0]["difference"]


def test_what_the_guards_hold_is_found_without_them(rulebook):
    fee = {"points": {"trade_fee": {"kind": "tariff", "facts": {"applicant.kind": "string"}}}, "reads": {}}
    with unguarded("rules_rulebook", "rules_decision"):
        execute(INSERT_RULEBOOK, rulebook_row(number=5, vocabulary=json.dumps(fee)))
        execute(INSERT_DECISION, decision_row(rulebook, outcome="allow", decided_at=NOON + DAY))
    assert broken() == [
        "rules.decided_under_the_rulebook_in_force",
        "rules.decisions_replay",
        "rules.fees_do_not_know_who_trades",
        "rules.outcome_follows_from_reasons",
        "rules.rulebooks_are_as_published",
        "rules.rulebooks_follow_each_other",
    ]


WHY = {"ja": "確認", "en": "Check"}
INSERT_HALT = (
    "INSERT INTO rules_halt (public_id, scope, subject, reason, started_at, started_by, lifted_at, lifted_by,"
    " lift_reason) VALUES ('hlt_forged', %(scope)s, %(subject)s, %(reason)s, now(), 'nobody', %(lifted_at)s,"
    " %(lifted_by)s, NULL)"
)


def halt_row(**changes: Any) -> dict[str, Any]:
    row = {"scope": "market", "subject": "", "reason": json.dumps(WHY), "lifted_at": None, "lifted_by": None}
    return row | changes


@pytest.fixture
def halt() -> Halt:
    """A live halt of the market, and two people who may lift it."""
    staff("usr_first", "usr_second")
    return services.halt_trading(actor=SYSTEM, scope="market", reason=WHY)


def test_a_second_live_halt_is_refused(halt):
    refused("halt_one_live", INSERT_HALT, halt_row())
    services.lift_halt(
        actor=replace(SYSTEM, identifier="usr_second"),
        halt=halt.public_id,
        reason=WHY,
        first_person="usr_first",
    )
    execute(INSERT_HALT, halt_row())
    assert broken() == []


@pytest.mark.parametrize(
    ("match", "changes"),
    [
        ("halt_of_what", {"subject": "mobility"}),
        ("halt_of_what", {"scope": "segment"}),
        ("halt_of_what", {"scope": "planet", "subject": "earth"}),
        ("halt_says_why", {"reason": '{"en": "Check"}'}),
        ("halt_lifted_whole", {"lifted_at": NOON}),
        ("halt_lifted_by_two", {"lifted_at": NOON, "lifted_by": "usr_nobody"}),
    ],
)
def test_a_halt_of_another_shape_is_refused(match, changes):
    refused(match, INSERT_HALT, halt_row(**changes))
    assert Halt.objects.count() == 0


@pytest.mark.parametrize(
    ("match", "statement"),
    [
        ("cannot be changed", "UPDATE rules_halt SET scope = 'segment', subject = 'mobility'"),
        ("cannot be changed", """UPDATE rules_halt SET reason = '{"ja": "別", "en": "Other"}'"""),
        ("cannot be changed", "UPDATE rules_halt SET started_at = now()"),
        ("cannot be changed", "UPDATE rules_halt SET lifted_at = NULL, lifted_by = NULL, lift_reason = NULL"),
        ("are kept", "DELETE FROM rules_halt"),
    ],
)
def test_what_was_said_of_a_halt_is_kept(halt, match, statement):
    services.lift_halt(
        actor=replace(SYSTEM, identifier="usr_second"),
        halt=halt.public_id,
        reason=WHY,
        first_person="usr_first",
    )
    refused(match, statement)
    assert Halt.objects.filter(lifted_at=NOON, scope="market").count() == 1


LIFT = (
    "UPDATE rules_halt SET lifted_at = started_at, lift_reason = reason, lifted_by = %(lifted_by)s,"
    " lift_first_person = %(first)s"
)
PUBLISH = (
    "INSERT INTO rules_rulebook (public_id, number, document, digest, vocabulary, vocabulary_digest, published_at,"
    " published_by, first_person, effective_from, replaces_id) SELECT 'rbk_raw', number + 1, document, digest, vocabulary,"
    " vocabulary_digest, published_at, %(lifted_by)s, %(first)s, effective_from, id FROM rules_rulebook"
)


@pytest.mark.parametrize("decide", [LIFT, PUBLISH])
@pytest.mark.parametrize(
    ("first", "second"),
    [("usr_first", "usr_made_up"), ("usr_made_up", "usr_second"), ("usr_first", "usr_stale")],
)
def test_made_up_people_decide_nothing(halt, decide, first, second):
    staff("usr_stale")
    Session.objects.filter(user__public_id="usr_stale").update(
        proved_at=clock.real_now() - timedelta(minutes=11)
    )
    because = "is no natural person of the operator"
    refused(because, decide, {"lifted_by": second, "first": first})
    assert (Halt.objects.filter(lifted_at=None).count(), Rulebook.objects.count()) == (1, 1)


def test_people_who_held_no_role_at_that_moment_are_named(halt):
    services.lift_halt(
        actor=replace(SYSTEM, identifier="usr_second"),
        halt=halt.public_id,
        reason=WHY,
        first_person="usr_first",
    )
    assert broken() == []
    with unguarded("participants_rolegrant"), connection.cursor() as cursor:
        cursor.execute("UPDATE participants_rolegrant SET granted_at = '2100-01-01'")
    assert broken() == ["rules.decided_by_natural_persons"]
