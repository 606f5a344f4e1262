"""The papers of a delivery: the note of what was delivered, and the certificate of its acceptance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.papers.content import Fact, Paper, agreed_facts, paper_document
from contracts.queries import signed_content
from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label

from .models import Entitlement, Inspection
from .queries import files_received
from .states import AcceptedBy, InspectionState


def delivery_note_of(entitlement: Entitlement) -> dict[str, Any]:
    """The delivery note (納品書) of the latest round that the buyer has received in full; raises Missing before."""
    inspection = _latest(entitlement, matched_at__isnull=False)
    if inspection is None or inspection.matched_at is None:
        raise Missing(kind="delivery received in full", identifier=entitlement.public_id)
    return _paper(Paper.DELIVERY_NOTE, entitlement, inspection, inspection.matched_at, [])


def certificate_of(entitlement: Entitlement) -> dict[str, Any]:
    """The acceptance certificate (検収書); raises Missing until the delivery is accepted.

    It says how it was accepted: by the buyer, by the end of the inspection period, or because a dispute was dismissed.
    """
    inspection = _latest(entitlement, state=InspectionState.ACCEPTED)
    if inspection is None or inspection.accepted_at is None:
        raise Missing(kind="accepted delivery", identifier=entitlement.public_id)
    how: Any = AcceptedBy(str(inspection.accepted_by)).label
    facts = [Fact("accepted_by", Label(how, how.ja))]
    return _paper(Paper.CERTIFICATE, entitlement, inspection, inspection.accepted_at, facts)


PAPERS = {Paper.DELIVERY_NOTE: delivery_note_of, Paper.CERTIFICATE: certificate_of}
"""The papers of a delivery, and what makes their data."""


def _latest(entitlement: Entitlement, **conditions: Any) -> Inspection | None:
    return entitlement.inspections.filter(**conditions).order_by("-round").first()


def _paper(
    paper: Paper, entitlement: Entitlement, inspection: Inspection, dated_at: datetime, facts: list[Fact]
) -> dict[str, Any]:
    """The paper with what was signed; its files are those that were received, and before a receipt those to which access was granted."""
    content, _concluded_at = signed_content(entitlement.agreement, dated_at)
    provider, consumer = content["provider"], content["consumer"]
    is_note = paper is Paper.DELIVERY_NOTE
    covered = entitlement.distributions.all() if inspection.matched_at is None else files_received(inspection)
    files = covered.order_by("pk").values("file_name", "size_bytes", "sha256")
    received = [] if is_note or inspection.matched_at is None else [Fact("received", inspection.matched_at)]
    return paper_document(
        paper,
        number=f"{entitlement.public_id}-{inspection.round}",
        dated_at=dated_at,
        issuer=provider if is_note else consumer,
        addressee=consumer if is_note else provider,
        reference=content["reference"],
        dataset={"title": content["dataset"]["title"], "files": list(files)},
        terms=content["terms"],
        tax_rate_bp=content["tax_rate_bp"],
        facts=[Fact("delivery", entitlement.public_id), *agreed_facts(content), *received, *facts],
    )
