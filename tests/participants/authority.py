"""Limits of authority in tests, and people who act under them."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.actors import Actor
from marketplace.participants import services
from marketplace.participants.models import AuthorityLimit, Organisation

from . import factories


def colleague(subject: Organisation, name: str, *roles: str) -> Actor:
    """One more person of an organisation, signed in with a fresh proof; a signatory, unless the test states other roles."""
    return factories.actor_of(factories.person_of(subject, name, roles or ("signatory",)))


def limit(owner: Actor, **stated: Any) -> AuthorityLimit:
    """A limit that an owner states: of one act of signing, unless the test states others."""
    factories.keep_proved(owner.identifier)
    return services.state_authority_limit(actor=owner, **{"act": "sign", **stated})
