"""Witnesses of the log, and their cosignatures of its checkpoints."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import Exact

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete, set_once
from marketplace.kernel.identifiers import IdentifierField

from .guards import cosigned_while_live, witness_key

LIVE_MAX = 3
"""So many witnesses one organisation has at most; together they count once."""


class Witness(models.Model):
    """Somebody who checks that the log only grows and cosigns its checkpoints, by one key; the history is public.

    ``name`` and ``key_id`` identify the key in notes (C2SP ``tlog-cosignature``). ``organisation``: the participant that
    registered it for itself; empty for a third party, which two people of the operator registered, ``first_person`` first.
    ``ended_as_affiliate``: it ended when its organisation became an affiliate of the operator; what it cosigned before stays.

    Invariants: the key identifier is that of the key; one witness lives under a name, and a key is registered once; an organisation has few; rows
    are kept, and change only by being ended once.
    """

    public_id = IdentifierField(prefix="wit")
    name = models.CharField(max_length=200)
    key_id = models.CharField(max_length=8)
    public_key = models.BinaryField(unique=True)
    organisation = models.CharField(max_length=31, blank=True, default="")
    since = MomentField(db_default=Now())
    registered_by = models.CharField(max_length=60)
    first_person = models.CharField(max_length=60, blank=True, default="")
    until = MomentField(null=True, default=None)
    ended_by = models.CharField(max_length=60, blank=True, default="")
    ended_first_person = models.CharField(max_length=60, blank=True, default="")
    ended_as_affiliate = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(until=None), name="witness_name_once"),
            models.CheckConstraint(
                condition=Exact(Length("public_key"), models.Value(32)), name="witness_key_length"
            ),
            models.CheckConstraint(
                condition=~Q(organisation="", first_person="") & ~Q(registered_by=F("first_person")),
                name="witness_by_two",
            ),
            models.CheckConstraint(
                condition=Q(until=None, ended_by="", ended_first_person="", ended_as_affiliate=False)
                | Q(until__isnull=False, ended_by="", ended_first_person="", ended_as_affiliate=True)
                & ~Q(organisation="")
                | Q(until__isnull=False, ended_as_affiliate=False)
                & ~Q(ended_by="")
                & ~Q(organisation="", ended_first_person="")
                & ~Q(ended_by=F("ended_first_person")),
                name="witness_ended_by_two",
            ),
        ]
        triggers = [
            no_delete(),
            dated_now(real=["since"]),
            immutable(
                "public_id",
                "name",
                "key_id",
                "public_key",
                "organisation",
                "since",
                "registered_by",
                "first_person",
            ),
            set_once("until"),
            witness_key(),
        ]


class Cosignature(models.Model):
    """A witness's signature of a checkpoint (``cosignature/v1``): ``signed_at`` is the UNIX time that it signed with it.

    Invariants: the witness lived when it arrived; one a witness and checkpoint. That the signature is valid,
    ``check_invariants`` verifies. Append-only.
    """

    checkpoint = models.ForeignKey(
        "evidence.Checkpoint", on_delete=models.PROTECT, related_name="cosignatures"
    )
    witness = models.ForeignKey("evidence.Witness", on_delete=models.PROTECT, related_name="+")
    signed_at = models.BigIntegerField()
    signature = models.BinaryField()
    received_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "witness"], name="cosigned_once"),
            models.CheckConstraint(
                condition=Exact(Length("signature"), models.Value(64)) & Q(signed_at__gte=0),
                name="cosignature_length",
            ),
        ]
        triggers = [append_only(), dated_now(real=["received_at"]), cosigned_while_live()]
