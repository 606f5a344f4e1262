"""What a comparison with the registry and the lists finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from marketplace.registration.facts import Facts, Named
from marketplace.registration.findings import (
    Finding,
    ListedName,
    RegistryView,
    list_findings,
    registry_findings,
)
from marketplace.registration.names import normal_name

NAME, ADDRESS = "讃岐データ株式会社", "香川県高松市番町1-8-15"
FACTS = Facts(
    is_individual=False,
    country="JP",
    corporate_number="5835678256246",
    lei=None,
    name=NAME,
    address=f"{ADDRESS} 讃岐ビル3階",
    named=(Named("organisation", (NAME,)), Named("bno_1", ("讃岐 花子",), date(1975, 4, 1))),
)
ENTRY = RegistryView("讃岐データ株式会社", "香川県高松市番町１丁目８番１５号", None)


def codes(found: list[Finding]) -> list[str]:
    return [str(each.code) for each in found]


def test_an_organisation_as_the_registry_has_it_is_clear():
    assert registry_findings(FACTS, ENTRY, is_loaded=True) == []


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (None, ["not_in_registry"]),
        (replace(ENTRY, name="阿波データ株式会社"), ["name_differs"]),
        (replace(ENTRY, address="徳島県徳島市1-1"), ["address_differs"]),
        (replace(ENTRY, closed_on=date(2020, 1, 1)), ["closed_in_registry"]),
    ],
)
def test_what_differs_from_the_registry_is_found(entry, found):
    assert codes(registry_findings(FACTS, entry, is_loaded=True)) == found


def test_a_market_without_a_registry_clears_nobody():
    assert codes(registry_findings(FACTS, None, is_loaded=False)) == ["registry_not_loaded"]
    assert codes(list_findings(FACTS.named, [], is_loaded=False)) == ["lists_not_loaded"]


def test_abroad_an_lei_stands_for_the_registry():
    abroad = replace(FACTS, country="SG", corporate_number=None)
    assert codes(registry_findings(abroad, None, is_loaded=True)) == ["without_lei"]
    assert registry_findings(replace(abroad, lei="529900T8BM49AURSDO55"), None, is_loaded=True) == []
    assert registry_findings(replace(abroad, is_individual=True), None, is_loaded=True) == []


@pytest.mark.parametrize(
    ("born_on", "is_found"),
    [(None, True), (date(1975, 1, 1), True), (date(1976, 12, 31), True), (date(1950, 4, 1), False)],
)
def test_a_listed_name_is_found_unless_it_is_of_another_age(born_on, is_found):
    entry = ListedName("scl_1", "S-1", normal_name("讃岐花子"), born_on)
    expected = [Finding("listed", "bno_1", "scl_1", "S-1")] if is_found else []
    assert list_findings(FACTS.named, [entry], is_loaded=True) == expected
