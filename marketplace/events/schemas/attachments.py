"""Events of clearing about attachments of what is due to a participant."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class ClaimAttached(Event):
    """An attachment of what is due to a participant was served on the market; ``amount_minor`` None for the whole.

    ``reference`` is the court's file number.
    """

    type = "claim.attached"
    subject_field = "restraint"
    audience = seen_by("organisation")

    restraint: str
    organisation: str
    amount_minor: int | None
    currency: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class AttachmentPaid(Event):
    """Two people of the operator planned the ``payment`` of an attached amount to a creditor, an office or a court.

    ``taken_from`` is the reference of the payment that the participant would have had.
    """

    type = "attachment.paid"
    subject_field = "restraint"
    audience = seen_by("organisation")

    restraint: str
    organisation: str
    payment: str
    taken_from: str
    amount_minor: int
    currency: str
    payee_kind: str


@dataclass(frozen=True, kw_only=True)
class AttachmentLifted(Event):
    """Two people of the operator lifted an attachment: what it held back is paid to the participant."""

    type = "attachment.lifted"
    subject_field = "restraint"
    audience = seen_by("organisation")

    restraint: str
    organisation: str
    currency: str
