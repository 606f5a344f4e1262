"""A party attaches files to its proposal."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Sum

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.texts import is_visible
from marketplace.notices import services as notices
from marketplace.notices.texts import Wording
from marketplace.participants import queries as participants
from marketplace.participants.media import media_type_of

from .. import queries
from ..attachments.models import (
    ATTACHED_BYTES_MAX,
    ATTACHMENT_BYTES_MAX,
    ATTACHMENTS_MAX,
    FILE_NAME_LENGTH_MAX,
    Attachment,
)
from ..errors import NotYourProposal, TooManyAttachments
from ..models import Negotiation, Proposal
from ..states import WAITS_FOR, NegotiationState, Party
from .moves import identifier_of, locked, require_active, role_in

TOO_LARGE = Label(
    f"upload a file of at most {ATTACHMENT_BYTES_MAX >> 20} MB that is not empty",
    f"空でない{ATTACHMENT_BYTES_MAX >> 20}MB以下のファイルを指定してください",
)
NOT_TAKEN = Label("upload a PDF, JPEG or PNG file", "PDF、JPEG、PNGのいずれかを指定してください")
NAME = Label(
    f"name the file in at most {FILE_NAME_LENGTH_MAX} printable characters, without slashes",
    f"ファイル名は{FILE_NAME_LENGTH_MAX}字以内の印字可能な文字で、斜線を含めないでください",
)
ATTACHED = Wording(
    Label("{party} attached a file to its proposal", "{party} が提案にファイルを添付しました"),
    Label(
        "Negotiation {negotiation}: {file}. It is an annex of the contract over that proposal; read the contract again before you sign.",
        "交渉 {negotiation}：{file}。この提案に基づく契約書の添付資料になります。署名の前に契約書を再度確認してください。",
    ),
)


@transaction.atomic
def attach_file(*, actor: Actor, negotiation: str, content: bytes, name: str) -> Attachment:
    """Attach a file to the actor's latest proposal, which the other party is to answer. Same content again: the same attachment.

    Raises Missing, NotYourProposal, TooManyAttachments, OrganisationSuspended, FieldInvalid, PermissionNeeded, Forbidden.
    """
    actor.require(Permission.NEGOTIATIONS_WRITE)
    media_type = checked_file(content, name)
    subject = locked(actor, negotiation)
    require_active(str(actor.organisation))
    proposal = _own_proposal(actor, subject)
    digest = sha256_hex(content)
    known = Attachment.objects.filter(proposal=proposal, sha256=digest).defer("content").first()
    if known is not None:
        return known
    _require_room(subject, len(content))
    row = Attachment.objects.create(
        proposal=proposal,
        number=proposal.attachments.count() + 1,
        party=proposal.party,
        file_name=name,
        media_type=media_type,
        content=content,
        size_bytes=len(content),
        sha256=digest,
        added_by=actor.identifier,
        added_at=clock.now(),
    )
    record(
        kind="contracts.attachment_added",
        subject=row.public_id,
        actor=actor,
        payload={
            "negotiation": subject.public_id,
            "proposal": proposal.number,
            "size_bytes": row.size_bytes,
            "sha256": digest,
        },
    )
    _tell(subject, Party(proposal.party), name)
    return row


def checked_file(content: bytes, name: str) -> str:
    """The media type of the file; raises FieldInvalid."""
    if not 0 < len(content) <= ATTACHMENT_BYTES_MAX:
        raise FieldInvalid("file", TOO_LARGE)
    if (
        len(name) > FILE_NAME_LENGTH_MAX
        or not name.isprintable()
        or not is_visible(name)
        or set(name) & {"/", "\\"}
    ):
        raise FieldInvalid("file", NAME)
    media_type = media_type_of(content)
    if media_type is None:
        raise FieldInvalid("file", NOT_TAKEN)
    return media_type


def _own_proposal(actor: Actor, negotiation: Negotiation) -> Proposal:
    """The latest proposal, which the actor made and nobody has answered; raises NotYourProposal."""
    proposal = queries.latest_proposal(negotiation)
    is_open = negotiation.state in (NegotiationState.REQUESTED, NegotiationState.OFFERED)
    if not is_open or role_in(actor, negotiation) != proposal.party:
        raise NotYourProposal(negotiation=negotiation.public_id)
    return proposal


def _require_room(negotiation: Negotiation, size_bytes: int) -> None:
    rows = Attachment.objects.filter(proposal__negotiation=negotiation)
    held = rows.aggregate(bytes=Sum("size_bytes", default=0))["bytes"]
    if rows.count() >= ATTACHMENTS_MAX or held + size_bytes > ATTACHED_BYTES_MAX:
        raise TooManyAttachments(
            negotiation=negotiation.public_id,
            attachments_max=ATTACHMENTS_MAX,
            megabytes_max=ATTACHED_BYTES_MAX >> 20,
        )


def _tell(negotiation: Negotiation, party: Party, name: str) -> None:
    waiting = WAITS_FOR[NegotiationState(negotiation.state)]
    told = negotiation.buyer_id if waiting is Party.BUYER else negotiation.seller_id
    attaching = participants.get_organisation(identifier_of(negotiation, party))
    wording = ATTACHED.fill(party=attaching.name, negotiation=negotiation.public_id, file=name)
    notices.send_notice(organisation_id=told, subject=negotiation.public_id, wording=wording)
