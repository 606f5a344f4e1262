"""Terms and how they are changed."""

import pytest

from contracts.terms import parse_terms, revise_terms
from listings.rights import Parties
from marketplace.kernel.errors import FieldInvalid

from ..factories import OFFER

STORED = {
    name: OFFER[name]
    for name in ("price_minor", "currency", "tax_category", "funding_days", "inspection_days", "rights")
}


@pytest.fixture
def terms():
    return parse_terms(STORED)


def test_terms_are_written_and_read_again_the_same(terms):
    written = terms.as_dict()
    assert parse_terms(written) == terms
    assert (written["price_minor"], written["currency"], written["tax_category"]) == (
        100_000,
        "JPY",
        "standard",
    )
    assert (written["funding_days"], written["inspection_days"]) == (3, 7)
    assert written["rights"]["purposes"] == ["commercial", "research"]


def test_what_is_not_named_stays(terms):
    assert revise_terms(terms, None) == terms
    assert revise_terms(terms, {}) == terms
    changed = revise_terms(
        terms, {"price_minor": 90_000, "rights": {"regions": ["JP", "US"], "duration": None}}
    )
    assert changed.price_minor == 90_000
    assert changed.funding_days == 3
    assert changed.rights.regions == ("JP", "US")
    assert changed.rights.duration is None
    assert changed.rights.purposes == ("commercial", "research")


def test_what_the_offer_settles_may_be_repeated_but_not_changed(terms):
    assert revise_terms(terms, {"currency": "JPY", "tax_category": "standard"}) == terms


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": "USD"}, "terms.currency"),
        ({"tax_category": "exempt"}, "terms.tax_category"),
        ({"colour": "red"}, "terms.colour"),
        ({"price_minor": -1}, "terms.price_minor"),
        ({"price_minor": 10**12 + 1}, "terms.price_minor"),
        ({"price_minor": 1.5}, "terms.price_minor"),
        ({"price_minor": True}, "terms.price_minor"),
        ({"price_minor": "100"}, "terms.price_minor"),
        ({"funding_days": 31}, "terms.funding_days"),
        ({"inspection_days": 0}, "terms.inspection_days"),
        ({"inspection_days": 61}, "terms.inspection_days"),
        ({"rights": ["commercial"]}, "terms.rights"),
        ({"rights": {"purposes": ["war"]}}, "terms.rights.purposes"),
        ({"rights": {"colour": "red"}}, "terms.rights.colour"),
    ],
)
def test_what_cannot_be_accepted_is_refused_by_name(terms, changes, field):
    with pytest.raises(FieldInvalid) as refusal:
        revise_terms(terms, changes)
    assert refusal.value.name == field
    assert refusal.value.message.ja != refusal.value.message.en


def test_the_policy_says_what_the_terms_say(terms):
    policy = revise_terms(terms, {"price_minor": 90_000}).policy(
        identifier="urn:sanpo:ngt_1:1", parties=Parties("urn:sanpo:org_s")
    )
    assert (policy["@id"], policy["@type"]) == ("urn:sanpo:ngt_1:1", "Offer")
    duty = policy["permission"][0]["duty"][0]
    assert duty["action"][0]["refinement"][0]["rightOperand"]["@value"] == "90000"
