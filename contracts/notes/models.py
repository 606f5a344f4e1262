"""Private notes: what an organisation writes about a negotiation for its own people."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.participants.acting import acts_now, holders

from ..disclosures.models import DISCLOSING

NOTING = DISCLOSING
"""Who writes notes for a party: whoever negotiates or signs for it."""
NOTE_LENGTH_MAX = 2_000
NOTES_MAX = 200
"""Private notes of one organisation on one negotiation, at most."""


def _noted_by_party() -> pgtrigger.Trigger:
    """Who writes a note is a person who negotiates or signs for that party of the negotiation; notes are bounded."""
    holds = " OR ".join(holders(permission) for permission in NOTING)
    return pgtrigger.Trigger(
        name="noted_by_party",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
PERFORM FROM public.contracts_negotiation n
  WHERE n.id = NEW.negotiation_id AND (NEW.organisation_id, NEW.organisation_identifier)
        IN ((n.buyer_id, n.buyer_identifier), (n.seller_id, n.seller_identifier)) FOR NO KEY UPDATE;
IF NOT FOUND THEN
    RAISE EXCEPTION '% is no party of this negotiation', NEW.organisation_identifier
        USING ERRCODE = 'check_violation', CONSTRAINT = 'noted_by_party';
END IF;
IF NOT {acts_now("NEW.written_by", holds=f"({holds})", organisation="o.id = NEW.organisation_id", proved=False)} THEN
    RAISE EXCEPTION '% may not write notes for %', NEW.written_by, NEW.organisation_identifier
        USING ERRCODE = 'check_violation', CONSTRAINT = 'noted_by_party';
END IF;
IF (SELECT count(*) FROM public.contracts_privatenote p
     WHERE p.negotiation_id = NEW.negotiation_id AND p.organisation_id = NEW.organisation_id) >= {NOTES_MAX} THEN
    RAISE EXCEPTION 'a party writes at most {NOTES_MAX} notes on a negotiation'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'noted_by_party';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


class PrivateNote(models.Model):
    """A note that an organisation keeps on one of its negotiations. The other party never reads it.

    Invariants: written by a person who negotiates or signs for that party; at most ``NOTES_MAX`` of a party on a negotiation; append-only.
    Evidence commits to the text with ``salt``.
    """

    public_id = IdentifierField(prefix="pnt")
    salt = SaltField()
    negotiation = models.ForeignKey("contracts.Negotiation", on_delete=models.PROTECT, related_name="notes")
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    organisation_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    text = models.TextField()
    written_by = models.CharField(max_length=60)
    written_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(written_by__regex=PERSON_PATTERN) & ~Q(text=""), name="private_note_by_person"
            )
        ]
        indexes = [models.Index(fields=["negotiation", "organisation"], name="private_note_of_party")]
        triggers = [append_only(), dated_now("written_at"), _noted_by_party()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
