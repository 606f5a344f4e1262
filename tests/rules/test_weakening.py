"""Parameters that weaken a control take a longer notice; what strengthens one applies at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.permissions import Permission
from marketplace.rules.errors import NoticeTooShort, RulebookTakesTwo
from marketplace.rules.models import Rulebook
from marketplace.rules.parameters import PARAMETERS, Weaker, values_of, weakened
from marketplace.rules.queries import parameter
from marketplace.rules.services import publish_rulebook
from tests.participants.factories import staff
from tests.roles import assert_refused, unguarded

from .factories import document

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
NOTICE = timedelta(hours=72)
# Proofs that do not grow old while the tests run.
RULEBOOK = {
    "permissions": frozenset({Permission.RULEBOOK_WRITE}),
    "proved_at": datetime(9999, 1, 1, tzinfo=UTC),
}
FIRST = Actor("usr_first", Role.OPERATOR, **RULEBOOK)
SECOND = Actor("usr_second", Role.OPERATOR, **RULEBOOK)
PROGRAM = Actor("app_program", Role.OPERATOR, **RULEBOOK)
WEAKER = {"second_person_minor": 2_000_000}


@pytest.fixture(autouse=True)
def rulebook():
    """A rulebook in force since noon, with the parameters' defaults."""
    clock.move_to(NOON, running=False)
    staff(FIRST.identifier, SECOND.identifier)
    return publish(FIRST, {})


def publish(
    actor: Actor, parameters: dict[str, Any], *, after: timedelta | None = None, first_person: str = ""
) -> Rulebook:
    newest = Rulebook.objects.order_by("-number").first()
    return publish_rulebook(
        actor=actor,
        document=document(parameters=parameters),
        effective_from=clock.now() + after if after else None,
        first_person=first_person,
        replaces=newest.public_id if newest else None,
    )


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_parameter_says_which_change_weakens_a_control(name):
    known = PARAMETERS[name]
    if known.weaker is Weaker.NEITHER:
        return
    strong = min(max(known.default, known.lowest), known.highest - 1)
    weak = strong + 1
    if known.weaker is Weaker.LOWER:
        weak, strong = strong, weak
    assert weakened({name: strong}, {name: weak}) == [name]
    assert weakened({name: weak}, {name: strong}) == []


def test_a_control_is_strengthened_at_once(rulebook):
    publish(
        SECOND, {"second_person_minor": 500_000, "control_notice_hours": 100}, first_person=FIRST.identifier
    )
    assert (parameter("second_person_minor"), parameter("control_notice_hours")) == (500_000, 100)


@pytest.mark.parametrize(
    ("actor", "first_person", "after", "refusal"),
    [
        (FIRST, "", NOTICE, RulebookTakesTwo),
        (FIRST, FIRST.identifier, NOTICE, RulebookTakesTwo),
        (SECOND, FIRST.identifier, None, NoticeTooShort),
        (SECOND, FIRST.identifier, NOTICE - timedelta(seconds=1), NoticeTooShort),
        (PROGRAM, FIRST.identifier, NOTICE, Forbidden),
    ],
)
def test_a_weakening_by_one_or_too_early_is_refused(actor, first_person, after, refusal):
    with pytest.raises(refusal):
        publish(actor, WEAKER, after=after, first_person=first_person)
    assert Rulebook.objects.count() == 1
    assert parameter("second_person_minor") == 1_000_000


def test_a_weakening_by_two_applies_after_the_notice():
    publish(SECOND, WEAKER, after=NOTICE, first_person=FIRST.identifier)
    clock.move_to(NOON + NOTICE - timedelta(seconds=1), running=False)
    assert parameter("second_person_minor") == 1_000_000
    clock.move_to(NOON + NOTICE, running=False)
    assert parameter("second_person_minor") == 2_000_000
    assert broken() == set()


def test_a_version_between_does_not_shorten_the_notice():
    publish(SECOND, WEAKER, after=NOTICE, first_person=FIRST.identifier)
    with pytest.raises(NoticeTooShort):
        publish(SECOND, WEAKER, first_person=FIRST.identifier)
    publish(SECOND, WEAKER, after=NOTICE, first_person=FIRST.identifier)
    assert parameter("second_person_minor") == 1_000_000
    assert broken() == set()


def test_a_shorter_notice_waits_for_the_longer_one():
    publish(SECOND, {"control_notice_hours": 100}, first_person=FIRST.identifier)
    with pytest.raises(NoticeTooShort):
        publish(SECOND, {}, after=timedelta(hours=99), first_person=FIRST.identifier)
    publish(SECOND, {}, after=timedelta(hours=100), first_person=FIRST.identifier)
    assert Rulebook.objects.count() == 3


def raw(first_person: str, published_by: str, after: timedelta) -> None:
    """A rulebook that weakens a control, as anybody with a database console could write it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rules_rulebook (public_id, number, document, digest, vocabulary, vocabulary_digest, published_at,"
            " published_by, first_person, effective_from, replaces_id) SELECT 'rbk_raw', 2, %s, digest, vocabulary,"
            " vocabulary_digest, published_at, %s, %s, published_at + %s, id FROM rules_rulebook",
            [json.dumps({"parameters": WEAKER}), published_by, first_person, after],
        )


@pytest.mark.parametrize(
    ("first_person", "published_by", "after"),
    [
        ("", "usr_second", NOTICE),
        ("usr_second", "usr_second", NOTICE),
        ("usr_first", "app_program", NOTICE),
        ("usr_first", "usr_second", NOTICE - timedelta(seconds=1)),
    ],
)
def test_a_raw_weakening_is_refused(first_person, published_by, after):
    assert_refused(lambda: raw(first_person, published_by, after), because="weakens second_person_minor")
    assert Rulebook.objects.count() == 1


def test_a_forged_weakening_is_named():
    with unguarded("rules_rulebook"):
        raw("usr_first", "usr_second", NOTICE - timedelta(seconds=1))
    assert "rules.controls_weakened_by_two" in broken()


def broken() -> set[str]:
    return {name for name, breaches in verify_all("rules").items() if breaches}


def test_values_that_a_rulebook_does_not_set_are_the_defaults():
    assert values_of({})["control_notice_hours"] == 72
