"""Old decisions replay whatever changes in the code: labels, the time zone, the evaluator."""

from __future__ import annotations

import copy
import itertools
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.kernel import clock
from marketplace.kernel.labels import Label
from marketplace.rules import services, texts
from marketplace.rules.cel import Language, UnknownEvaluator
from marketplace.rules.models import Decision, Rulebook
from marketplace.rules.points import EVALUATOR, vocabulary
from marketplace.rules.replays import difference
from marketplace.rules.rulebook import CompiledRulebook
from marketplace.rules.texts import FIRST_WORDS, current_words
from tests.participants import factories as participants
from tests.roles import unguarded

from .factories import VOCABULARY, compiled, document, publish, rule

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 15, 30, tzinfo=UTC)
TRADE = {"segment": "mobility", "price_minor": 5_000, "currency": "JPY"}
NIGHT = rule("A-1", "market.now.getHours('+09:00') < 6 && market.date == '2030-04-02'", "deny", "trading")


@pytest.fixture(autouse=True)
def decided():
    """Decisions by a rule, by an unknown fact and by no rule, at half past midnight in Japan."""
    clock.move_to(NOON, running=False)
    publish(document(NIGHT, rule("A-2", "trade.price_minor > 9000", "warn", "trading")))
    services.evaluate(point="trading", subject="trd_1", given={"trade": TRADE})
    services.evaluate(point="trading", subject="trd_2", given={"trade": TRADE | {"price_minor": None}})
    admission = participants.application_for(participants.organisation())
    services.evaluate(point="admission", subject=admission.public_id)
    assert set(Decision.objects.values_list("outcome", flat=True)) == {"deny", "hold"}


def test_changed_labels_change_no_old_decision(monkeypatch):
    changed = Label("Nothing applies, so {outcome}.", "該当なし: {outcome}")
    monkeypatch.setattr(texts, "NO_RULE_APPLIES", changed)
    monkeypatch.setattr(texts, "NOT_KNOWN", Label("{rule} reads {facts}", "{rule} は {facts} を参照"))
    assert services.verify_replays() == []
    # What is published from now on has the new words.
    publish(document(NIGHT))
    admission = participants.application_for(participants.organisation("B"))
    view = services.evaluate(point="admission", subject=admission.public_id)
    assert view.reasons[0]["text"]["ja"].startswith("該当なし")
    assert services.verify_replays() == []


@override_settings(TIME_ZONE="America/New_York", MARKET_TIME_ZONE="America/New_York")
def test_another_time_zone_changes_no_old_decision():
    clock.market_zone.cache_clear() if hasattr(clock.market_zone, "cache_clear") else None
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'America/New_York'")
    assert services.verify_replays() == []


def test_a_decision_keeps_the_engine_and_replays_with_another_one():
    with unguarded("rules_decision"), connection.cursor() as cursor:
        cursor.execute("UPDATE rules_decision SET engine = '1/cel-expr-python 0.0.1'")
    assert services.verify_replays() == []


def test_each_version_of_the_evaluator_is_kept():
    assert EVALUATOR == vocabulary()["evaluator"] == 2
    joined = "guest.kind + '!' == 'business!'"
    old = Language({"guest.kind": "string"}, evaluator=1)
    assert old.compile(joined).holds({"guest.kind": "business"})
    with pytest.raises(UnknownEvaluator):
        Language({}, evaluator=9)


def test_a_rulebook_of_the_first_evaluator_decides_as_before():
    stated = document(rule("A-1", "guest.kind + '!' == 'business!'"))
    verdict = compiled(stated).verdict("entry", {"guest.kind": "business"})
    assert verdict.outcome == "deny"
    assert "words" not in VOCABULARY
    undecided = compiled(stated).verdict("entry", {"guest.kind": None})
    assert undecided.reasons[0]["text"]["en"].startswith("The rule A-1 is undecidable because")


def test_the_words_of_old_rulebooks_never_change():
    # Whoever changes a label leaves FIRST_WORDS as they are: decisions rest on them.
    assert FIRST_WORDS["no_rule_applies"]["en"] == "No rule applies. Default outcome: {outcome}."
    assert set(FIRST_WORDS) == set(current_words())


def test_an_evaluator_that_is_gone_is_named():
    with unguarded("rules_rulebook"), connection.cursor() as cursor:
        cursor.execute("UPDATE rules_rulebook SET vocabulary = jsonb_set(vocabulary, '{evaluator}', '9')")
    found = services.verify_replays()
    assert len(found) == 3
    assert "no evaluator of version 9" in found[0]["difference"]


def test_a_text_that_was_changed_is_named():
    row = Decision.objects.select_related("rulebook").first()
    rules = CompiledRulebook(row.rulebook.document, row.rulebook.vocabulary)
    assert difference(row, rules) is None
    row.reasons = copy.deepcopy(row.reasons)
    row.reasons[0]["text"]["en"] = "Because."
    assert difference(row, rules) == "the reasons differ"


SEGMENTS = itertools.count(1)
FORGED = {
    "outcome": lambda row: {"outcome": "allow" if row.outcome == "deny" else "deny"},
    "facts": lambda row: {"facts": {**row.facts, "market.date": "1999-01-01"}},
    "digest": lambda _row: {"digest": "0" * 64},
    "subject": lambda _row: {"subject": "trd_other"},
}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.sampled_from(["allow", "warn", "hold", "deny"]), st.integers(0, 3)),
        st.tuples(st.just("suspend"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("admit"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("decide"), st.integers(0, 2), st.integers(0, 9_000)),
        st.tuples(st.just("move"), st.integers(1, 30), st.just(0)),
    ),
    min_size=3,
    max_size=10,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, forging=st.sampled_from(sorted(FORGED)))
def test_any_sequence_of_admissions_suspensions_and_rules_replays_to_the_same(steps, forging):
    """Each example goes on where the last one ended: the decisions of all of them replay at its end, and one that is forged then
    does not."""
    known = [participants.application_for(participants.organisation(f"P{at}"), "finance") for at in range(3)]
    suspended: set[int] = set()
    for kind, first, second in steps:
        if kind == "publish":
            publish(document(rule("ADM-1", f"applicant.refused_before >= {second}", first, "admission")))
        elif kind == "suspend" and first not in suspended:
            suspended.add(first)
            participants.services.suspend_participant(
                actor=services.decisions.SYSTEM,
                organisation=known[first].organisation.public_id,
                reason_code="test",
                reason="試験",
            )
        elif kind == "admit" and first not in suspended:
            applied = participants.application_for(known[first].organisation, f"segment{next(SEGMENTS)}")
            services.evaluate(point="admission", subject=applied.public_id)
        elif kind == "decide":
            services.evaluate(point="admission", subject=known[first].public_id)
            services.evaluate(
                point="trading", subject="trd_1", given={"trade": TRADE | {"price_minor": second}}
            )
        elif kind == "move":
            clock.move_to(clock.now().replace(year=clock.now().year + 1), running=False)
    assert services.verify_replays() == []
    assert Rulebook.objects.exists()
    forged = Decision.objects.latest("pk")
    with transaction.atomic():
        with unguarded("rules_decision"):
            Decision.objects.filter(pk=forged.pk).update(**FORGED[forging](forged))
        assert [each["decision"] for each in services.verify_replays()] == [forged.public_id]
        transaction.set_rollback(True)
