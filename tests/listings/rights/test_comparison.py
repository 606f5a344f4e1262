"""Which of two policies is wider, and that this is so."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listings.rights import Parties, parse_rights, policy_of
from listings.rights.comparison import Relation, compare
from listings.rights.evaluation import Outcome, evaluate
from listings.rights.rules import read_policy

from . import generated
from .generated import TOKYO

POLICIES = 8
EXAMPLES = 360
"""Each example compares 28 pairs: 10,080 in all."""
OPPOSITE = {Relation.NARROWER: Relation.WIDER, Relation.WIDER: Relation.NARROWER}
SEEN: Counter[Relation] = Counter()


def of(**choices):
    rights = parse_rights({"contract_type": "licence", **choices})
    made = policy_of(rights, price_minor=100, currency="JPY", identifier="urn:x", parties=Parties("urn:s"))
    return read_policy(made)


@pytest.mark.parametrize(
    ("first", "second", "relation"),
    [
        ({}, {}, "equal"),
        ({"purposes": ["research"]}, {}, "narrower"),
        ({"purposes": ["research", "medical"]}, {"purposes": ["research"]}, "wider"),
        ({"purposes": ["research"]}, {"purposes": ["medical"]}, "incomparable"),
        ({"duration": "P1Y"}, {"duration": "P12M"}, "equal"),
        ({"duration": "P1M"}, {"duration": "P31D"}, "narrower"),
        ({"duration": "P1M"}, {"duration": "P28D"}, "wider"),
        ({"duration": "P1M"}, {"duration": "P30D"}, "undecided"),
        ({"valid_until": "2027-03-31"}, {"valid_until": "2027-04-01"}, "narrower"),
        ({"disclosure_scope": "company"}, {"disclosure_scope": "group"}, "narrower"),
        ({"use_count_max": 9}, {"use_count_max": 10}, "narrower"),
        ({"use_count_max": 9}, {"use_count_max": 10, "duration": "P1Y"}, "incomparable"),
        ({"attribution": True}, {}, "narrower"),
        ({"exclusive": True}, {}, "wider"),
        ({"exclusive": True, "report_use": True}, {}, "incomparable"),
        ({"delete_at_end": True}, {"report_use": True}, "incomparable"),
        ({"model_training": "prohibited"}, {}, "narrower"),
        ({"derivatives": "prohibited"}, {"model_training": "prohibited"}, "incomparable"),
        ({"onward_transfer": "permitted"}, {}, "wider"),
        (
            {"contract_type": "transfer", "onward_transfer": "permitted"},
            {"onward_transfer": "permitted"},
            "wider",
        ),
    ],
)
def test_rights_are_compared(first, second, relation):
    assert compare(of(**first), of(**second), TOKYO) == relation
    assert compare(of(**second), of(**first), TOKYO) == OPPOSITE.get(relation, relation)


def test_the_price_is_no_right():
    cheap, dear = (
        read_policy(
            policy_of(
                parse_rights({"contract_type": "licence"}),
                price_minor=price,
                currency="JPY",
                identifier="urn:x",
                parties=Parties("urn:s"),
            )
        )
        for price in (1, 2)
    )
    assert compare(cheap, dear, TOKYO) == "equal"


def test_what_only_the_world_knows_is_undecided():
    def farming(operator, name):
        constraint = {"leftOperand": "industry", "operator": operator, "rightOperand": {"@id": name}}
        return read_policy({"permission": {"action": "use", "constraint": constraint}})

    assert compare(farming("isPartOf", "urn:a"), farming("isPartOf", "urn:a"), TOKYO) == "equal"
    assert compare(farming("isPartOf", "urn:a"), farming("isPartOf", "urn:b"), TOKYO) == "undecided"


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**40))
def check_comparisons(seed):
    documents = generated.policies(seed, POLICIES)
    read = [read_policy(document) for document in documents]
    asked = list(generated.questions(seed, 12))
    permitted = [[evaluate(policy, *one).outcome is Outcome.PERMITTED for one in asked] for policy in read]
    for first, second in combinations(range(POLICIES), 2):
        relation = compare(read[first], read[second], TOKYO)
        SEEN[relation] += 1
        for narrow, wide, when in ((first, second, Relation.NARROWER), (second, first, Relation.WIDER)):
            if relation in (when, Relation.EQUAL):
                for number, is_permitted in enumerate(permitted[narrow]):
                    assert not is_permitted or permitted[wide][number], (
                        relation, documents[first], documents[second], asked[number],
                    )  # fmt: skip


def test_a_narrower_policy_never_permits_what_the_wider_refuses():
    SEEN.clear()
    check_comparisons()
    assert sum(SEEN.values()) >= 10_000
    assert min(SEEN[relation] for relation in Relation) > 50, SEEN


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**40))
def test_the_same_meaning_in_another_serialisation_decides_the_same(seed):
    first, second = generated.policies(seed, 2)
    read, other = read_policy(first), read_policy(second)
    again = read_policy(generated.rewritten(first, seed))
    assert compare(read, again, TOKYO) in (Relation.EQUAL, Relation.UNDECIDED)
    assert compare(again, other, TOKYO) == compare(read, other, TOKYO)
    assert compare(other, again, TOKYO) == compare(other, read, TOKYO)
    for question, world in generated.questions(seed, 6):
        assert evaluate(again, question, world).outcome == evaluate(read, question, world).outcome
