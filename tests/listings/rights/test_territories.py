"""Rights name the countries of ISO 3166-1, and nothing that lacks a name in a language stops a reader."""

import pytest

from listings.rights import parse_rights, summary
from listings.rights.territories import NO_COUNTRIES, country, country_codes
from marketplace.kernel.errors import FieldInvalid


def test_all_assigned_codes_have_names_in_both_languages():
    assert len(country_codes()) == 249
    for code in country_codes():
        named = country(code)
        assert (str(named) != code, named.ja != code) == (True, True)


@pytest.mark.parametrize("code", sorted(NO_COUNTRIES))
def test_what_is_no_country_is_refused_by_name(code):
    with pytest.raises(FieldInvalid) as refused:
        parse_rights({"contract_type": "licence", "regions": [code]})
    assert refused.value.name == "rights.regions"


def test_a_code_that_was_once_taken_is_shown_as_it_is():
    told = country("CQ")
    assert (str(told), told.ja) in {("Sark", "CQ"), ("CQ", "CQ")}


def test_every_country_is_told_in_words():
    rights = parse_rights({"contract_type": "licence", "regions": sorted(country_codes())})
    assert "日本" in str(summary(rights))
