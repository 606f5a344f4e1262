"""Publishes rulebooks; parameters that weaken a control take two people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.rules.errors import ControlWeakened
from marketplace.rules.models import Rulebook
from marketplace.rules.services import publish_rulebook

from .services import require_two_people


@record_refusals()
def publish_rulebook_by_two(
    *, actor: Actor, document: Mapping[str, Any], effective_from: datetime | None = None
) -> Rulebook:
    """Publish a rulebook: by one person where it weakens no control, else by two who give the same command.

    What weakens a control states ``effective_from``, at least ``control_notice_hours`` ahead. Raises SecondPersonNeeded,
    and as ``marketplace.rules.services.publish_rulebook``.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    try:
        return publish_rulebook(actor=actor, document=document, effective_from=effective_from)
    except ControlWeakened as refusal:
        weakened = refusal.fields["parameters"]
    approval = require_two_people(
        actor=actor,
        command="clearing.weaken_controls",
        subject="rulebook",
        payload={
            "parameters": weakened,
            "document_sha256": digest_of(document),
            "effective_from": effective_from.isoformat() if effective_from else None,
        },
    )
    return publish_rulebook(
        actor=actor, document=document, effective_from=effective_from, first_person=approval.first_person
    )
