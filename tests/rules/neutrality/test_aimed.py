"""Rules and fees that are aimed at somebody are listed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.kernel import clock
from marketplace.kernel.identifiers import new_identifier
from marketplace.rules.document import check_document
from marketplace.rules.neutrality.aimed import Aim, aimed_entries, aims_of
from marketplace.rules.points import vocabulary
from tests.participants import factories as participants
from tests.rules.factories import document, fixture_document, publish, rule, tariff

from .factories import NOON

ORG = new_identifier("org")
SELLERS = {"mobility": 1, "public": 4}


def aims(*rules, tariffs=()):
    stated, spoken = document(*rules, tariffs=[*tariffs, tariff("LAST")]), vocabulary()
    faults, reads = check_document(stated, spoken)
    assert faults == []
    return set(aims_of(stated, {**spoken, "reads": reads}, SELLERS))


def test_a_rule_that_names_a_party():
    for when in (
        f"negotiation.seller == '{ORG}'",
        f"negotiation.seller.startsWith('{ORG[:29]}')",
        "negotiation.seller.endsWith(string(7))",
    ):
        assert aims(rule("R", when, point="conclusion")) == {("R", Aim.NAMES_A_PARTY)}
    listed = rule("R", "negotiation.seller in listed.sanctions", "deny", point="conclusion")
    assert aims(listed) == set()


@pytest.mark.parametrize(
    "when",
    [
        "trade.price_minor == 70000",
        "!(trade.price_minor != 70000)",
        "trade.price_minor * 2 == 140000",
        " && ".join([*(f"trade.price_minor > {each}" for each in range(30)), "trade.price_minor == 70000"]),
        "trade.price_minor >= 70000 && trade.price_minor <= 70000",
        "trade.price_minor in [70000, 90000]",
        "trade.segment == 'public' && trade.price_minor > 69999 && trade.price_minor < 70001 || trade.price_minor == 5",
    ],
)
def test_a_tariff_for_an_exact_price(when):
    assert aims(tariffs=[tariff("T", when)]) == {("T", Aim.EXACT_PRICE)}


def test_a_tariff_for_a_segment_with_one_seller():
    assert aims(tariffs=[tariff("T", "trade.segment == 'mobility'")]) == {("T", Aim.ONE_SELLER)}
    left_over = aims(tariffs=[tariff("T", "trade.segment != 'mobility'")])
    assert left_over == {("LAST", Aim.ONE_SELLER)}
    assert aims(tariffs=[tariff("T", "trade.price_minor != 70000")]) == {("LAST", Aim.EXACT_PRICE)}


@pytest.mark.parametrize(
    "when", ["trade.segment == 'public'", "trade.price_minor > 70000", "trade.currency == 'JPY'"]
)
def test_a_tariff_for_many_is_not_listed(when):
    assert aims(tariffs=[tariff("T", when)]) == set()


@pytest.mark.django_db
def test_a_version_that_lived_a_minute():
    clock.move_to(NOON, running=False)
    participants.operator()
    first, second = publish(), publish(effective_from=NOON + timedelta(minutes=1))
    publish(
        fixture_document() | {"parameters": {"usage_days": 2}}, effective_from=NOON + timedelta(minutes=2)
    )
    publish(effective_from=NOON + timedelta(days=2))
    found = aimed_entries({"public": 4})
    assert [(row["rulebook"], row["aim"]) for row in found] == [
        (second.public_id, "short_lived"),
        (first.public_id, "short_lived"),
    ]
