"""Answers and changes in words, and rights that contradict what they sell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from listings.rights import (
    Parties,
    Question,
    World,
    answer,
    changes,
    parse_rights,
    policy_of,
    require_feasible,
)
from listings.rights.consistency import require_usable
from marketplace.kernel.errors import FieldInvalid

from .generated import AGREED, TOKYO


def rights(**choices):
    return parse_rights({"contract_type": "licence", **choices})


def answered(action, facts, **choices):
    made = policy_of(
        rights(**choices),
        price_minor=1,
        currency="JPY",
        identifier="urn:sanpo:ofr_1",
        parties=Parties("urn:sanpo:org_s"),
    )
    return answer(made, Question(action, facts=facts), World(zone=TOKYO, now=AGREED, agreed_at=AGREED))


def test_a_permission_is_told_with_what_is_still_to_be_done():
    told = answered("use", {}, attribution=True)
    assert (told["outcome"], told["rule"]) == ("permitted", {"kind": "permission", "action": "use"})
    assert told["reason"] == {"ja": "利用は許可されています。", "en": "Use is permitted."}
    assert [duty["label"]["en"] for duty in told["pending"]] == ["pay the price", "name the source"]


def test_a_prohibition_is_told():
    told = answered("m:trainModel", {}, model_training="prohibited")
    assert (told["outcome"], told["rule"]["kind"], told["pending"]) == ("prohibited", "prohibition", [])
    assert told["reason"]["ja"] == "AI学習への利用は禁止されています。"


def test_what_a_permission_lacks_is_told():
    told = answered("use", {"purpose": "m:commercial"}, purposes=["research"], regions=["JP"])
    assert told["outcome"] == "not_permitted"
    assert told["reason"] == {
        "ja": "利用の許可の条件：利用目的：研究（不充足）、利用地域：日本（申告なし）。",
        "en": "Use is permitted only under: Purpose: research (not met); Region: Japan (not stated).",
    }


def test_where_no_rule_permits_it_is_told():
    told = answered("transfer", {})
    assert (told["outcome"], told["rule"]) == ("not_permitted", None)
    assert told["reason"]["en"] == "No rule permits transfer of ownership."


def test_changes_are_told_term_by_term_and_on_the_whole():
    told = changes(rights(purposes=["research"]), rights(model_training="prohibited"), TOKYO)
    assert told["relation"] == "incomparable"
    assert [
        (line["term"], line["relation"], line["before"]["ja"], line["after"]["ja"]) for line in told["terms"]
    ] == [
        ("purposes", "wider", "研究", "制限なし"),
        ("model_training", "narrower", "可", "不可"),
    ]
    assert changes(rights(), rights(), TOKYO)["terms"] == []
    assert changes(rights(), rights(), TOKYO)["relation"] == "equal"


def test_a_purpose_to_be_agreed_is_undecided():
    told = changes(rights(purposes=["to_be_agreed"]), rights(purposes=["research"]), TOKYO)
    assert (told["relation"], told["terms"][0]["relation"]) == ("undecided", "undecided")


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"contract_type": "transfer"}, "onward_transfer"),
        ({"valid_until": "2026-11-30"}, "valid_until"),
        ({"valid_until": "9999-12-31"}, "valid_until"),
        ({"duration": "P0D"}, "duration"),
        ({"duration": "P0Y0M"}, "duration"),
        ({"duration": "P9999Y"}, "duration"),
    ],
)
def test_rights_that_never_permit_what_they_sell_are_refused_by_name(choices, field):
    now = datetime(2026, 12, 1, 0, 0, tzinfo=TOKYO).astimezone(UTC)
    with pytest.raises(FieldInvalid) as refusal:
        require_usable(rights(**choices), now=now, zone=TOKYO, prefix="offer.rights")
    assert refusal.value.name == f"offer.rights.{field}"
    assert refusal.value.message.ja != refusal.value.message.en


@pytest.mark.parametrize("duration", ["P１Y", "P٣Y"])
def test_a_duration_is_in_plain_digits(duration):
    with pytest.raises(FieldInvalid) as refusal:
        rights(duration=duration)
    assert refusal.value.name == "rights.duration"


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"contract_type": "transfer", "onward_transfer": "permitted"},
        {
            "contract_type": "joint_use",
            "purposes": ["medical"],
            "regions": ["JP"],
            "disclosure_scope": "group",
        },
        {"purposes": ["to_be_agreed"], "valid_until": "2026-12-01", "duration": "P1D", "use_count_max": 1},
    ],
)
def test_rights_that_permit_what_they_sell_are_taken(choices):
    now = datetime(2026, 12, 1, 0, 0, tzinfo=TOKYO).astimezone(UTC)
    require_usable(rights(**choices), now=now, zone=TOKYO)


@pytest.mark.parametrize(
    ("choices", "funding_days", "field"),
    [
        # 1 December is a Tuesday: three bank days later is Friday, and the price may be paid in until its end.
        ({"valid_until": "2026-12-03"}, 3, "valid_until"),
        ({"valid_until": "2026-12-04"}, 3, None),
        ({"duration": "P2D"}, 3, "duration"),
        ({"duration": "P3D"}, 3, None),
        ({"duration": "P3D", "valid_until": "2026-12-03"}, 3, "valid_until"),
        ({"duration": "P1D"}, 0, None),
        ({"duration": "P1D"}, 30, "duration"),
        ({}, 30, None),
    ],
)
def test_rights_last_until_the_price_is_paid_in(choices, funding_days, field):
    now = datetime(2026, 12, 1, 10, 0, tzinfo=TOKYO).astimezone(UTC)
    try:
        require_feasible(
            rights(**choices), funding_days=funding_days, now=now, zone=TOKYO, prefix="terms.rights"
        )
        refused = None
    except FieldInvalid as refusal:
        refused = refusal.name
    assert refused == (field and f"terms.rights.{field}")
