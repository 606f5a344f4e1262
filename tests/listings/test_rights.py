"""Rights of use as ODRL, and in words."""

import json

import pytest
from jsonschema import Draft201909Validator

from listings.rights import CONTEXT, PROFILE, Parties, Rights, parse_rights, policy_of, summary
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import FieldInvalid

NOTHING_SAID = {
    "contract_type": "licence",
    "purposes": ["unrestricted"],
    "disclosure_scope": "unrestricted",
    "onward_transfer": "prohibited",
    "regions": [],
    "valid_until": None,
    "duration": None,
    "use_count_max": None,
    "derivatives": "permitted",
    "model_training": "permitted",
    "reidentification": "prohibited",
    "confidential": False,
    "attribution": False,
    "delete_at_end": False,
    "report_use": False,
    "accept_audit": False,
}
EVERYTHING = {
    "contract_type": "licence",
    "purposes": ["research", "commercial"],
    "disclosure_scope": "company",
    "onward_transfer": "prohibited",
    "regions": ["JP"],
    "valid_until": "2027-03-31",
    "duration": "P1Y",
    "use_count_max": 100,
    "derivatives": "prohibited",
    "model_training": "prohibited",
    "reidentification": "prohibited",
    "confidential": True,
    "attribution": True,
    "delete_at_end": True,
    "report_use": True,
    "accept_audit": True,
}


def policy(**changes):
    rights = parse_rights({"contract_type": "licence", **changes})
    return policy_of(rights, price_minor=48_000, currency="JPY", identifier="urn:sanpo:ofr_1")


def actions(rules):
    return [rule["action"] for rule in rules]


def constraints(subject):
    return {
        (one["leftOperand"], one["operator"]): one["rightOperand"]
        for one in subject["permission"][0].get("constraint", [])
    }


def test_what_is_not_chosen_has_its_default():
    assert parse_rights({"contract_type": "licence"}).as_dict() == NOTHING_SAID


def test_choices_survive_being_stored():
    rights = parse_rights(EVERYTHING)
    assert parse_rights(json.loads(json.dumps(rights.as_dict()))) == rights


def test_a_plain_licence_is_a_permission_to_use_for_payment():
    assert policy() == {
        "@context": CONTEXT,
        "@type": "Offer",
        "@id": "urn:sanpo:ofr_1",
        "profile": PROFILE,
        "conflict": "prohibit",
        "permission": [
            {
                "action": "use",
                "duty": [
                    {
                        "action": "compensate",
                        "constraint": [
                            {
                                "leftOperand": "payAmount",
                                "operator": "eq",
                                "rightOperand": "48000",
                                "unit": "JPY",
                            }
                        ],
                    }
                ],
            },
            {"action": "derive"},
            {"action": "modify"},
        ],
        "prohibition": [
            {"action": "distribute"},
            {"action": "sell"},
            {"action": "grantUse"},
            {"action": "m:reidentify"},
        ],
    }


def test_every_choice_has_its_place():
    made = policy(**EVERYTHING)
    assert actions(made["permission"]) == ["use"]
    assert actions(made["permission"][0]["duty"]) == ["compensate", "attribute"]
    assert constraints(made) == {
        ("purpose", "isAnyOf"): ["m:commercial", "m:research"],
        ("recipient", "isPartOf"): "m:company",
        ("spatial", "isAnyOf"): ["JP"],
        ("dateTime", "lteq"): "2027-03-31",
        ("elapsedTime", "lteq"): "P1Y",
        ("count", "lteq"): "100",
    }
    assert actions(made["prohibition"]) == [
        "derive",
        "modify",
        "m:trainModel",
        "distribute",
        "sell",
        "grantUse",
        "m:reidentify",
    ]
    assert actions(made["obligation"]) == ["m:keepConfidential", "delete", "inform", "m:acceptAudit"]


@pytest.mark.parametrize(
    ("contract_type", "action"), [("licence", "use"), ("transfer", "transfer"), ("joint_use", "m:jointUse")]
)
def test_the_manner_of_provision_is_the_permitted_action(contract_type, action):
    assert policy(contract_type=contract_type)["permission"][0]["action"] == action


def test_disclosure_beyond_the_scope_is_prohibited_even_where_onward_transfer_is_not():
    made = policy(disclosure_scope="group", onward_transfer="permitted")
    assert constraints(made) == {("recipient", "isPartOf"): "m:group"}
    assert actions(made["prohibition"]) == ["distribute", "m:reidentify"]


def test_a_purpose_to_be_agreed_must_be_negotiated():
    assert parse_rights({"contract_type": "licence", "purposes": ["to_be_agreed"]}).must_be_negotiated is True
    assert parse_rights({"contract_type": "licence"}).must_be_negotiated is False


