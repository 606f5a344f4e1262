"""Publishing rulebooks, deciding by the one in force, and replaying."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.participants import services as participation
from marketplace.rules import queries, services
from marketplace.rules.cel import ENGINE
from marketplace.rules.errors import (
    EffectiveInThePast,
    FactsNotTaken,
    NoRulebook,
    RulebookRefused,
    UnknownPoint,
)
from marketplace.rules.models import Decision, Rulebook
from marketplace.rules.points import EVALUATOR, vocabulary
from tests.participants import factories as participants

from .factories import document, fixture_document, publish, rule

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TRADE = {"trade": {"segment": "mobility", "price_minor": 5_000, "currency": "JPY"}}


@pytest.fixture(autouse=True)
def at_noon():
    """Business time stands still, so that instants can be told exactly."""
    clock.move_to(NOON, running=False)


def halting(code: str, outcome: str = "deny", when: str = "trade.segment == 'mobility'"):
    """A document whose one rule halts trades of a segment."""
    return document(rule(code, when, outcome, point="trading"))


def decide(subject: str = "trd_1"):
    return services.evaluate(point="trading", subject=subject, given=TRADE)


def test_a_rulebook_is_published_with_what_it_commits_to():
    stated = fixture_document()
    rulebook = publish(stated)
    rulebook.refresh_from_db()
    assert (rulebook.number, rulebook.document) == (1, stated)
    assert rulebook.digest == digest_of(stated)
    assert rulebook.vocabulary == vocabulary() | {"reads": rulebook.vocabulary["reads"]}
    assert rulebook.vocabulary["reads"]["ADM-02"] == ["applicant.antisocial_forces_excluded"]
    assert rulebook.vocabulary_digest == digest_of(rulebook.vocabulary)
    assert (rulebook.published_at, rulebook.effective_from) == (NOON, NOON)
    event = OutboxEvent.objects.get(type="rulebook.published")
    assert event.data == {
        "rulebook": rulebook.public_id,
        "number": 1,
        "digest": rulebook.digest,
        "effective_from": NOON.isoformat(),
        "replaces": None,
        "lane": "ordinary",
    }
    evidence = EvidenceRecord.objects.get(kind="rules.rulebook_published")
    assert evidence.payload == event.data | {
        "vocabulary_digest": rulebook.vocabulary_digest,
        "first_person": "",
        "warnings": digest_of([]),
    }


def test_a_rulebook_with_faults_is_refused_and_nothing_is_written():
    stated = document(
        rule("ADM-01", "applicant.kind == 'business' &&\n  applicant.colour == 'red'", point="admission"),
        rule("ADM-02", "applicant.kind == 1", point="admission"),
    )
    with pytest.raises(RulebookRefused) as refused:
        publish(stated)
    faults = refused.value.fields["faults"]
    assert [(f["rule"], f["place"], f["line"], f["column"]) for f in faults] == [
        ("ADM-01", "rules.0.when", 2, 3),
        ("ADM-02", "rules.1.when", 1, 16),
    ]
    assert str(refused.value.message).startswith(
        "The rulebook has 2 errors. The first: ADM-01 (rules.0.when) 2:3: applicant.colour is not a fact"
    )
    assert "ADM-01 (rules.0.when) 2:3: 事実 applicant.colour はこの判定点では参照" in refused.value.message.ja
    assert (Rulebook.objects.count(), OutboxEvent.objects.count(), EvidenceRecord.objects.count()) == (
        0,
        0,
        0,
    )


def test_only_the_operator_publishes():
    actor = participants.actor_for(participants.organisation())
    with pytest.raises(Forbidden):
        publish(actor=actor)
    assert Rulebook.objects.count() == 0


def test_rules_are_not_changed_for_the_past():
    with pytest.raises(EffectiveInThePast):
        publish(effective_from=NOON - timedelta(seconds=61))
    assert Rulebook.objects.count() == 0
    # What was asked for "now" and took a moment to arrive is for now.
    assert publish(effective_from=NOON - timedelta(seconds=59)).effective_from == NOON


def test_one_version_is_in_force_at_a_time():
    first = publish(halting("A-1"))
    second = publish(halting("A-2"), effective_from=NOON + 5 * DAY)
    third = publish(halting("A-3"), effective_from=NOON + 2 * DAY)
    assert [first.number, second.number, third.number] == [1, 2, 3]
    at = [0, 1, 2, 4, 5, 9]
    found = [queries.current_rulebook(NOON + day * DAY).number for day in at]
    # The later publication supersedes the earlier from the day on that it takes effect itself.
    assert found == [1, 1, 3, 3, 3, 3]
    with pytest.raises(NoRulebook):
        queries.current_rulebook(NOON - DAY)


def test_a_version_decides_from_the_instant_it_takes_effect():
    publish(halting("A-1"))
    publish(halting("A-2", "hold"), effective_from=NOON + DAY)
    assert decide().outcome == "deny"
    clock.move_to(NOON + DAY, running=False)
    assert decide().outcome == "hold"
    publish(halting("A-3", "warn"))
    assert decide().outcome == "warn"
    assert services.verify_replays() == []


def test_nothing_is_decided_without_a_rulebook():
    publish(effective_from=NOON + DAY)
    with pytest.raises(NoRulebook):
        decide()
    assert Decision.objects.count() == 0


def test_a_decision_keeps_what_it_rests_on():
    rulebook = publish(halting("A-1"))
    view = decide()
    row = Decision.objects.get()
    assert view.public_id == row.public_id
    assert (row.point, row.subject, row.rulebook_id) == ("trading", "trd_1", rulebook.pk)
    assert row.facts == {
        "market.now": NOON.isoformat(),
        "market.date": "2030-04-01",
        "trade.segment": "mobility",
        "trade.price_minor": 5_000,
        "trade.currency": "JPY",
    }
    assert (row.outcome, row.decided_at, row.actor, row.parties) == ("deny", NOON, "system", [])
    assert (view.outcome, view.passes, view.reasons) == ("deny", False, row.reasons)
    evidence = EvidenceRecord.objects.get(kind="rules.decided")
    assert evidence.payload == {
        "decision": row.public_id,
        "point": "trading",
        "rulebook": rulebook.public_id,
        "outcome": "deny",
        "digest": row.digest,
        "engine": row.engine,
    }
    assert row.engine == f"{EVALUATOR}/{ENGINE}"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"trade": {"segment": None}},
        {"trade": {"segment": 7, "price_minor": 1, "currency": "JPY"}},
    ],
)
def test_what_is_not_known_is_never_let_pass(given):
    publish(halting("A-1"))
    view = services.evaluate(point="trading", subject="trd_1", given=given)
    assert (view.outcome, view.passes) == ("hold", False)
    assert view.reasons[0]["basis"] == "error"
    assert services.replay(view.public_id)


def decide_in_turn(*points: str):
    return services.evaluate_in_turn(points=dict.fromkeys(points, TRADE), subject="trd_1")


def test_decisions_in_turn_end_with_the_first_that_does_not_pass():
    publish(halting("A-1"))
    (refused,) = decide_in_turn("trading", "admission")
    assert (refused.point, refused.outcome, refused.passes) == ("trading", "deny", False)
    assert list(Decision.objects.values_list("public_id", "point")) == [(refused.public_id, "trading")]
    assert EvidenceRecord.objects.filter(kind="rules.decided").count() == 1


def test_decisions_in_turn_are_recorded_as_if_made_one_by_one(django_assert_num_queries):
    admission = participants.application_for(participants.organisation())
    publish()
    decide()
    points = {"trading": TRADE, "admission": {}}
    # The lock, the clock, the rulebook, five queries of the facts (two of qualifications and disqualifications), the decisions and the evidence.
    with django_assert_num_queries(11), clock.read_once():
        first, second = services.evaluate_in_turn(points=points, subject=admission.public_id)
    assert [first.passes, second.passes] == [True, True]
    alone = services.evaluate(point="admission", subject=admission.public_id)
    assert [alone.facts, alone.outcome, alone.reasons] == [second.facts, second.outcome, second.reasons]
    # Each has a salt of its own.
    assert alone.digest != second.digest
    assert (services.replay(first.public_id), services.replay(second.public_id)) == (True, True)
    kept = EvidenceRecord.objects.filter(kind="rules.decided", subject=admission.public_id).order_by("pk")
    assert [row.payload["decision"] for row in kept][:2] == [first.public_id, second.public_id]


def test_an_error_at_a_later_point_leaves_no_decision():
    publish()
    with pytest.raises(Missing), transaction.atomic():
        services.evaluate_in_turn(points={"trading": TRADE, "admission": {}}, subject="adm_none")
    assert Decision.objects.count() == 0


def test_a_neutral_point_takes_no_word_of_who_takes_part():
    publish(halting("A-1"))
    for given in (
        {"trade": {"seller": "org_1"}},
        {"applicant": {"kind": "business"}},
        {"market": {"now": 1}},
    ):
        with pytest.raises(FactsNotTaken):
            services.evaluate(point="trading", subject="trd_1", given=given)
    with pytest.raises(UnknownPoint):
        services.evaluate(point="trade_fee", subject="trd_1", given=TRADE)
    assert Decision.objects.count() == 0


def test_a_subject_that_does_not_exist_is_not_decided():
    publish()
    with pytest.raises(Missing):
        services.evaluate(point="admission", subject="adm_none")
    assert Decision.objects.count() == 0


def test_a_preview_leaves_nothing_behind():
    publish(halting("A-1"))
    before = EvidenceRecord.objects.count()
    view = services.preview(point="trading", subject="trd_1", actor=SYSTEM, given=TRADE)
    assert (view.outcome, [reason["rule"] for reason in view.reasons]) == ("deny", ["A-1"])
    assert (Decision.objects.count(), EvidenceRecord.objects.count()) == (0, before)
    with pytest.raises(Forbidden):
        services.preview(
            point="trading",
            subject="trd_1",
            actor=participants.actor_for(participants.organisation()),
            given=TRADE,
        )


def test_decisions_replay_under_their_own_version():
    """Later versions change nothing about what was decided under an earlier one, and facts are those recorded."""
    organisation = participants.organisation()
    admission = participants.application_for(organisation)
    publish()
    admitted = services.evaluate(point="admission", subject=admission.public_id)
    assert (admitted.outcome, [reason["rule"] for reason in admitted.reasons]) == ("allow", ["ADM-90"])
    clock.move_to(NOON + DAY, running=False)
    publish(document(rule("ADM-01", "true", point="admission")))
    refused = services.evaluate(point="admission", subject=admission.public_id)
    assert refused.outcome == "deny"
    participation.suspend_participant(
        actor=SYSTEM, organisation=organisation.public_id, reason_code="test", reason="試験"
    )
    assert [services.replay(view.public_id) for view in (admitted, refused)] == [True, True]
    assert services.verify_replays() == []
    assert Decision.objects.get(public_id=admitted.public_id).parties == [organisation.public_id]


def test_a_decision_of_others_is_not_replayed_for_anybody():
    publish()
    admission = participants.application_for(participants.organisation())
    view = services.evaluate(point="admission", subject=admission.public_id)
    own = participants.actor_for(admission.organisation)
    assert services.replay(view.public_id, actor=own)
    with pytest.raises(Missing):
        services.replay(view.public_id, actor=participants.actor_for(participants.organisation("B")))
    with pytest.raises(Missing):
        services.replay("dec_none")
