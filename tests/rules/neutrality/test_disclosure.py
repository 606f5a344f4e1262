"""What of a decision's facts a bundle shows: what rules read, under names that no rule can tell apart."""

from __future__ import annotations

from marketplace.kernel.identifiers import new_identifier
from marketplace.rules.neutrality.disclosure import Groups, disclose, identifiers_in, rename
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
}
TYPES = {"market.date": "string", "n.badges": "list(string)", "n.rounds": "int", "n.secret": "int"} | {
    f"n.{name}": "string" for name in ("seller", "buyer", "kind", "note")
}


def shown(item: str = "item", named: tuple[str, ...] = ("business", "gold")):
    reads = set(FACTS) - {"n.secret"}
    return disclose(FACTS, types=TYPES, reads=reads, named=named, seal=SEAL, item=item)


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


def test_rows_look_alike_by_what_rules_name():
    assert shown().texts == shown("other").texts
    assert shown().texts != shown(named=("business",)).texts


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
