"""Whether a law on commissioned work applies follows from the work and the stated sizes; what is not stated is not a "no"."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.commissions.law import classify, is_protected, missing_sizes
from contracts.commissions.words import finding_lines
from marketplace.kernel.calendars import BusinessCalendar, last_payment_day
from marketplace.participants.organisation_facts import Size

TODAY = date(2026, 12, 1)
UNSTATED = Size(is_individual=False, capital_yen=None, employees=None, officers=None)


def company(capital_yen=None, employees=None, officers=None):
    return Size(is_individual=False, capital_yen=capital_yen, employees=employees, officers=officers)


def person(employees=None):
    return Size(is_individual=True, capital_yen=None, employees=employees, officers=None)


def found(work, buyer, seller, on=TODAY):
    return [(row.law, row.applies, row.because) for row in classify(work, buyer=buyer, seller=seller, on=on)]


LARGE = company(300_000_001, 301, 5)


@pytest.mark.parametrize(
    ("work", "buyer", "seller", "applies", "because"),
    [
        ("program", company(300_000_001, 10), company(300_000_000, 10), True, "capital"),
        ("program", company(300_000_000, 10), company(10_000_001, 10), False, "sizes"),
        ("program", company(10_000_001, 10), company(10_000_000, 10), True, "capital"),
        ("program", company(1, 301), company(1, 300), True, "employees"),
        ("program", company(1, 300), company(1, 1), False, "sizes"),
        ("information_processing", company(1, 301), company(1, 300), True, "employees"),
        ("information_deliverable", company(50_000_001, 10), company(50_000_000, 10), True, "capital"),
        ("information_deliverable", company(50_000_000, 10), company(10_000_001, 10), False, "sizes"),
        ("information_deliverable", company(1, 101), company(1, 100), True, "employees"),
        ("service", company(1, 100), company(1, 100), False, "sizes"),
        ("service", company(10_000_001), person(3), True, "capital"),
        ("service", person(200), company(1, 1), False, "individual"),
        ("service", UNSTATED, company(1, 1), None, "unstated"),
        ("service", company(10_000_000, 100), UNSTATED, False, "sizes"),
        ("service", company(None, 101), company(None, 100), True, "employees"),
    ],
)
def test_the_act_applies_by_capital_or_employees(work, buyer, seller, applies, because):
    assert found(work, buyer, seller)[0] == ("toriteki", applies, because)


def test_employees_count_since_2026():
    sizes = {"buyer": company(1, 301), "seller": company(1, 1)}
    assert found("program", **sizes, on=date(2025, 12, 31))[0] == ("toriteki", False, "sizes")
    assert found("program", **sizes, on=date(2026, 1, 1))[0] == ("toriteki", True, "employees")


@pytest.mark.parametrize(
    ("buyer", "seller", "applies", "because"),
    [
        (company(1, 5, 1), person(0), True, "sole"),
        (company(1, 0, 2), company(1, 0, 1), True, "sole"),
        (company(1, 5, 1), company(1, 0, 2), False, "not_sole"),
        (company(1, 5, 1), person(1), False, "not_sole"),
        (company(1, 0, 1), person(0), False, "both_sole"),
        (company(1, 5, 1), person(), None, "unstated"),
        (UNSTATED, person(0), None, "unstated"),
        (UNSTATED, person(2), False, "not_sole"),
    ],
)
def test_who_works_alone_is_protected_from_who_does_not(buyer, seller, applies, because):
    assert found("service", buyer, seller)[1] == ("freelance", applies, because)


def test_what_is_missing_is_named_and_treated_as_protected():
    rows = [row.as_dict() for row in classify("service", buyer=UNSTATED, seller=UNSTATED, on=TODAY)]
    assert is_protected(rows)
    assert missing_sizes(rows) == [
        "buyer.capital_yen", "buyer.employees", "buyer.officers",
        "seller.capital_yen", "seller.employees", "seller.officers",
    ]  # fmt: skip
    assert "stated capital of the Consumer" in str(finding_lines(rows)[0])
    assert "利用者の資本金" in finding_lines(rows)[0].ja
    known = [row.as_dict() for row in classify("service", buyer=LARGE, seller=person(), on=TODAY)]
    assert (is_protected(known), missing_sizes(known)) == (True, [])
    free = [row.as_dict() for row in classify("service", buyer=company(1, 1, 1), seller=LARGE, on=TODAY)]
    assert (is_protected(free), missing_sizes(free)) == (False, [])


sizes = st.builds(
    Size,
    is_individual=st.booleans(),
    capital_yen=st.none() | st.sampled_from([0, 10_000_000, 10_000_001, 50_000_001, 300_000_001]),
    employees=st.none() | st.sampled_from([0, 1, 100, 101, 300, 301]),
    officers=st.none() | st.sampled_from([1, 2]),
)


@given(work=st.sampled_from(["program", "service"]), buyer=sizes, seller=sizes, data=st.data())
def test_stating_what_is_missing_decides_and_never_turns_an_answer(work, buyer, seller, data):
    before = classify(work, buyer=buyer, seller=seller, on=TODAY)

    def stated(size):
        return Size(
            size.is_individual,
            *(
                data.draw(st.sampled_from(choices)) if value is None else value
                for value, choices in (
                    (size.capital_yen, [0, 60_000_000, 400_000_000]),
                    (size.employees, [0, 200, 400]),
                    (size.officers, [1, 3]),
                )
            ),
        )

    after = classify(work, buyer=stated(buyer), seller=stated(seller), on=TODAY)
    for known, now in zip(before, after, strict=True):
        assert now.applies is not None
        assert known.applies in (None, now.applies)


def test_received_on_1_april_2026_it_is_paid_by_29_may_or_by_agreement_on_1_june():
    received = date(2026, 4, 1)
    assert (received + timedelta(days=59)).strftime("%A %F") == "Saturday 2026-05-30"
    assert last_payment_day(received, 60, holiday_shift=False) == date(2026, 5, 29)
    assert last_payment_day(received, 60, holiday_shift=True) == date(2026, 6, 1)
    # Day 60 is Sunday 3 May 2026, and banks open on the 7th: four days later is too late, also by agreement.
    assert last_payment_day(date(2026, 3, 5), 60, holiday_shift=True) == date(2026, 5, 1)


@given(received=st.dates(date(2026, 1, 1), date(2040, 12, 31)), holiday_shift=st.booleans())
def test_it_is_always_paid_on_a_bank_day_within_the_days_of_the_law(received, holiday_shift):
    day = last_payment_day(received, 60, holiday_shift=holiday_shift)
    assert BusinessCalendar().is_business_day(day)
    assert day <= received + timedelta(days=61 if holiday_shift else 59)
    assert holiday_shift or BusinessCalendar().roll_forward(day + timedelta(days=1)) > received + timedelta(
        days=59
    )
