"""The ODRL 2.2 policy of rights of use, as JSON-LD. Pure.

Concepts are IRIs (``{"@id": …}``), literals have their type, and the amount to pay refines the action of paying it.
Source: W3C, ODRL Information Model 2.2; the terms are those of the CADDE 4 catalogue.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from marketplace.kernel.money import exponent

from . import rules
from .choices import ContractType, DisclosureScope, Permissibility, Purpose, Rights
from .vocabulary import (
    CURRENCIES,
    END_OF_USE,
    ENSURE_EXCLUSIVITY,
    TRANSFER,
    USE,
    policy_context,
    profile_address,
)

Constraint = dict[str, Any]
Policy = dict[str, Any]

ACTIONS = {
    ContractType.LICENCE: (USE,),
    # The buyer of what is transferred uses it too, which a permission to transfer does not say.
    ContractType.TRANSFER: (USE, TRANSFER),
    ContractType.JOINT_USE: ("m:jointUse",),
}
ONWARD = ("distribute", "sell", "grantUse")


@dataclass(frozen=True, slots=True)
class Parties:
    """The seller of an offer, as IRI; of an agreement also the buyer, and the target."""

    assigner: str
    assignee: str | None = None
    target: str | None = None


@dataclass(slots=True)
class _Rules:
    """The rules of a policy under construction."""

    permission: list[Policy] = field(default_factory=list)
    prohibition: list[Policy] = field(default_factory=list)
    obligation: list[Policy] = field(default_factory=list)


def policy_of(
    rights: Rights, *, price_minor: int, currency: str, identifier: str, parties: Parties
) -> Policy:
    """The ODRL 2.2 policy (JSON-LD) of ``rights``, for a price without tax in minor units.

    It is an Offer, or with an assignee an Agreement. ``identifier`` is the policy's IRI. Prohibitions override
    permissions. The same input gives the same policy, so its canonical digest can be signed and compared.
    """
    made = _Rules()
    constraints = _constraints(rights)
    duties: list[Policy] = [_payment(price_minor, currency)] if price_minor else []
    if rights.attribution:
        duties.append({"action": "attribute"})
    for action in ACTIONS[ContractType(rights.contract_type)]:
        made.permission.append(_rule(action, constraints, duties))
    _extensions(rights, made, constraints)
    _onward(rights, made)
    _obligations(rights, made)
    if rights.exclusive:
        # A promise of the seller. ODRL names who ensures the exclusivity, which is otherwise the assignee of the policy.
        made.obligation.append({"action": ENSURE_EXCLUSIVITY, "assignee": parties.assigner})
    named = {"assigner": parties.assigner, "assignee": parties.assignee, "target": parties.target}
    stated = {name: value for name, value in named.items() if value is not None}
    policy: Policy = {
        "@context": policy_context(),
        "@type": "Agreement" if parties.assignee else "Offer",
        "@id": identifier,
        "profile": profile_address(),
        "conflict": "prohibit",
        **stated,
    }
    return policy | {name: listed for name, listed in asdict(made).items() if listed}


@lru_cache(maxsize=1024)
def rules_of(rights: Rights) -> rules.Policy:
    """The rules of ``rights`` alone: what any offer of them permits, whoever makes it and at whatever price."""
    seller = Parties(assigner="urn:seller")
    return rules.read_policy(
        policy_of(rights, price_minor=1, currency="JPY", identifier="urn:rights", parties=seller)
    )


def _rule(action: str, constraints: list[Constraint], duties: list[Policy] | None = None) -> Policy:
    rule: Policy = {"action": action}
    if constraints:
        rule["constraint"] = constraints
    if duties:
        rule["duty"] = duties
    return rule


def _constraint(left: str, operator: str, right: Any, **more: Any) -> Constraint:
    return {"leftOperand": left, "operator": operator, "rightOperand": right, **more}


def _iri(name: str) -> dict[str, str]:
    return {"@id": name}


def _literal(text: str, datatype: str) -> dict[str, str]:
    return {"@value": text, "@type": f"xsd:{datatype}"}


def _payment(price_minor: int, currency: str) -> Policy:
    digits = exponent(currency)
    amount = f"{price_minor // 10**digits}" + (f".{price_minor % 10**digits:0{digits}}" if digits else "")
    limit = _constraint("payAmount", "eq", _literal(amount, "decimal"), unit=_iri(f"{CURRENCIES}{currency}"))
    return {"action": [{"rdf:value": _iri("odrl:compensate"), "refinement": [limit]}]}


def _constraints(rights: Rights) -> list[Constraint]:
    listed: list[Constraint] = []
    if Purpose.UNRESTRICTED not in rights.purposes:
        listed.append(
            _constraint("purpose", "isAnyOf", [_iri(f"m:{purpose}") for purpose in rights.purposes])
        )
    if rights.disclosure_scope != DisclosureScope.UNRESTRICTED:
        listed.append(_constraint("recipient", "isPartOf", _iri(f"m:{rights.disclosure_scope}")))
    if rights.regions:
        listed.append(_constraint("spatial", "isAnyOf", list(rights.regions)))
    if rights.valid_until:
        listed.append(_constraint("dateTime", "lteq", _literal(rights.valid_until, "date")))
    if rights.duration:
        listed.append(_constraint("elapsedTime", "lteq", _literal(rights.duration, "duration")))
    if rights.use_count_max:
        listed.append(_constraint("count", "lteq", _literal(str(rights.use_count_max), "integer")))
    return listed


def _extensions(rights: Rights, made: _Rules, constraints: list[Constraint]) -> None:
    if rights.derivatives == Permissibility.PERMITTED:
        made.permission += [_rule(action, constraints) for action in ("derive", "modify")]
    else:
        made.prohibition += [{"action": action} for action in ("derive", "modify")]
    # Use includes training and re-identification, so only their prohibition needs a rule; joint use does not.
    joint = rights.contract_type == ContractType.JOINT_USE
    for chosen, action in (
        (rights.model_training, "m:trainModel"),
        (rights.reidentification, "m:reidentify"),
    ):
        if chosen == Permissibility.PROHIBITED:
            made.prohibition.append({"action": action})
        elif joint:
            made.permission.append(_rule(action, constraints))


def _onward(rights: Rights, made: _Rules) -> None:
    # The scope of disclosure limits who may access the data under the permission; outside it nothing is passed on.
    if rights.onward_transfer == Permissibility.PROHIBITED:
        made.prohibition += [{"action": action} for action in ONWARD]
    elif rights.disclosure_scope != DisclosureScope.UNRESTRICTED:
        made.prohibition.append({"action": "distribute"})
    elif rights.contract_type == ContractType.JOINT_USE:
        made.permission += [_rule(action, _constraints(rights)) for action in ("distribute", "grantUse")]


def _obligations(rights: Rights, made: _Rules) -> None:
    if rights.confidential:
        made.obligation.append({"action": "m:keepConfidential"})
    if rights.delete_at_end:
        ended = _constraint("event", "gt", _iri(END_OF_USE))
        made.obligation.append({"action": "delete", "constraint": [ended]})
    if rights.report_use:
        made.obligation.append({"action": "inform"})
    if rights.accept_audit:
        made.obligation.append({"action": "m:acceptAudit"})
