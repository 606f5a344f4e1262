"""Every version but the first takes two people and its notice, and names the version that it replaces."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.rules import RulebookPublished, RulebookWithdrawn
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.invariants import verify_all
from marketplace.notices.handlers.rulebooks import on_rulebook_published, on_rulebook_withdrawn
from marketplace.notices.models import Notice, Task
from marketplace.rules import queries, services
from marketplace.rules.errors import (
    NoticeTooShort,
    NotUrgent,
    RulebookRefused,
    RulebookSuperseded,
    RulebookTakesTwo,
)
from marketplace.rules.models import Rulebook
from marketplace.rules.services.rulebooks import foresee_waiting, merge_law
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from .factories import document, publish, publishers, rule

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NOTICED = {"rulebook_notice_hours": 48}
BASE = document(rule("A-1", "trade.price_minor > 100", "deny", point="trading"), parameters=NOTICED)
OTHER = BASE | {"rules": [rule("A-1", "trade.price_minor > 200", "deny", point="trading")]}
LISTED = {"organisation": "org_01KM2J8W5B4N6T0V3X7Z9Q1R2S", "source": "外為法16条"}
SANCTIONED = BASE | {"sanctions": [LISTED]}
RATE = {"category": "standard", "rate_bp": 1200, "from": "2031-04-01"}


@pytest.fixture(autouse=True)
def first():
    """A rulebook in force since noon that asks for two days of notice."""
    clock.move_to(NOON, running=False)
    made = publish(BASE)
    publishers()
    return made


def broken() -> set[str]:
    return {name for name, breaches in verify_all("rules").items() if breaches}


def refused(error: type[Exception], stated: dict[str, Any] = OTHER, **options: Any) -> None:
    with pytest.raises(error):
        publish(stated, **options)
    assert Rulebook.objects.count() == 1


def test_one_person_publishes_the_first_version_only(first):
    one, _ = publishers()
    refused(RulebookTakesTwo, actor=one)
    refused(RulebookTakesTwo, actor=one, first_person=one.identifier)
    refused(RulebookTakesTwo, actor=SYSTEM)
    refused(Forbidden, actor=SYSTEM, first_person=one.identifier)
    made = publish(OTHER)
    assert (made.number, made.replaces, made.first_person, made.published_by) == (
        2,
        first,
        "usr_rules_first",
        "usr_rules_second",
    )
    assert broken() == set()


def test_a_version_names_the_newest_one(first):
    refused(RulebookSuperseded, replaces=None)
    refused(RulebookSuperseded, replaces="rbk_none")
    second = publish(OTHER)
    with pytest.raises(RulebookSuperseded) as refusal:
        publish(BASE, replaces=first.public_id)
    assert refusal.value.fields == {"replaces": first.public_id, "newest": second.public_id}


def test_a_version_takes_effect_when_its_notice_is_over(first):
    refused(NoticeTooShort, effective_from=NOON + timedelta(hours=47))
    made = publish(OTHER)
    assert made.effective_from == NOON + 2 * DAY
    assert queries.rulebook_in_force() == first
    clock.move_to(NOON + 2 * DAY, running=False)
    assert queries.rulebook_in_force() == made
    assert broken() == set()


def test_every_participant_is_told_before(first):
    seller, buyer = participants.organisation("A"), participants.organisation("B")
    publish(OTHER)
    event = OutboxEvent.objects.filter(type="rulebook.published").latest("pk")
    assert (event.data["replaces"], event.data["lane"]) == (first.public_id, "ordinary")
    on_rulebook_published(RulebookPublished(**event.data), None)  # type: ignore[arg-type]
    told = Notice.objects.filter(subject=event.data["rulebook"])
    assert set(told.values_list("organisation_id", flat=True)) == {seller.pk, buyer.pk}
    assert "2030-04-03 12:00" in told[0].body["en"]


@pytest.mark.parametrize("hours", [0, 23])
def test_a_notice_of_less_than_a_day_is_no_notice(hours):
    refused(RulebookRefused, OTHER | {"parameters": {"rulebook_notice_hours": hours}})


def test_a_market_does_not_take_its_notice_back(first):
    silent = {name: value for name, value in OTHER.items() if name != "parameters"}
    refused(RulebookRefused, silent, effective_from=NOON + 30 * DAY)
    for parameters, because in (
        ("'{}'", "states no notice"),
        ("'{\"rulebook_notice_hours\": 1}'", "less than 24 hours"),
    ):
        raw = (
            "INSERT INTO rules_rulebook (public_id, number, document, digest, vocabulary, vocabulary_digest, published_at,"
            " published_by, first_person, effective_from, replaces_id, lane, warnings)"
            f" SELECT 'rbk_raw', 2, document || jsonb_build_object('parameters', {parameters}::jsonb), digest, vocabulary,"
            " vocabulary_digest, published_at, published_by, 'usr_x', published_at + interval '30 days', id, lane, warnings"
            " FROM rules_rulebook"
        )
        assert_refused(lambda raw=raw: connection.cursor().execute(raw), because=because)
    assert Rulebook.objects.count() == 1


def test_an_urgent_preview_says_what_becomes_of_what_waits(first):
    shown = foresee_waiting(SANCTIONED)
    assert shown == []
    waiting = publish(OTHER)
    assert [(row["rulebook"], row["becomes"], row["faults"]) for row in foresee_waiting(SANCTIONED)] == [
        (waiting.public_id, "replaced", [])
    ]
    example = {
        "point": "admission",
        "facts": {"applicant.organisation": LISTED["organisation"]},
        "outcome": "deny",
        "rules": ["A-3"],
    }
    listed = rule("A-3", "!(applicant.organisation in listed.sanctions)", "deny", point="admission")
    stated = OTHER | {"rules": [*OTHER["rules"], listed], "examples": {"cases": [example]}}
    publish(stated, effective_from=NOON + 9 * DAY)
    assert [row["becomes"] for row in foresee_waiting(SANCTIONED)] == ["replaced", "withdrawn"]


def test_lists_and_tables_of_law_take_effect_at_once(first):
    made = publish(SANCTIONED, lane="urgent")
    assert (made.effective_from, made.lane, queries.rulebook_in_force()) == (NOON, "urgent", made)
    taxed = publish(SANCTIONED | {"tax_rates": [RATE]}, lane="urgent")
    assert queries.rulebook_in_force() == taxed
    assert broken() == set()


def test_an_urgent_version_changes_nothing_else():
    refused(NotUrgent, OTHER, lane="urgent")
    refused(NotUrgent, SANCTIONED | {"title": {"ja": "別", "en": "Other"}}, lane="urgent")
    refused(NotUrgent, SANCTIONED | {"parameters": {"rulebook_notice_hours": 24}}, lane="urgent")
    one, _ = publishers()
    refused(RulebookTakesTwo, SANCTIONED, lane="urgent", actor=one)


def test_what_waits_for_its_moment_takes_effect_with_the_urgent_change():
    waiting = publish(OTHER)
    urgent = publish(SANCTIONED, lane="urgent")
    carried = queries.newest_rulebook()
    assert [urgent.number, carried.number] == [3, 4]
    assert (carried.document, carried.effective_from) == (
        OTHER | {"sanctions": [LISTED]},
        waiting.effective_from,
    )
    assert queries.rulebook_in_force() == urgent
    clock.move_to(waiting.effective_from, running=False)
    assert queries.rulebook_in_force() == carried
    assert broken() == set()


def test_what_waits_and_is_not_valid_with_the_change_is_withdrawn(first):
    """A version whose example contradicts the list would otherwise keep sanctions from taking effect for weeks."""
    seller = participants.organisation("A")
    allowed = {
        "point": "admission",
        "facts": {"applicant.organisation": LISTED["organisation"]},
        "outcome": "hold",
        "rules": ["DEFAULT"],
    }
    rules = [rule("ADM-1", "applicant.organisation in listed.sanctions", "deny", point="admission")]
    waiting = publish(OTHER | {"rules": rules, "examples": {"cases": [allowed]}})
    urgent = publish(SANCTIONED, lane="urgent")
    assert queries.newest_rulebook() == queries.rulebook_in_force() == urgent
    event = OutboxEvent.objects.get(type="rulebook.withdrawn")
    assert event.data == {"rulebook": waiting.public_id, "number": 2, "urgent": urgent.public_id}
    record = EvidenceRecord.objects.get(kind="rules.rulebook_withdrawn")
    assert (record.subject, record.payload["places"]) == (waiting.public_id, ["examples.cases.0.outcome"])
    on_rulebook_withdrawn(RulebookWithdrawn(**event.data), None)  # type: ignore[arg-type]
    notice = Notice.objects.get(organisation_id=seller.pk, subject=waiting.public_id)
    assert urgent.public_id in notice.body["ja"]
    task = Task.objects.get(subject=waiting.public_id)
    assert (task.kind, task.state, task.deadline) == ("review", "open", NOON + 30 * DAY)
    clock.move_to(waiting.effective_from, running=False)
    assert queries.rulebook_in_force() == urgent
    again = publish(SANCTIONED | {"rules": rules})
    data = OutboxEvent.objects.get(type="rulebook.published", subject=again.public_id).data
    on_rulebook_published(RulebookPublished(**data), None)  # type: ignore[arg-type]
    task.refresh_from_db()
    assert (task.state, broken()) == ("done", set())


def test_entries_of_law_are_merged_one_by_one():
    waiting = {"sanctions": [{"organisation": "a"}, {"organisation": "c"}], "rules": [1]}
    merged = merge_law(
        {"sanctions": [{"organisation": "a"}]}, {"sanctions": [{"organisation": "b"}]}, waiting
    )
    assert merged == {"sanctions": [{"organisation": "c"}, {"organisation": "b"}], "rules": [1]}
    assert merge_law({"sanctions": [1]}, {}, {"sanctions": [1], "rules": [1]}) == {"rules": [1]}


def test_a_listed_organisation_meets_the_rule_that_reads_the_list():
    organisation = participants.organisation()
    admission = participants.application_for(organisation)
    rules = [
        rule("ADM-1", "applicant.organisation in listed.sanctions", "deny", point="admission"),
        rule("ADM-2", "applicant.active", "allow", point="admission"),
    ]
    publish(document(*rules, parameters=NOTICED), effective_from=NOON + 2 * DAY)
    clock.move_to(NOON + 2 * DAY, running=False)
    assert services.evaluate(point="admission", subject=admission.public_id).outcome == "allow"
    listed = {"organisation": organisation.public_id, "source": "外為法16条"}
    publish(document(*rules, parameters=NOTICED, sanctions=[listed]), lane="urgent")
    decided = services.evaluate(point="admission", subject=admission.public_id)
    assert (decided.outcome, [reason["rule"] for reason in decided.reasons]) == ("deny", ["ADM-1", "ADM-2"])
    assert services.verify_replays() == []


def raw(
    *,
    first_person: str = "usr_rules_first",
    published_by: str = "usr_rules_second",
    lane: str = "ordinary",
    text: dict[str, Any] = OTHER,
    after: timedelta = 2 * DAY,
    replaces: str = "id",
) -> None:
    """A second version, as anybody with a database console could write it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rules_rulebook (public_id, number, document, digest, vocabulary, vocabulary_digest, published_at,"
            " published_by, first_person, effective_from, lane, replaces_id) SELECT 'rbk_raw', 2, %s, digest, vocabulary,"
            f" vocabulary_digest, published_at, %s, %s, published_at + %s, %s, {replaces} FROM rules_rulebook",
            [json.dumps(text), published_by, first_person, after, lane],
        )


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"first_person": ""}, "rulebook_by_two"),
        ({"first_person": "usr_rules_second"}, "rulebook_by_two"),
        ({"published_by": "system"}, "rulebook_by_two"),
        ({"first_person": "usr_nobody"}, "no natural person"),
        ({"replaces": "NULL"}, "does not name the version"),
        ({"after": DAY}, "before its notice"),
        ({"lane": "urgent", "after": timedelta()}, "changes more than lists"),
        ({"lane": "sudden"}, "rulebook_replaces"),
    ],
)
def test_a_raw_publication_by_one_is_refused(changes, because):
    assert_refused(lambda: raw(**changes), because=because)
    assert Rulebook.objects.count() == 1


@pytest.mark.parametrize("changes", [{"replaces": "NULL"}, {"after": DAY}, {"lane": "urgent"}])
def test_a_forged_version_is_named(changes):
    with unguarded("rules_rulebook"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE rules_rulebook DROP CONSTRAINT rulebook_replaces")
        raw(**changes)
    assert "rules.published_by_two_with_notice" in broken()
