"""Input that only an attacker sends is refused at the edge, in words."""

from __future__ import annotations

import pytest

from marketplace.kernel.amounts import TOTAL_MINOR_MAX

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["catalogue/%00/", "cycles/%00/", "cycles/%00/progress/", "segments/%00/"])
def test_a_nul_in_the_path_names_nothing(api, path):
    answer = api.get(f"/api/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_a_nul_in_a_parameter_is_refused_by_its_name(api):
    answer = api.get("/api/v1/catalogue/?seller=a%00&text=b")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("seller", "null_character")
    ]


@pytest.mark.parametrize(
    "amount",
    ["-1e700000", "1e9", "1.5", "-1", str(TOTAL_MINOR_MAX + 1), str(2**63), "9" * 100_000],
    ids=lambda text: text[:9],
)
def test_an_amount_to_filter_by_is_a_whole_number_within_bounds(api, amount):
    answer = api.get("/api/v1/catalogue/", {"price_minor_max": amount})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["price_minor_max"]


def test_the_largest_amount_is_accepted(api):
    assert api.get("/api/v1/catalogue/", {"price_minor_max": str(TOTAL_MINOR_MAX)}).status_code == 200
