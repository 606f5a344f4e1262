"""Terms of offers, and statements about anonymisation."""

import pytest

from listings.anonymisation import CRITERIA, check_anonymisation, criteria_met, items_published
from listings.offers import parse_offer
from marketplace.kernel.errors import FieldInvalid

from .factories import offer

STATEMENT = {
    "items": ["年代", "性別"],
    "method": "API",
    "published_at_url": "https://seller.example/anonymised",
    "criteria": dict.fromkeys(CRITERIA, True),
}


def test_an_offer_has_defaults():
    terms = parse_offer(offer())
    assert (terms.currency, terms.tax_category) == ("JPY", "standard")
    assert (terms.funding_days, terms.inspection_days, terms.negotiable) == (3, 7, True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"price_minor": -1}, "offer.price_minor"),
        ({"price_minor": 1.5}, "offer.price_minor"),
        ({"price_minor": True}, "offer.price_minor"),
        ({"currency": "yen"}, "offer.currency"),
        ({"currency": "DEM"}, "offer.currency"),
        ({"currency": "XXX"}, "offer.currency"),
        ({"currency": ["JPY"]}, "offer.currency"),
        ({"tax_category": "none"}, "offer.tax_category"),
        ({"template": "../x"}, "offer.template"),
        ({"funding_days": 31}, "offer.funding_days"),
        ({"inspection_days": 0}, "offer.inspection_days"),
        ({"negotiable": "yes"}, "offer.negotiable"),
        ({"discount": 5}, "offer.discount"),
        ({"rights": {"contract_type": "gift"}}, "offer.rights.contract_type"),
        (
            {"rights": {"contract_type": "licence", "purposes": ["to_be_agreed"]}, "negotiable": False},
            "offer.negotiable",
        ),
    ],
)
def test_impossible_terms_are_refused_by_name(changes, field):
    with pytest.raises(FieldInvalid) as refusal:
        parse_offer(offer(**changes))
    assert refusal.value.name == field


@pytest.mark.parametrize("missing", ["price_minor", "rights", "template"])
def test_what_an_offer_needs_is_asked_for(missing):
    stated = offer()
    del stated[missing]
    with pytest.raises(FieldInvalid) as refusal:
        parse_offer(stated)
    assert refusal.value.name == f"offer.{missing}"


def test_a_whole_statement_publishes_items_and_meets_the_criteria():
    stated = check_anonymisation(STATEMENT)
    assert stated == STATEMENT
    assert items_published(stated) is True
    assert criteria_met(stated) is True


@pytest.mark.parametrize("missing", ["items", "method", "published_at_url"])
def test_items_are_published_only_with_names_method_and_place(missing):
    stated = check_anonymisation({name: value for name, value in STATEMENT.items() if name != missing})
    assert items_published(stated) is False
    assert criteria_met(stated) is True


@pytest.mark.parametrize("criterion", sorted(CRITERIA))
def test_each_of_the_five_criteria_is_needed(criterion):
    stated = check_anonymisation({**STATEMENT, "criteria": {**STATEMENT["criteria"], criterion: False}})
    assert criteria_met(stated) is False


def test_nothing_stated_is_nothing_met():
    assert (items_published(None), criteria_met(None)) == (False, False)


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ({"other": 1}, "anonymisation"),
        ({"items": "年代"}, "anonymisation.items"),
        ({"items": [""]}, "anonymisation.items"),
        ({"criteria": {"other": True}}, "anonymisation.criteria"),
        ({"criteria": {"codes_removed": "yes"}}, "anonymisation.criteria.codes_removed"),
        ({"method": 1}, "anonymisation.method"),
    ],
)
def test_a_statement_of_another_shape_is_refused_by_name(statement, field):
    with pytest.raises(FieldInvalid) as refusal:
        check_anonymisation(statement)
    assert refusal.value.name == field