@pytest.mark.parametrize(
    ("currency", "minor", "amount"), [("JPY", 48_000, "48000"), ("USD", 1_205, "12.05"), ("USD", 7, "0.07")]
)
def test_the_payment_is_written_in_units_of_the_currency(currency, minor, amount):
    made = policy_of(Rights("licence"), price_minor=minor, currency=currency, identifier="urn:x")
    stated = made["permission"][0]["duty"][0]["constraint"][0]
    assert (stated["rightOperand"], stated["unit"]) == (amount, currency)


def test_an_agreement_names_its_parties_and_target():
    made = policy_of(
        Rights("licence"),
        price_minor=1,
        currency="JPY",
        identifier="urn:sanpo:agr_1",
        parties=Parties("urn:sanpo:org_s", "urn:sanpo:org_b", "urn:sanpo:lsv_1"),
    )
    assert {name: made[name] for name in ("@type", "assigner", "assignee", "target")} == {
        "@type": "Agreement",
        "assigner": "urn:sanpo:org_s",
        "assignee": "urn:sanpo:org_b",
        "target": "urn:sanpo:lsv_1",
    }


def test_the_order_of_choices_does_not_change_the_policy():
    other = policy(**{**EVERYTHING, "purposes": ["commercial", "research", "research"]})
    assert digest_of(other) == digest_of(policy(**EVERYTHING))


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({}, "rights.contract_type"),
        ({"contract_type": "gift"}, "rights.contract_type"),
        ({"contract_type": None}, "rights.contract_type"),
        ({"contract_type": "licence", "colour": "red"}, "rights.colour"),
        ({"contract_type": "licence", "purposes": []}, "rights.purposes"),
        ({"contract_type": "licence", "purposes": "research"}, "rights.purposes"),
        ({"contract_type": "licence", "purposes": ["war"]}, "rights.purposes"),
        ({"contract_type": "licence", "purposes": ["unrestricted", "research"]}, "rights.purposes"),
        ({"contract_type": "licence", "regions": ["Japan"]}, "rights.regions"),
        ({"contract_type": "licence", "regions": ["XQ"]}, "rights.regions"),
        ({"contract_type": "licence", "valid_until": "2027/03/31"}, "rights.valid_until"),
        ({"contract_type": "licence", "valid_until": 20270331}, "rights.valid_until"),
        ({"contract_type": "licence", "duration": "1 year"}, "rights.duration"),
        ({"contract_type": "licence", "duration": "P"}, "rights.duration"),
        ({"contract_type": "licence", "use_count_max": 0}, "rights.use_count_max"),
        ({"contract_type": "licence", "use_count_max": True}, "rights.use_count_max"),
        ({"contract_type": "licence", "confidential": "yes"}, "rights.confidential"),
        ({"contract_type": "licence", "derivatives": True}, "rights.derivatives"),
        (["licence"], "rights"),
    ],
)
def test_a_choice_that_is_none_is_refused_by_name(choices, field):
    with pytest.raises(FieldInvalid) as refusal:
        parse_rights(choices)
    assert refusal.value.name == field


def test_the_rights_are_told_in_both_languages():
    told = {line["term"]: line["value"] for line in summary(parse_rights(EVERYTHING))}
    assert told["purposes"] == {"ja": "商用・研究", "en": "commercial, research"}
    assert told["regions"] == {"ja": "日本", "en": "Japan"}
    assert told["derivatives"] == {"ja": "不可", "en": "prohibited"}
    assert told["duration"] == {"ja": "P1Y", "en": "P1Y"}
    assert told["confidential"] == {"ja": "義務あり", "en": "required"}
    assert len(told) == len(EVERYTHING)


def test_what_is_not_restricted_is_not_told():
    assert [line["term"] for line in summary(Rights("licence"))] == [
        "contract_type",
        "purposes",
        "disclosure_scope",
        "onward_transfer",
        "regions",
        "derivatives",
        "model_training",
        "reidentification",
    ]


@pytest.mark.parametrize("choices", [{"contract_type": "licence"}, EVERYTHING])
def test_a_policy_is_a_valid_message_of_the_dataspace_protocol(shared_data, choices):
    schema = json.loads((shared_data / "dsp" / "negotiation" / "contract-schema.json").read_text())
    rights = parse_rights(choices)
    offered = policy_of(rights, price_minor=100, currency="JPY", identifier="urn:sanpo:ofr_1")
    agreed = policy_of(
        rights, price_minor=100, currency="JPY", identifier="urn:sanpo:agr_1", parties=Parties("a", "b", "c")
    )
    for definition, made in (("Offer", offered), ("Agreement", agreed)):
        wanted = {**schema, "allOf": [{"$ref": f"#/definitions/{definition}"}]}
        assert list(Draft201909Validator(wanted).iter_errors(made)) == []
