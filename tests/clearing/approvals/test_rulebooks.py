"""A rulebook that weakens a control is published when two people have given the same command."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearing.approvals.rulebooks import publish_rulebook_by_two
from clearing.models import MoneyCommand
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.kernel import clock
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.invariants import verify_all
from marketplace.rules.errors import NoticeTooShort
from marketplace.rules.models import Rulebook
from tests.participants.factories import actor_for, client_of, person_of

from .. import factories

WEAKER = factories.RULEBOOK | {"parameters": {"second_person_minor": 5_000_000}}


@pytest.fixture
def later(market):
    """A time after the notice."""
    return clock.now() + timedelta(hours=73)


def test_a_weaker_limit_takes_two_people(market, first, second, later):
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            publish_rulebook_by_two(actor=first, document=WEAKER, effective_from=later)
    with pytest.raises(Forbidden):
        publish_rulebook_by_two(
            actor=actor_for(market.operator, "app_program"), document=WEAKER, effective_from=later
        )
    assert (Rulebook.objects.count(), factories.approvals().get().state) == (1, "pending")
    made = publish_rulebook_by_two(actor=second, document=WEAKER, effective_from=later)
    assert (made.number, made.first_person, made.published_by) == (2, "usr_first", "usr_second")
    assert (factories.approvals().get().state, MoneyCommand.objects.count()) == ("approved", 0)
    assert {name for name, breaches in verify_all().items() if breaches} == set()


def test_what_would_apply_too_early_asks_for_nobody(market, first):
    with pytest.raises(NoticeTooShort):
        publish_rulebook_by_two(actor=first, document=WEAKER)
    assert (Rulebook.objects.count(), factories.approvals().count()) == (1, 0)


def test_another_text_is_another_request(market, first, second, later):
    with pytest.raises(SecondPersonNeeded):
        publish_rulebook_by_two(actor=first, document=WEAKER, effective_from=later)
    with pytest.raises(SecondPersonNeeded):
        publish_rulebook_by_two(
            actor=second, document=WEAKER | {"title": {"ja": "別", "en": "Other"}}, effective_from=later
        )
    assert Rulebook.objects.count() == 1


def test_a_stronger_limit_takes_one(market, first):
    stronger = factories.RULEBOOK | {"parameters": {"second_person_minor": 1}}
    assert publish_rulebook_by_two(actor=first, document=stronger).number == 2
    assert not factories.approvals().exists()


def test_over_http_the_second_person_publishes(market, later):
    body = {"document": WEAKER, "effective_from": later.isoformat()}
    one, two = client_of(market.operator), client_of(market.operator, person=person_of(market.operator))
    refusal = one.post("/api/v1/rulebooks/", body, format="json")
    assert (refusal.status_code, refusal.json()["code"]) == (409, "second_person_needed")
    (shown,) = one.get("/api/v1/approvals/?state=pending").json()["results"]
    assert (shown["command"], shown["amount_minor"], shown["currency"]) == (
        "clearing.weaken_controls",
        None,
        "",
    )
    made = two.post("/api/v1/rulebooks/", body, format="json")
    assert (made.status_code, made.json()["number"]) == (201, 2)
