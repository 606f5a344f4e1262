"""The plan of an agreement: compiled from its terms, complete, and the same in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.plan import ENDINGS, PlanUnreadable, build_plan, compile_plan, plan_lines, read_plan
from contracts.states import DisputeOutcome, TerminationReason
from contracts.terms import Terms
from delivery.states import INSPECTION, OPEN_INSPECTIONS, EndedReason, InspectionState
from listings.charging import months_later
from listings.charging import plan_of as plan_of_charges
from listings.charging_terms import ChargingTerms
from listings.rights.choices import ContractType, DisclosureScope, Permissibility, Purpose, Rights
from marketplace.kernel.errors import FieldInvalid

from ..plans import CASES, golden, terms

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
ENUMS = {
    "agreement": {choice.value: choice.label for choice in TerminationReason},
    "access": {choice.value: choice.label for choice in EndedReason},
    "delivery": {state.value: state.label for state in InspectionState if state not in OPEN_INSPECTIONS},
    "dispute": {choice.value: choice.label for choice in DisputeOutcome},
}
"""Everything that can end, with each reason and its words there."""

choices = st.builds(
    Rights,
    contract_type=st.sampled_from(ContractType.values),
    purposes=st.lists(st.sampled_from(Purpose.values), min_size=1, max_size=3, unique=True).map(tuple),
    disclosure_scope=st.sampled_from(DisclosureScope.values),
    onward_transfer=st.sampled_from(Permissibility.values),
    regions=st.lists(st.sampled_from(["JP", "US", "KR"]), unique=True).map(tuple),
    valid_until=st.none() | st.dates().map(date.isoformat),
    duration=st.none() | st.sampled_from(["P0D", "P1D", "P30D", "P1M", "P1Y6M", "P9999Y"]),
    use_count_max=st.none() | st.integers(1, 1_000_000_000),
    derivatives=st.sampled_from(Permissibility.values),
    model_training=st.sampled_from(Permissibility.values),
    reidentification=st.sampled_from(Permissibility.values),
    confidential=st.booleans(),
    attribution=st.booleans(),
    delete_at_end=st.booleans(),
    report_use=st.booleans(),
    accept_audit=st.booleans(),
)
chargings = st.one_of(
    st.just(ChargingTerms()),
    st.builds(
        ChargingTerms,
        kind=st.sampled_from(["instalment", "subscription"]),
        charges=st.integers(1, 40),
        period_months=st.integers(1, 30),
        first_period_from=st.none() | st.dates(date(1990, 1, 1), date(2199, 12, 31)).map(date.isoformat),
    ),
    st.builds(
        ChargingTerms,
        kind=st.just("metered"),
        charges=st.integers(1, 40),
        period_months=st.integers(1, 30),
        unit_price_minor=st.integers(1, 1_000_000),
    ),
)
any_terms = st.builds(
    Terms,
    price_minor=st.integers(1, 1_000_000_000_000),
    currency=st.sampled_from(["JPY", "USD"]),
    tax_category=st.just("standard"),
    funding_days=st.integers(0, 30),
    inspection_days=st.integers(1, 60),
    rights=choices,
    open_days=st.integers(1, 30),
    withdrawal_reserved=st.booleans(),
    charging=chargings,
    ending=st.fixed_dictionaries(
        {
            "convenience_notice_days": st.none() | st.integers(1, 365),
            "refund": st.sampled_from(["none", "pro_rata"]),
        }
    ),
)


@pytest.mark.parametrize("name", CASES)
def test_a_version_keeps_its_plans_and_their_words(name):
    kept, plan = golden(name), build_plan(CASES[name])
    assert plan.as_dict() == kept["plan"]
    assert read_plan(kept["plan"]) == plan
    assert {language: plan_lines(plan, language) for language in ("ja", "en")} == kept["words"]


def test_every_end_has_a_rule_with_the_words_of_its_enum():
    ruled = {of: {rule.reason: rule.label for rule in ENDINGS if rule.of == of} for of in ENUMS}
    assert ruled == ENUMS
    assert all(
        ruled[of][name].ja == label.ja for of, labels in ENUMS.items() for name, label in labels.items()
    )
    assert len(ENDINGS) == sum(map(len, ENUMS.values()))
    # An inspection ends in each of these, and in no other state.
    assert set(INSPECTION.terminal()) == set(ENUMS["delivery"])


@given(agreed=any_terms, at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001  made aware below
def test_terms_compile_or_name_the_term_at_fault(agreed, at):
    now, refused = at.replace(tzinfo=UTC), None
    try:
        plan = compile_plan(agreed, at=now, zone=TOKYO)
    except FieldInvalid as refusal:
        refused = refusal
    if refused is None:
        end = plan.access.ends_at(now, TOKYO)
        assert end is None or end > now
    else:
        assert refused.name.startswith("terms.")
        assert refused.fields["reason"].ja


@given(agreed=any_terms)
def test_a_plan_is_complete_and_says_itself(agreed):
    plan = build_plan(agreed)
    assert read_plan(plan.as_dict()) == plan
    assert {(ending.of, ending.reason) for ending in plan.endings} == {
        (of, reason) for of, labels in ENUMS.items() for reason in labels
    }
    assert sum(charge.price_minor for charge in plan.money.charges) == agreed.total_minor
    words = {language: plan_lines(plan, language) for language in ("ja", "en")}
    assert len(words["ja"]) == len(words["en"])
    for line in (*words["ja"], *words["en"]):
        assert line
        assert "{" not in line
        assert "\n" not in line


@given(agreed=any_terms, on=st.dates(date(2000, 1, 1), date(2150, 1, 1)))
def test_charges_fall_due_as_clearing_makes_them(agreed, on):
    money = build_plan(agreed).money
    made = plan_of_charges(
        charging=money.charging,
        price_minor=money.price_minor,
        charges=len(money.charges),
        period_months=money.period_months,
        first_from=date.fromisoformat(money.first_period_from) if money.first_period_from else on,
    )
    due = [
        date.fromisoformat(charge.due_on) if charge.due_on else months_later(on, charge.months)
        for charge in money.charges
    ]
    assert due[0] == on
    assert due[1:] == [part.due_on for part in made[1:]] == sorted(due[1:])
    assert [charge.price_minor for charge in money.charges] == [part.price_minor for part in made]


def test_the_same_terms_give_the_same_plan_whenever_they_are_concluded():
    agreed = terms()
    plans = {compile_plan(agreed, at=NOW.replace(day=day), zone=TOKYO) for day in (1, 15, 31)}
    assert plans == {build_plan(agreed)}


@pytest.mark.parametrize(
    ("rights", "name"),
    [
        ({"valid_until": "2026-11-30"}, "valid_until"),
        ({"valid_until": "2026-12-02"}, "valid_until"),
        ({"duration": "P0D"}, "duration"),
        ({"duration": "P9999Y"}, "duration"),
        ({"valid_until": "2199-01-01"}, "valid_until"),
        ({"duration": "P173Y"}, "duration"),
        ({"contract_type": "transfer"}, "onward_transfer"),
    ],
)
def test_a_term_that_cannot_be_carried_out_is_named(rights, name):
    with pytest.raises(FieldInvalid) as refused:
        compile_plan(terms({"contract_type": "licence", **rights}), at=NOW, zone=TOKYO)
    assert refused.value.name == f"terms.rights.{name}"


@pytest.mark.parametrize(
    ("charging", "rights", "name"),
    [
        ({"kind": "subscription", "charges": 13}, {"duration": "P1Y"}, "charging.charges"),
        ({"kind": "subscription", "charges": 2}, {}, "charging.kind"),
        ({"kind": "instalment", "charges": 3}, {"duration": "P1M"}, "charging.charges"),
        ({"kind": "instalment", "charges": 1000}, {}, "charging.charges"),
        (
            {"kind": "subscription", "first_period_from": "2026-11-30"},
            {"duration": "P1Y"},
            "charging.first_period_from",
        ),
    ],
)
def test_charging_that_cannot_be_carried_out_is_named(charging, rights, name):
    agreed = terms({"contract_type": "licence", **rights}, charging=charging, price_minor=999)
    with pytest.raises(FieldInvalid) as refused:
        compile_plan(agreed, at=NOW, zone=TOKYO)
    assert refused.value.name == f"terms.{name}"


def test_days_are_returned_only_where_days_are_left():
    notice = {"convenience_notice_days": 30, "refund": "pro_rata"}
    with pytest.raises(FieldInvalid) as refused:
        compile_plan(terms({"contract_type": "licence"}, ending=notice), at=NOW, zone=TOKYO)
    assert refused.value.name == "terms.ending.refund"


@pytest.mark.parametrize(
    ("rights", "charging", "money"),
    [
        ({"duration": "P2Y"}, {}, "days_returned"),
        ({}, {}, "nothing_returned"),
        ({"duration": "P2Y"}, {"kind": "instalment", "charges": 3}, "instalments_due"),
        ({"duration": "P2Y"}, {"kind": "subscription", "charges": 3}, "days_returned"),
    ],
)
def test_an_end_by_law_returns_days_where_the_price_is_one_of_days(rights, charging, money):
    changed = {"charging": charging} if charging else {}
    plan = build_plan(terms({"contract_type": "licence", **rights}, **changed))
    assert [end.money for end in plan.endings if (end.of, end.reason) == ("agreement", "law")] == [money]


@pytest.mark.parametrize(
    ("rights", "charging", "money"),
    [
        ({"duration": "P2Y"}, {}, "days_returned_by_provider"),
        ({}, {}, "nothing_returned"),
        ({"duration": "P2Y"}, {"kind": "instalment", "charges": 3}, "instalments_by_notice"),
        ({"duration": "P2Y"}, {"kind": "subscription", "charges": 3}, "days_returned_by_provider"),
    ],
)
def test_a_notice_by_the_seller_takes_no_price(rights, charging, money):
    changed = {"charging": charging} if charging else {}
    notice = {"convenience_notice_days": 30, "refund": "none"}
    plan = build_plan(terms({"contract_type": "licence", **rights}, ending=notice, **changed))
    assert [end.money for end in plan.endings if end.reason == "convenience"] == [money]
    assert sum("after a notice of the Provider" in line for line in plan_lines(plan, "en")) == (
        money != "nothing_returned"
    )


@pytest.mark.parametrize(
    ("charging", "rights"),
    [
        ({"kind": "subscription", "charges": 12}, {"duration": "P1Y"}),
        (
            {"kind": "subscription", "charges": 4, "first_period_from": "2026-12-31"},
            {"valid_until": "2027-04-29"},
        ),
        ({"kind": "instalment", "charges": 2}, {"valid_until": "2027-01-01"}),
    ],
)
def test_rights_that_last_until_the_last_charge_has_run_suffice(charging, rights):
    agreed = terms({"contract_type": "licence", **rights}, charging=charging)
    assert len(compile_plan(agreed, at=NOW, zone=TOKYO).money.charges) == charging["charges"]


def test_what_the_market_keeps_is_apart_from_what_the_buyer_promises():
    kept = build_plan(CASES["both_ends"]).rights
    assert kept.enforced == ("onward_transfer", "valid_until", "duration", "use_count_max")
    assert kept.promised == ("reidentification", "confidential", "accept_audit")
    assert build_plan(terms()).rights.enforced == ("purposes", "onward_transfer", "regions", "duration")
    sole = build_plan(terms({"contract_type": "licence", "exclusive": True})).rights
    assert ("exclusive" in sole.enforced, "exclusive" in sole.promised) == (True, False)


def test_an_unknown_version_is_not_executed():
    with pytest.raises(PlanUnreadable, match=r"sanpo\.plan\.v9"):
        read_plan({**build_plan(terms()).as_dict(), "version": "sanpo.plan.v9"})
