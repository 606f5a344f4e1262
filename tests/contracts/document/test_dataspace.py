"""What is negotiated and agreed fits the Dataspace Protocol 2025-1, checked by its own schemas."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft201909Validator
from referencing import Registry, Resource

from contracts.states import NEGOTIATION, NegotiationState
from listings.rights import dataspace_policy

from .. import factories

SHARED_DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
CONTEXT = ["https://w3id.org/dspace/2025/1/context.jsonld"]


@pytest.fixture(scope="module")
def registry() -> Registry:
    folder = SHARED_DATA / "dsp"
    if not folder.is_dir():
        pytest.skip(f"no schemas of the Dataspace Protocol at {folder}; set SHARED_DATA")
    schemas = [json.loads(path.read_text("utf-8")) for path in folder.rglob("*-schema.json")]
    return Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas if "$id" in schema
    )


def faults(registry: Registry, name: str, message: dict) -> list[str]:
    schema = registry.contents(f"https://w3id.org/dspace/2025/1/negotiation/{name}-schema.json")
    return [error.message for error in Draft201909Validator(schema, registry=registry).iter_errors(message)]


def test_the_schemas_refuse_what_does_not_fit(registry):
    assert faults(registry, "contract-agreement-message", {"@type": "ContractAgreementMessage"})


def test_an_agreement_is_the_protocol_s_agreement(market, registry):
    agreement = factories.agreement(market)
    policy = dataspace_policy(agreement.instrument.said["policy"])
    message = {
        "@context": CONTEXT,
        "@type": "ContractAgreementMessage",
        "providerPid": agreement.negotiation.public_id,
        "consumerPid": agreement.reference,
        "agreement": {**policy, "timestamp": agreement.concluded_at.strftime("%Y-%m-%dT%H:%M:%SZ")},
    }
    assert faults(registry, "contract-agreement-message", message) == []
    assert faults(registry, "contract-agreement-message", {**message, "agreement": {"@id": "x"}})


def test_a_proposal_is_the_protocol_s_offer(market, registry):
    negotiation = factories.offered(market, price_minor=90_000)
    for proposal in negotiation.proposals.order_by("number"):
        policy = dataspace_policy(proposal.policy)
        message = {
            "@context": CONTEXT,
            "@type": "ContractRequestMessage",
            "consumerPid": negotiation.reference,
            "providerPid": negotiation.public_id,
            "offer": {**policy, "target": f"urn:sanpo:{negotiation.listing_version}"},
        }
        assert faults(registry, "contract-request-message", message) == []


@pytest.mark.parametrize("state", NegotiationState.values)
def test_every_state_is_a_state_of_the_protocol(registry, state):
    message = {
        "@context": CONTEXT,
        "@type": "ContractNegotiation",
        "providerPid": "ngt_1",
        "consumerPid": "PO-1",
        "state": state.upper(),
    }
    assert faults(registry, "contract-negotiation", message) == []


def test_the_protocol_knows_no_other_state(registry):
    schema = registry.contents("https://w3id.org/dspace/2025/1/negotiation/contract-negotiation-schema.json")
    states = schema["definitions"]["ContractNegotiation"]["properties"]["state"]["enum"]
    assert [state.upper() for state in NegotiationState.values] == states
    assert NEGOTIATION.terminal() == ["finalized", "terminated"]
