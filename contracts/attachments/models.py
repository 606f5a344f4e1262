"""Attachments: files that a party adds to its proposal, which enter the contract as its annexes."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Func, Q, Value

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField
from marketplace.participants.media import ACCEPTED

from ..states import Party

ATTACHMENT_BYTES_MAX = 2 << 20
ATTACHMENTS_MAX = 10
ATTACHED_BYTES_MAX = 10 << 20
"""Files of one negotiation, at most, and their bytes together."""
FILE_NAME_LENGTH_MAX = 100


def _attached_in_turn() -> pgtrigger.Trigger:
    """A party attaches to its own proposal while that is the latest and unanswered; files of a negotiation are bounded.

    The negotiation is locked until the transaction ends: a signature waits, and then signs the annexes too.
    """
    return pgtrigger.Trigger(
        name="attached_in_turn",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[
            ("p", "record"),
            ("n", "record"),
            ("files", "integer"),
            ("bytes", "numeric"),
            ("beside", "integer"),
        ],
        func=f"""
SELECT * INTO p FROM public.contracts_proposal WHERE id = NEW.proposal_id;
SELECT * INTO n FROM public.contracts_negotiation WHERE id = p.negotiation_id FOR NO KEY UPDATE;
IF (coalesce((n.state, p.party) NOT IN (('requested', 'buyer'), ('offered', 'seller')), true)) OR NEW.party <> p.party
   OR p.id <> (SELECT max(l.id) FROM public.contracts_proposal l WHERE l.negotiation_id = n.id) THEN
    RAISE EXCEPTION 'a party attaches files to its own proposal, while the other is to answer it'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'attached_in_turn';
END IF;
SELECT count(*), coalesce(sum(a.size_bytes), 0), count(*) FILTER (WHERE a.proposal_id = p.id) INTO files, bytes, beside
  FROM public.contracts_attachment a JOIN public.contracts_proposal o ON o.id = a.proposal_id WHERE o.negotiation_id = n.id;
IF files >= {ATTACHMENTS_MAX} OR bytes + NEW.size_bytes > {ATTACHED_BYTES_MAX} OR NEW.number <> beside + 1 THEN
    RAISE EXCEPTION 'a negotiation has at most {ATTACHMENTS_MAX} files of {ATTACHED_BYTES_MAX} bytes together, numbered without a gap'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'attached_in_turn';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


class Attachment(models.Model):
    """A file beside a proposal. The contract over that proposal names it as an annex, with its size and hash.

    Invariants: added by the party of the proposal, while that is the latest and nobody has answered it; at most ``ATTACHMENTS_MAX``
    a negotiation, ``ATTACHMENT_BYTES_MAX`` each and ``ATTACHED_BYTES_MAX`` together; a PDF, JPEG or PNG file; its hash is that of its
    content; append-only.
    """

    public_id = IdentifierField(prefix="nat")
    proposal = models.ForeignKey("contracts.Proposal", on_delete=models.PROTECT, related_name="attachments")
    number = models.PositiveSmallIntegerField()
    party = models.CharField(max_length=6, choices=Party.choices)
    file_name = models.CharField(max_length=FILE_NAME_LENGTH_MAX)
    media_type = models.CharField(max_length=20)
    content = models.BinaryField()
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_by = models.CharField(max_length=60)
    added_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "number"], name="attachment_number_once"),
            models.UniqueConstraint(fields=["proposal", "sha256"], name="attachment_once"),
            models.CheckConstraint(
                condition=Q(media_type__in=sorted(ACCEPTED)) & ~Q(file_name=""), name="attachment_kind"
            ),
            models.CheckConstraint(
                condition=Q(size_bytes__gt=0, size_bytes__lte=ATTACHMENT_BYTES_MAX)
                & Q(
                    size_bytes=Func(F("content"), function="octet_length", output_field=models.IntegerField())
                ),
                name="attachment_size",
            ),
            models.CheckConstraint(
                condition=Q(
                    sha256=Func(
                        Func(F("content"), function="sha256", output_field=models.BinaryField()),
                        Value("hex"),
                        function="encode",
                        output_field=models.CharField(),
                    )
                ),
                name="attachment_hash",
            ),
        ]
        triggers = [append_only(), dated_now("added_at"), _attached_in_turn()]

    def __str__(self) -> str:
        """Its number."""
        return f"{self.number}"

    def annex(self) -> dict[str, str | int]:
        """The file as the contract names it."""
        return {
            "file_name": self.file_name,
            "media_type": self.media_type,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
        }
