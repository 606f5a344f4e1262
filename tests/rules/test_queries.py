"""Fees, tax rates, parameters and neutrality, out of the rulebook in force."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.kernel import clock
from marketplace.rules import queries, services
from marketplace.rules.errors import FactsNotTaken, NoRulebook, NoTariff, NoTaxRate, UnknownPoint
from marketplace.rules.tariffs import Tariff, Tier, fee_minor
from tests.participants import factories as participants

from .factories import document, publish, rule, tariff

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
TRADE = {"segment": "mobility", "price_minor": 48_000, "currency": "JPY"}


@pytest.fixture(autouse=True)
def at_noon():
    clock.move_to(NOON, running=False)


def test_the_fee_of_a_trade():
    rulebook = publish()
    found = queries.tariff(facts=TRADE)
    tiers = (Tier(0, 500), Tier(10_000_000, 300))
    assert found == Tariff("STANDARD-5", 500, 100, 500_000, "seller", rulebook.public_id, tiers)
    assert fee_minor(found, 48_000) == 2_400
    public = queries.tariff(point="trade_fee", facts=TRADE | {"segment": "public"})
    assert (public.code, fee_minor(public, 48_000)) == ("PUBLIC-3", 1_440)


def test_a_fee_follows_the_rulebook_in_force():
    publish(document(tariffs=[tariff("FIRST-1", rate_bp=100)]))
    publish(document(tariffs=[tariff("SECOND-2", rate_bp=200)]), effective_from=NOON + timedelta(days=1))
    assert queries.tariff(facts=TRADE).code == "FIRST-1"
    assert queries.tariff(facts=TRADE, at=NOON + timedelta(days=1)).code == "SECOND-2"


def test_many_fees_are_computed_without_asking_again():
    publish()
    queries.tariff_schedule()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        schedule = queries.tariff_schedule()
        codes = {schedule.tariff(TRADE | {"price_minor": price}).code for price in range(200)}
    assert codes == {"STANDARD-5"}
    assert len(captured) == 2


def test_the_document_of_a_known_rulebook_is_not_read_again():
    publish()
    queries.tariff(facts=TRADE)
    with clock.read_once(), CaptureQueriesContext(connection) as captured:
        queries.tariff(facts=TRADE, at=NOON)
        assert queries.tax_rates_bp(("standard", "reduced"), on=date(2030, 4, 1)) == {
            "standard": 1000,
            "reduced": 800,
        }
    # The clock once, and each time which rulebook is in force.
    assert len(captured) == 3
    assert not any("document" in query["sql"] for query in captured.captured_queries)


def test_a_fee_is_refused_what_it_must_not_know():
    publish()
    with pytest.raises(FactsNotTaken):
        queries.tariff(facts=TRADE | {"buyer": "org_1"})
    with pytest.raises(UnknownPoint):
        queries.tariff(point="admission", facts=TRADE)


def test_what_the_rulebook_does_not_state_is_not_guessed():
    with pytest.raises(NoRulebook):
        queries.tariff(facts=TRADE)
    publish(document())
    with pytest.raises(NoTariff):
        queries.tariff(facts=TRADE)
    with pytest.raises(NoTaxRate):
        queries.tax_rate_bp("standard", on=date(2026, 11, 21))


def test_tax_rates():
    publish()
    assert queries.tax_rate_bp("standard", on=date(2019, 9, 30)) == 800
    assert queries.tax_rate_bp(category="standard", on=date(2019, 10, 1)) == 1000
    assert queries.tax_rate_bp("reduced", on=date(2030, 4, 1)) == 800
    assert queries.tax_rate_bp("exempt", on=date(2030, 4, 1)) == 0


def test_the_current_rulebook_is_shown():
    rulebook = publish()
    view = queries.current_rulebook()
    assert (view.public_id, view.number, view.digest) == (rulebook.public_id, 1, rulebook.digest)
    assert view.title == {"ja": "三方データ取引所 規程", "en": "Rulebook of the Sanpo data exchange"}


def test_neutrality_counts_what_was_decided():
    publish()
    for label in ("A", "B"):
        admission = participants.application_for(participants.organisation(label))
        services.evaluate(point="admission", subject=admission.public_id)
    publish(document(rule("ADM-01", "true", point="admission")))
    services.evaluate(point="admission", subject=admission.public_id)
    assert queries.neutrality() == {
        "decisions": {"admission": {"allow": 2, "deny": 1}},
        "decisions_by_rulebook": {"1": 2, "2": 1},
        "decisions_replayed": 3,
        "replayed_the_same": 3,
        "facts_behind_fees": ["trade.currency", "trade.price_minor", "trade.segment"],
        "admissions_of_operator_and_affiliates": 0,
    }
    assert queries.replayed_decisions(before=clock.now() - timedelta(days=1))["decisions_replayed"] == 0
    assert queries.neutrality(replayed_max=2)["decisions_replayed"] == 2
