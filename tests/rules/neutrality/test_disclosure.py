"""What of a decision's facts a bundle shows: what rules read, under names that no rule can tell apart."""

from __future__ import annotations

import pytest

from marketplace.kernel.identifiers import new_identifier
from marketplace.rules.neutrality.disclosure import (
    Groups,
    Named,
    disclose,
    identifiers_in,
    rename,
    standing_for,
)
from marketplace.rules.neutrality.sealing import IDENTIFIER, Seal

SEAL = Seal(b"s" * 32)
SELLER, BUYER = new_identifier("org"), new_identifier("org")
FACTS = {
    "market.date": "2026-11-30",
    "n.seller": SELLER,
    "n.buyer": BUYER,
    "n.kind": "business",
    "n.badges": ["gold", "blue"],
    "n.rounds": 3,
    "n.secret": 7,
    "n.note": None,
    "n.since": "2026-11-30T03:04:05.678901+00:00",
}
TYPES = (
    {"market.date": "string", "n.badges": "list(string)", "n.rounds": "int", "n.secret": "int"}
    | {"n.since": "timestamp"}
    | {f"n.{name}": "string" for name in ("seller", "buyer", "kind", "note")}
)


def shown(item: str = "item", named: tuple[str, ...] = ("business", "gold"), **facts):
    reads = set(FACTS) - {"n.secret"}
    return disclose(FACTS | facts, types=TYPES, reads=reads, named=Named(named, [2, 5]), seal=SEAL, item=item)


def test_a_text_that_no_rule_names_is_a_pseudonym():
    facts = shown().facts
    assert (facts["n.kind"], facts["n.rounds"], facts["n.note"]) == ("business", 3, None)
    assert facts["market.date"] == "2026-11-30"
    assert facts["n.badges"][0] == "gold"
    assert facts["n.badges"][1] not in ("gold", "blue")
    assert IDENTIFIER.fullmatch(facts["n.seller"])
    assert len({SELLER, BUYER, facts["n.seller"], facts["n.buyer"]}) == 4


def test_what_no_rule_reads_is_committed_alone():
    found = shown()
    assert "n.secret" not in found.facts
    assert found.committed == {"n.secret": SEAL.commit(7, "item", "n.secret")}


def test_the_same_party_has_another_pseudonym_in_each_row():
    assert shown("one").facts["n.seller"] != shown("two").facts["n.seller"]
    assert shown("one").facts == shown("one").facts


def test_rows_look_alike_if_an_outsider_cannot_tell_them_apart():
    assert shown().looks == shown("other").looks
    assert shown().looks != shown(named=("business",)).looks
    same_side = {"n.seller": BUYER}
    assert shown().looks != shown(**same_side).looks
    assert shown().looks == shown(**{"n.rounds": 4}).looks
    for name, other in (("n.rounds", 5), ("n.note", "x"), ("n.badges", ["gold"]), ("n.since", None)):
        assert shown().looks != shown(**{name: other}).looks, name


def test_an_instant_is_shown_as_its_day_in_the_market():
    assert shown().facts["n.since"] == "2026-11-29T15:00:00+00:00"
    assert shown(**{"n.since": "2026-11-30T15:00:00+00:00"}).facts["n.since"] == "2026-11-30T15:00:00+00:00"


@pytest.mark.parametrize(
    ("value", "numbers", "stands"),
    [
        (1, [2, 5], 1),
        (-9, [2, 5], 1),
        (2, [2, 5], 2),
        (3, [2, 5], 3),
        (4, [2, 5], 3),
        (900, [2, 5], 6),
        (900, [], 0),
    ],
)
def test_a_number_stands_for_all_between_two_of_the_rules(value, numbers, stands):
    assert standing_for(value, numbers) == stands


def test_identifiers_are_found_and_renamed():
    facts = {"a": SELLER, "b": ["x", BUYER], "c": 1}
    assert identifiers_in(facts) == {SELLER, BUYER}
    assert rename(facts, {SELLER: BUYER, BUYER: SELLER}) == {"a": BUYER, "b": ["x", SELLER], "c": 1}


def test_a_group_is_large_with_three_parties_in_every_role():
    groups = Groups()
    for at in range(3):
        groups.add("g", {"seller": f"s{at}", "buyer": "b"})
    assert not groups.is_large("g")
    groups.add("g", {"buyer": "c"})
    groups.add("g", {"buyer": "d"})
    assert groups.is_large("g")
    assert not groups.is_large("unknown")


@pytest.mark.parametrize(("owed", "stands"), [(0, -99), (3, -99), (99, -99), (100, 100), (5_000, 101)])
def test_a_withheld_number_tells_its_side_of_its_own_limits_alone(owed, stands):
    named = Named((), [-100, -5, -2, 2, 5, 100], {"n.owed": [-100, 100]})
    told = disclose(
        {"n.owed": owed, "n.rounds": 3},
        types={"n.owed": "int", "n.rounds": "int"},
        reads={"n.owed", "n.rounds"},
        named=named,
        seal=SEAL,
        item="item",
    )
    assert told.facts == {"n.owed": stands, "n.rounds": 3}
