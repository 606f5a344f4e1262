"""The one object that is signed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from contracts.signed_object import claims, draw_up, drawn_faults, signature_faults
from marketplace.evidence.signatures import sign
from marketplace.kernel.canonical import canonical_json, digest_of, sha256_hex

from ..document.test_contract_text import said
from ..factories import brief_template
from ..library import entries

# The market's keys are read from the database, unless this process has read them before.
pytestmark = pytest.mark.django_db

CLAUSES = entries(brief_template()["clauses"])
SIGNED_AT = datetime(2026, 12, 1, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
def drawn():
    return draw_up(said(), CLAUSES)


def claimed(drawn, **changes):
    facts = {
        "agreement": "agr_1",
        "signed_hash": drawn.signed_hash,
        "party": "seller",
        "organisation": "org_P",
        "signer": "usr_1",
        "signed_at": SIGNED_AT,
    }
    return claims(**{**facts, **changes})


def test_text_policy_and_terms_are_one_object(drawn):
    content = json.loads(drawn.content)
    assert drawn.signed_hash == digest_of(content)
    assert content["text"] == {
        "ja": sha256_hex(drawn.text_ja.encode()),
        "en": sha256_hex(drawn.text_en.encode()),
    }
    assert content["policy"]["@type"] == "Agreement"
    assert (content["policy"]["assigner"], content["policy"]["assignee"]) == (
        "urn:sanpo:org_P",
        "urn:sanpo:org_C",
    )
    assert content["policy"]["target"] == "urn:sanpo:lsv_1"
    assert content["terms"]["price_minor"] == 100_000
    assert content["signature_methods"] == ["market_side", "own_key"]
    assert drawn_faults(drawn) == []


def test_the_same_negotiation_gives_the_same_hash(drawn):
    assert draw_up(said(), CLAUSES) == drawn


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "PO-2"},
        {"tax_rate_bp": 800},
        {"agreement": "agr_2"},
        {"policy": {"@type": "Agreement"}},
        {"terms": {**said()["terms"], "price_minor": 99_999}},
        {"dataset": {**said()["dataset"], "files": []}},
    ],
)
def test_anything_else_gives_another_hash(drawn, changes):
    assert draw_up(said(**changes), CLAUSES).signed_hash != drawn.signed_hash


def test_other_words_give_another_hash(drawn):
    others = entries([{**clause, "heading": {"ja": "別", "en": "Other"}} for clause in CLAUSES])
    assert draw_up(said(), others).signed_hash != drawn.signed_hash


def test_what_was_tampered_with_is_named(drawn):
    assert drawn_faults(replace(drawn, text_ja=drawn.text_ja + "。")) == [
        "the hash of the text (ja) is not the text's"
    ]
    assert drawn_faults(replace(drawn, text_en="")) == ["the hash of the text (en) is not the text's"]
    content = json.loads(drawn.content)
    cheaper = canonical_json({**content, "terms": {**content["terms"], "price_minor": 1}}).decode()
    assert drawn_faults(replace(drawn, content=cheaper)) == ["the signed hash is not the content's"]
    loose = json.dumps(content, ensure_ascii=False)
    assert drawn_faults(replace(drawn, content=loose, signed_hash=sha256_hex(loose.encode()))) == [
        "the content is not in canonical form"
    ]


def test_a_signature_attests_who_signed_what_and_how(drawn):
    expected = claimed(drawn)
    assert expected["method"] == "market_side"
    assert expected["signed_at"] == "2026-12-01T01:02:03+00:00"
    in_tokyo = SIGNED_AT.astimezone(timezone(timedelta(hours=9)))
    assert claimed(drawn, signed_at=in_tokyo) == expected
    assert signature_faults(sign(expected), expected) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"signed_hash": "0" * 64},
        {"party": "buyer"},
        {"organisation": "org_X"},
        {"signer": "usr_2"},
        {"agreement": "agr_2"},
        {"signed_at": SIGNED_AT + timedelta(microseconds=1)},
    ],
)
def test_a_signature_over_something_else_is_found(drawn, changes):
    jws = sign(claimed(drawn))
    assert signature_faults(jws, claimed(drawn, **changes))[0].endswith("is over something else")


def test_a_forged_signature_does_not_verify(drawn):
    header, payload, signature = sign(claimed(drawn)).split(".")
    forged = f"{header}.{payload}.{'A' * len(signature)}"
    assert signature_faults(forged, claimed(drawn)) == [
        "the signature of the seller does not verify under the market's key"
    ]
    assert signature_faults("nonsense", claimed(drawn)) == signature_faults(forged, claimed(drawn))
