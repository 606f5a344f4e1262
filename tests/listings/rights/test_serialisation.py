"""Rights of use as ODRL, and in words."""

import json
import re

import pytest
from jsonschema import Draft201909Validator
from pyshacl import validate
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import ODRL2, SKOS

from listings.rights import (
    Parties,
    Rights,
    dataspace_policy,
    local_context,
    parse_rights,
    policy_of,
    profile_address,
    profile_document,
    summary,
)
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
    "exclusive": False,
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
    "exclusive": True,
}


INFORMATION_MODEL = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix odrl: <http://www.w3.org/ns/odrl/2/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
[] a sh:NodeShape ; sh:targetClass odrl:Offer, odrl:Agreement ;
  sh:property [ sh:path odrl:assigner ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path odrl:profile ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path odrl:conflict ; sh:in (odrl:perm odrl:prohibit odrl:invalid) ] ;
  sh:property [ sh:path odrl:permission ; sh:minCount 1 ] .
[] a sh:NodeShape ; sh:targetClass odrl:Agreement ;
  sh:property [ sh:path odrl:assignee ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path odrl:target ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .
[] a sh:NodeShape ; sh:targetSubjectsOf odrl:leftOperand ;
  sh:property [ sh:path odrl:leftOperand ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path odrl:operator ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path odrl:unit ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path odrl:rightOperand ; sh:minCount 1 ] .
[] a sh:NodeShape ; sh:targetObjectsOf odrl:permission, odrl:prohibition, odrl:obligation, odrl:duty ;
  sh:property [ sh:path odrl:action ; sh:minCount 1 ; sh:maxCount 1 ; sh:or (
    [ sh:nodeKind sh:IRI ]
    [ sh:property [ sh:path rdf:value ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
      sh:property [ sh:path odrl:refinement ; sh:minCount 1 ] ] ) ] .
"""
"""What the Information Model 2.2 demands of the parts that policies here use (sections 2.1 to 2.6)."""
SELLER = Parties("urn:sanpo:org_s")


def policy(**changes):
    rights = parse_rights({"contract_type": "licence", **changes})
    return policy_of(rights, price_minor=48_000, currency="JPY", identifier="urn:sanpo:ofr_1", parties=SELLER)


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


def payment(amount, currency="JPY"):
    return {
        "action": [
            {
                "rdf:value": {"@id": "odrl:compensate"},
                "refinement": [
                    {
                        "leftOperand": "payAmount",
                        "operator": "eq",
                        "rightOperand": {"@value": amount, "@type": "xsd:decimal"},
                        "unit": {
                            "@id": f"http://publications.europa.eu/resource/authority/currency/{currency}"
                        },
                    }
                ],
            }
        ]
    }


def test_a_plain_licence_is_a_permission_to_use_for_payment():
    assert policy() == {
        "@context": [
            "http://www.w3.org/ns/odrl.jsonld",
            {
                "m": f"{profile_address()}#",
                "xsd": "http://www.w3.org/2001/XMLSchema#",
                "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            },
        ],
        "@type": "Offer",
        "@id": "urn:sanpo:ofr_1",
        "profile": profile_address(),
        "conflict": "prohibit",
        "assigner": "urn:sanpo:org_s",
        "permission": [
            {"action": "use", "duty": [payment("48000")]},
            {"action": "derive"},
            {"action": "modify"},
        ],
        "prohibition": [
            {"action": "m:reidentify"},
            {"action": "distribute"},
            {"action": "sell"},
            {"action": "grantUse"},
        ],
    }


def test_every_choice_has_its_place():
    made = policy(**EVERYTHING)
    assert actions(made["permission"]) == ["use"]
    assert made["permission"][0]["duty"] == [payment("48000"), {"action": "attribute"}]
    assert constraints(made) == {
        ("purpose", "isAnyOf"): [{"@id": "m:commercial"}, {"@id": "m:research"}],
        ("recipient", "isPartOf"): {"@id": "m:company"},
        ("spatial", "isAnyOf"): ["JP"],
        ("dateTime", "lteq"): {"@value": "2027-03-31", "@type": "xsd:date"},
        ("elapsedTime", "lteq"): {"@value": "P1Y", "@type": "xsd:duration"},
        ("count", "lteq"): {"@value": "100", "@type": "xsd:integer"},
    }
    assert actions(made["prohibition"]) == [
        "derive",
        "modify",
        "m:trainModel",
        "m:reidentify",
        "distribute",
        "sell",
        "grantUse",
    ]
    assert actions(made["obligation"]) == [
        "m:keepConfidential",
        "delete",
        "inform",
        "m:acceptAudit",
        "ensureExclusivity",
    ]
    assert made["obligation"][-1]["assignee"] == made["assigner"]
    assert made["obligation"][1]["constraint"] == [
        {"leftOperand": "event", "operator": "gt", "rightOperand": {"@id": "m:endOfUse"}}
    ]


@pytest.mark.parametrize(
    ("contract_type", "permitted"),
    [
        ("licence", ["use", "derive", "modify"]),
        ("transfer", ["use", "transfer", "derive", "modify"]),
        ("joint_use", ["m:jointUse", "derive", "modify", "m:trainModel", "distribute", "grantUse"]),
    ],
)
def test_the_manner_of_provision_is_the_permitted_action(contract_type, permitted):
    made = policy(contract_type=contract_type, onward_transfer="permitted")
    assert actions(made["permission"]) == permitted


def test_disclosure_beyond_the_scope_is_prohibited_even_where_onward_transfer_is_not():
    made = policy(disclosure_scope="group", onward_transfer="permitted")
    assert constraints(made) == {("recipient", "isPartOf"): {"@id": "m:group"}}
    assert actions(made["prohibition"]) == ["m:reidentify", "distribute"]


def test_a_purpose_to_be_agreed_must_be_negotiated():
    assert parse_rights({"contract_type": "licence", "purposes": ["to_be_agreed"]}).must_be_negotiated is True
    assert parse_rights({"contract_type": "licence"}).must_be_negotiated is False


@pytest.mark.parametrize(
    ("currency", "minor", "amount"), [("JPY", 48_000, "48000"), ("USD", 1_205, "12.05"), ("USD", 7, "0.07")]
)
def test_the_payment_is_written_in_units_of_the_currency(currency, minor, amount):
    made = policy_of(
        Rights("licence"), price_minor=minor, currency=currency, identifier="urn:x", parties=SELLER
    )
    assert made["permission"][0]["duty"] == [payment(amount, currency)]


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
    assert told["duration"] == {
        "ja": "契約成立の日の翌日から起算して1年間（末日の24時まで、日本時間）",
        "en": "1 year from the agreement, whose day is not counted, to the end of the last day (Japan time)",
    }
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


BOTH = pytest.mark.parametrize("choices", [{"contract_type": "licence"}, EVERYTHING])


def agreement(rights):
    return policy_of(
        rights,
        price_minor=100,
        currency="JPY",
        identifier="urn:sanpo:agr_1",
        parties=Parties("urn:sanpo:org_s", "urn:sanpo:org_b", "urn:sanpo:lsv_1"),
    )


@BOTH
def test_a_policy_projects_to_a_valid_message_of_the_dataspace_protocol(shared_data, choices):
    schema = json.loads((shared_data / "dsp" / "negotiation" / "contract-schema.json").read_text())
    for definition, made in (("Offer", policy(**choices)), ("Agreement", agreement(parse_rights(choices)))):
        wanted = {**schema, "allOf": [{"$ref": f"#/definitions/{definition}"}]}
        validator = Draft201909Validator(wanted)
        assert list(validator.iter_errors(dataspace_policy(made))) == []
        assert list(validator.iter_errors({**made, "permission": [{"action": {"@id": "odrl:use"}}]}))


@BOTH
def test_every_name_of_the_projection_is_an_iri_in_the_protocol_s_context(shared_data, choices):
    context = json.loads((shared_data / "dsp" / "context" / "odrl.jsonld").read_text())["@context"]
    # The context of the protocol imports this one and adds the prefixes.
    made = {**dataspace_policy(policy(**choices)), "@context": context}
    graph = Graph().parse(data=json.dumps(made), format="json-ld", base="urn:unresolved:")
    named = {str(node) for triple in graph for node in triple if isinstance(node, URIRef)}
    assert [name for name in named if name.startswith("urn:unresolved:")] == []
    assert set(graph.objects(None, ODRL2.action)) >= {ODRL2.use, ODRL2.compensate}


def graph_of(made):
    return Graph().parse(data=json.dumps({**made, "@context": local_context()}), format="json-ld")


@BOTH
def test_a_policy_has_the_structure_of_the_information_model(choices):
    graph = graph_of(agreement(parse_rights(choices)))
    conforms, _, text = validate(graph, shacl_graph=Graph().parse(data=INFORMATION_MODEL, format="turtle"))
    assert conforms, text


def test_the_shapes_refuse_a_bare_payment_and_an_offer_without_its_assigner():
    made = policy()
    made["permission"][0]["duty"] = [{"action": {"refinement": []}}]
    for wrong in (made, {name: value for name, value in policy().items() if name != "assigner"}):
        shapes = Graph().parse(data=INFORMATION_MODEL, format="turtle")
        assert validate(graph_of(wrong), shacl_graph=shapes)[0] is False


def test_the_profile_defines_every_word_that_policies_use_beside_odrl():
    used = json.dumps([policy(**EVERYTHING), policy(contract_type="joint_use", purposes=["medical"])])
    document = profile_document()
    defined = {concept["@id"] for concept in document["@graph"]}
    assert {f"m:{name}" for name in re.findall(r'"m:(\w+)"', used)} <= defined
    graph = Graph().parse(data=json.dumps(document), format="json-ld")
    profile = Namespace(f"{profile_address()}#")
    assert graph.value(profile.jointUse, ODRL2.includedIn) == ODRL2.use
    assert graph.value(profile.department, ODRL2.partOf) == profile.company
    labels = {label.language for label in graph.objects(profile.trainModel, SKOS.prefLabel)}
    assert labels == {"ja", "en"}
