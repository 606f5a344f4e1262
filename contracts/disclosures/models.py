"""Disclosures: a party of a negotiation lets the operator's staff read what the parties wrote to each other."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acts_now, holders

REFERENCE_LENGTH_MAX = 200
DISCLOSING = (Permission.NEGOTIATIONS_SETTLE, Permission.CONTRACTS_SIGN)
"""Who discloses for a party: whoever negotiates or signs for it, a trustee too."""


def _disclosed_by_party() -> pgtrigger.Trigger:
    """Who discloses, and who revokes it, is a person who negotiates or signs for that party of the negotiation."""
    holds = " OR ".join(holders(permission) for permission in DISCLOSING)
    member = "o.id = NEW.organisation_id"
    return pgtrigger.Trigger(
        name="disclosed_by_party",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("revoked_by"),
        func=f"""
IF NOT EXISTS (SELECT FROM public.contracts_negotiation n
                WHERE n.id = NEW.negotiation_id
                  AND (NEW.organisation_id, NEW.organisation_identifier)
                      IN ((n.buyer_id, n.buyer_identifier), (n.seller_id, n.seller_identifier))) THEN
    RAISE EXCEPTION '% is no party of this negotiation', NEW.organisation_identifier
        USING ERRCODE = 'check_violation';
END IF;
IF TG_OP = 'INSERT' AND (NEW.revoked_at IS NOT NULL
    OR NOT {acts_now("NEW.disclosed_by", holds=f"({holds})", organisation=member, proved=False)}) THEN
    RAISE EXCEPTION '% may not disclose for %', NEW.disclosed_by, NEW.organisation_identifier
        USING ERRCODE = 'check_violation';
END IF;
IF TG_OP = 'UPDATE' AND NEW.revoked_by IS DISTINCT FROM OLD.revoked_by
   AND NOT {acts_now("NEW.revoked_by", holds=f"({holds})", organisation=member, proved=False)} THEN
    RAISE EXCEPTION '% may not revoke for %', NEW.revoked_by, NEW.organisation_identifier
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
""",  # noqa: S608  our own words
    )


class MessageDisclosure(models.Model):
    """A party consents that staff reads the messages of a negotiation, for the dispute or support case of ``reference``.

    It stands until somebody of the party revokes it. Invariants: it is given and revoked by people of that party who negotiate
    or sign for it; one stands for each party of a negotiation; nothing of it changes but that it is revoked once.
    """

    public_id = IdentifierField(prefix="mds")
    negotiation = models.ForeignKey(
        "contracts.Negotiation", on_delete=models.PROTECT, related_name="disclosures"
    )
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    organisation_identifier = models.CharField(max_length=IDENTIFIER_LENGTH)
    reference = models.CharField(max_length=REFERENCE_LENGTH_MAX)
    disclosed_by = models.CharField(max_length=60)
    disclosed_at = MomentField()
    revoked_by = models.CharField(max_length=60, null=True)
    revoked_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["negotiation", "organisation"],
                condition=Q(revoked_at=None),
                name="disclosure_stands_once",
            ),
            models.CheckConstraint(
                condition=Q(disclosed_by__regex=PERSON_PATTERN)
                & ~Q(reference="")
                & (
                    Q(revoked_at=None, revoked_by=None)
                    | Q(revoked_at__isnull=False, revoked_by__isnull=False, revoked_by__regex=PERSON_PATTERN)
                ),
                name="disclosure_by_people",
            ),
        ]
        triggers = [
            immutable(
                "public_id", "negotiation_id", "organisation_id", "organisation_identifier", "reference",
                "disclosed_by", "disclosed_at",
            ),
            set_once("revoked_at", "revoked_by"),
            set_now("revoked_at"),
            no_delete(),
            dated_now("disclosed_at"),
            _disclosed_by_party(),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
