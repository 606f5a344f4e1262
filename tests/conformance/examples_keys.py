"""Requests that succeed, of keys with which organisations sign by themselves, of mandates of their programs, and of limits."""

from __future__ import annotations

from typing import Any

from contracts import queries
from contracts import services as contracting
from contracts.models import Mandate
from marketplace.kernel.permissions import Permission
from marketplace.participants import services as participants
from marketplace.participants.models import Application
from tests.contracts import factories as contracts
from tests.contracts.mandates import LIMITS
from tests.participants import factories as parties
from tests.participants import keys

from .requests import Request, Table
from .world import World

TABLE = Table()


def key(world: World) -> str:
    return keys.registered(world.of("buyer"), actor=world.actor("buyer")).public_id


def challenge(_world: World) -> dict[str, Any]:
    return {"jwk": keys.public_jwk(keys.ed25519_key())}


def register(world: World) -> Request:
    """A key with the proof that the buyer holds it."""
    held = keys.ed25519_key()
    jwk = keys.public_jwk(held)
    asked = participants.challenge_key(actor=world.actor("buyer"), jwk=jwk)["challenge"]
    proof = keys.sign_detached(held, asked)
    return Request(body={"jwk": jwk, "label": "desk", "challenge": asked, "proof": proof})


def authority_limit(world: World) -> str:
    parties.keep_proved(world.actor("buyer").identifier)
    stated = {"act": "buy", "role": "trader", "per_month_minor": 10_000_000}
    return participants.state_authority_limit(actor=world.actor("buyer"), **stated).public_id


def programs(world: World) -> list[str]:
    """The buyer's programs that may have a mandate."""
    rows = Application.objects.filter(organisation=world.of("buyer"), revoked_at=None)
    scoped = rows.filter(scopes__contains=[Permission.CONTRACTS_SUBMIT.value])
    return [str(found) for found in scoped.order_by("pk").values_list("public_id", flat=True)]


def mandates(world: World, of_key: str) -> list[Mandate]:
    """A mandate of each of them."""
    return [
        contracting.sign_mandate(actor=world.actor("buyer"), program=program, key=of_key, **LIMITS)
        for program in programs(world)
    ]


def mandate(world: World) -> str:
    return mandates(world, key(world))[0].public_id


def sign_mandate(world: World) -> Request:
    return Request(body={"program": programs(world)[0], "key": key(world), **LIMITS})


def submit(world: World) -> Request:
    """A negotiation that the seller has signed, with the signature that the buyer's own key made."""
    held = keys.ed25519_key()
    row = keys.registered(world.of("buyer"), held, actor=world.actor("buyer"))
    mandates(world, row.public_id)
    negotiation = contracts.agreed(world.contracts)
    given = queries.to_sign(world.actor("buyer"), negotiation)
    signature = keys.sign_detached(held, given["content"])
    return Request((negotiation.public_id,), {"signed_hash": given["signed_hash"], "signature": signature})


TABLE.listed("organisation-keys/", "buyer", key)
TABLE.sent("organisation-keys/challenge/", "buyer", challenge)
TABLE.example("POST organisation-keys/", "buyer")(register)
TABLE.of_row("POST organisation-keys/{}/revoke/", "buyer", key, {"reason": "lost"})
TABLE.listed("authority-limits/", "buyer", authority_limit)
TABLE.sent("authority-limits/", "buyer", {"act": "sign", "role": "signatory", "per_act_minor": 10_000_000})
TABLE.listed("mandates/", "buyer", mandate)
TABLE.example("POST mandates/", "buyer")(sign_mandate)
TABLE.of_row("POST mandates/{}/revoke/", "buyer", mandate)
TABLE.of_row(
    "GET negotiations/{}/to-sign/", "buyer", lambda world: contracts.requested(world.contracts).public_id
)
TABLE.example("POST negotiations/{}/submit-signature/", "buyer")(submit)
