"""Before publication the impact report says whom a draft affects, and warns of rules that aim at somebody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from marketplace.kernel import clock
from marketplace.rules import services
from tests.participants import factories as participants

from .drafting import previewed, warned
from .factories import document, fixture_document, publish, rule, tariff

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
PASS = rule("ADM-9", "applicant.active", "allow", point="admission")
STANDARD = tariff()


@pytest.fixture(autouse=True)
def three():
    """Three participants, admitted under the rules of the demo market: two buyers, one seller."""
    clock.move_to(NOON, running=False)
    publish()
    account = {"payout_account": participants.PAYOUT_ACCOUNT}
    made = [participants.organisation(label, **account) for label in "ABC"]
    for organisation, capacity in zip(made, ("buyer", "buyer", "seller"), strict=True):
        participants.admit(organisation, capacity=capacity)
    participants.segment("public")
    return made


def test_the_report_counts_who_would_be_affected_by_which_rule(three):
    strict = rule("ADM-1", "applicant.capacity == 'seller'", "deny", point="admission")
    draft = previewed(document(PASS, strict, tariffs=[STANDARD]))
    standing = draft.report["standing"]["admission"]
    assert (standing["subjects"], standing["passing_before"], standing["passing_after"]) == (3, 3, 2)
    assert standing["rules"]["ADM-1"] == {
        "applies": 1,
        "organisations": 1,
        "undecidable": 0,
        "newly_stopped": 1,
    }
    (affected,) = [row for row in standing["affected"] if row["after"] == "deny"]
    assert (affected["organisations"], affected["rules"]) == ([three[2].public_id], ["ADM-1"])


def test_the_report_replays_the_decisions_of_the_month_and_its_fees():
    given = {"trade": {"segment": "mobility", "price_minor": 100_000, "currency": "JPY"}}
    for number in range(3):
        services.evaluate(point="trading", subject=f"trd_{number}", given=given)
    dear = rule("TRD-1", "trade.price_minor >= 100000", "hold", point="trading")
    draft = previewed(document(PASS, dear, tariffs=[tariff(rate_bp=700)]))
    decided = draft.report["decisions"]["trading"]
    assert (decided["subjects"], decided["changes"]) == (3, {"allow > hold": 3})
    assert draft.report["fees"] == {
        "trades": 3,
        "totals": {"JPY": {"before_minor": 15_000, "after_minor": 21_000}},
        "tariffs": {"STANDARD-5": 3},
    }


def test_a_rule_that_names_one_seller_is_warned_of(three):
    aimed = rule("CON-5", f'negotiation.seller == "{three[2].public_id}"', "deny", point="conclusion")
    assert "names_party:CON-5" in warned(document(PASS, aimed))


@pytest.mark.parametrize(
    "when",
    [
        "applicant.organisation == 'org_01KM2J8W5B4N6T0V3X7Z9Q1R2S'",
        "applicant.organisation.startsWith('org_01')",
        "applicant.kind == '1234567890123'",
        "applicant.organisation.endsWith('2S')",
        "applicant.organisation.endsWith(string(7))",
    ],
)
def test_a_text_that_names_a_party_is_warned_of(when):
    assert "names_party:ADM-1" in warned(document(PASS, rule("ADM-1", when, "deny", point="admission")))


def test_a_condition_that_one_party_alone_meets_is_warned_of():
    aimed = rule("ADM-1", "applicant.capacity == 'seller'", "deny", point="admission")
    found = warned(document(PASS, aimed))
    assert found == {"one_party:ADM-1": "of 3 organisations one alone meets the condition of ADM-1"}


def test_a_default_that_stops_one_party_alone_is_warned_of():
    """Whoever lets everybody pass but one aims at it as much as who refuses it."""
    but_one = rule("ADM-9", "applicant.capacity == 'buyer'", "allow", point="admission")
    found = warned(document(but_one))
    assert found == {
        "one_party:admission": "of 3 organisations one alone meets no rule of admission, and is stopped by its default"
    }


@pytest.mark.parametrize(
    ("rules", "warnings"),
    [
        (
            [PASS, rule("ADM-1", "true", "deny", point="admission")],
            {"locks_out:ADM-1", "locks_out:admission"},
        ),
        (
            [PASS, rule("ADM-1", "applicant.refused_before < 5", "hold", point="admission")],
            {"locks_out:ADM-1", "locks_out:admission"},
        ),
        ([], {"locks_out:admission"}),
    ],
)
def test_a_rule_that_shuts_everybody_out_is_warned_of(rules, warnings):
    assert set(warned(document(*rules))) == warnings


@pytest.mark.parametrize(
    ("when", "warnings"),
    [
        ("trade.segment == 'mobility'", {"fee_by_proxy:AIMED-1"}),
        ("trade.price_minor == 123456", {"exact_price:AIMED-1"}),
        ("123456 == trade.price_minor", {"exact_price:AIMED-1"}),
        ("trade.price_minor in [123456, 5]", {"exact_price:AIMED-1"}),
        ("(trade.price_minor) >= 123456 && trade.price_minor <= 123456", {"exact_price:AIMED-1"}),
        ("trade.price_minor != 123456", {"exact_price:STANDARD-5"}),
        ("trade.segment != 'mobility'", {"fee_by_proxy:STANDARD-5"}),
        ("trade.price_minor > 1000000", set()),
    ],
)
def test_a_fee_that_reaches_one_seller_is_warned_of(when, warnings):
    aimed = tariff("AIMED-1", when, rate_bp=2_000)
    assert set(warned(document(PASS, tariffs=[aimed, STANDARD]))) == warnings


def test_the_rules_of_the_demo_market_name_nobody():
    assert {each.split(":")[0] for each in warned(fixture_document())} <= {"one_party", "fee_by_proxy"}
