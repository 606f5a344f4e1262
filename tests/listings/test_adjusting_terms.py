"""Clauses that adjust a price: what each makes of a price, to the yen, in Python and in PostgreSQL."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from listings.adjusting_terms import adjusted_price, parse_adjustments
from listings.charging_terms import parse_charging
from marketplace.kernel.errors import FieldInvalid

INDEX = {"kind": "index", "index": "cpi_jp", "base_milli": 102_500, "floor_bp": 9_000, "cap_bp": 11_000}
QUALITY = {"kind": "quality", "at_least_bp": 8_000, "reduction_bp": 1_250}
VOLUME = {"kind": "volume", "beyond_uses": 1_000, "reduction_bp": 500}


@pytest.mark.parametrize(
    ("clause", "before", "value", "after"),
    [
        (INDEX, 100_000, 102_500, 100_000),
        (INDEX, 100_000, 104_300, 101_756),
        (INDEX, 100_000, 100_000, 97_560),
        (INDEX, 100_000, 1, 90_000),
        (INDEX, 100_000, 10**12, 110_000),
        (QUALITY, 9_999, 8_000, 9_999),
        (QUALITY, 9_999, 7_999, 8_750),
        (VOLUME, 9_999, 1_000, 9_999),
        (VOLUME, 9_999, 1_001, 9_500),
        (VOLUME, 0, 1_001, 0),
    ],
)
def test_a_price_is_adjusted_to_the_yen(clause, before, value, after):
    assert adjusted_price(clause, before, value) == after


prices, values = st.integers(0, 10**12), st.integers(0, 10**12)


@pytest.mark.django_db
@given(clause=st.sampled_from([INDEX, QUALITY, VOLUME]), before=prices, value=values)
def test_postgresql_adjusts_as_python_does(clause, before, value):
    after = adjusted_price(clause, before, value)
    assert before * 9_000 // 10_000 - 1 <= after <= before * 11_000 // 10_000 or clause is QUALITY
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.adjusted_price(%s, %s, %s)", [json.dumps(clause), before, value])
        assert cursor.fetchone() == (after,)


WRONG = [
    ("all", "subscription"),
    ([], "subscription"),
    ([{"kind": "weather"}], "subscription"),
    ([{"kind": []}], "subscription"),
    ([{"kind": {}}], "subscription"),
    ([QUALITY, QUALITY], "subscription"),
    ([{**QUALITY, "reduction_bp": 10_001}], "subscription"),
    ([{**QUALITY, "at_least_bp": 0}], "subscription"),
    ([{**INDEX, "base_milli": 0}], "subscription"),
    ([{**INDEX, "cap_bp": 20_001}], "subscription"),
    ([{**INDEX, "index": "CPI"}], "subscription"),
    ([VOLUME], "subscription"),
    ([QUALITY], "one_off"),
    ([INDEX], "metered"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("stated", "charging"), WRONG)
def test_clauses_that_cannot_fire_are_named_and_refused(stated, charging):
    with pytest.raises(FieldInvalid) as refused:
        parse_adjustments(stated, charging=charging, prefix="charging.adjustments")
    assert refused.value.name == "charging.adjustments"
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.is_adjustments(%s, %s)", [json.dumps(stated), charging])
        assert cursor.fetchone() == (False,)


@pytest.mark.django_db
def test_clauses_stand_in_the_terms_of_charging_in_the_order_of_their_kinds():
    monthly = {"kind": "subscription", "charges": 12, "adjustments": [QUALITY, INDEX]}
    said = parse_charging(monthly).as_dict()
    assert said["adjustments"] == [INDEX, QUALITY]
    assert parse_charging(said).as_dict() == said
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.is_charging(%s)", [json.dumps(said)])
        assert cursor.fetchone() == (True,)
