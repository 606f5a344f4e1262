"""Private keys in the hands of participants, as tests hold them; the market never has one."""

from __future__ import annotations

from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from marketplace.kernel.actors import Actor
from marketplace.participants import services
from marketplace.participants.models import Organisation, OrganisationKey

from . import factories

Key = OKPKey | ECKey


def ed25519_key() -> OKPKey:
    """A new private key of Ed25519."""
    return OKPKey.generate_key("Ed25519", private=True)


def p256_key() -> ECKey:
    """A new private key of P-256."""
    return ECKey.generate_key("P-256", private=True)


def public_jwk(key: Key) -> dict[str, Any]:
    """Its public part."""
    return {str(name): value for name, value in key.as_dict(private=False).items()}


def sign_detached(key: Key, content: str, **header: Any) -> str:
    """A detached JWS over ``content``; ``header`` changes what its header states."""
    algorithm = "Ed25519" if isinstance(key, OKPKey) else "ES256"
    stated = {"alg": algorithm, "kid": key.thumbprint(), **header}
    registry = jws.JWSRegistry(algorithms=["Ed25519", "EdDSA", "ES256"], strict_check_header=False)
    first, _, last = jws.serialize_compact(stated, content.encode(), key, registry=registry).split(".")
    return f"{first}..{last}"


def manager_of(subject: Organisation) -> Actor:
    """A signatory of ``subject``, who has just proved a second factor."""
    return factories.actor_of(factories.signatory_of(subject), subject)


def registered(
    subject: Organisation, key: Key | None = None, *, actor: Actor | None = None, **facts: Any
) -> OrganisationKey:
    """A key of ``subject`` that it proved."""
    key, actor = key or ed25519_key(), actor or manager_of(subject)
    asked = services.challenge_key(actor=actor, jwk=public_jwk(key))
    return services.register_key(
        actor=actor,
        jwk=public_jwk(key),
        challenge=asked["challenge"],
        proof=sign_detached(key, asked["challenge"]),
        **{"label": "契約管理システム", **facts},
    )
