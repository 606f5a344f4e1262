"""The written terms of commissioned work (明示書面: 取適法, article 4; フリーランス法, article 3), from the signed object."""

from __future__ import annotations

from typing import Any

from marketplace.evidence.services import Fact as Recorded
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label

from ..models import Agreement
from ..papers.content import Fact, Paper, agreed_facts, paper_document
from ..plan import plan_of
from ..states import label_of
from .law import Work
from .words import by_law_lines, finding_lines


def written_terms_of(agreement: Agreement) -> dict[str, Any]:
    """What the buyer must state in writing at the order: content, day and place of delivery, inspection, amount, and day of payment.

    It is of what was signed alone, so the same agreement always gives the same paper. Raises Missing where no work is commissioned.
    """
    content = agreement.instrument.said
    commission = content["terms"].get("commission")
    if commission is None:
        raise Missing(kind="commissioned work", identifier=agreement.public_id)
    plan = plan_of(content).commission
    by_law = (
        list(by_law_lines(plan.laws, plan.payment_days, holiday_shift=plan.holiday_shift)) if plan else []
    )
    return paper_document(
        Paper.WRITTEN_TERMS,
        number=agreement.public_id,
        dated_at=agreement.concluded_at,
        issuer=content["consumer"],
        addressee=content["provider"],
        reference=content["reference"],
        dataset=content["dataset"],
        terms=content["terms"],
        tax_rate_bp=content["tax_rate_bp"],
        facts=[
            *agreed_facts(content),
            Fact("work", label_of(Work, commission["work"])),
            Fact("content", commission["content"]),
            Fact("deliver_by", commission["deliver_by"]),
            Fact("place", commission["place"]),
            *(Fact("law", line) for line in finding_lines(commission["findings"])),
            *(Fact("payment_day", Label(str(line), line.ja)) for line in by_law),
            Fact("signed_hash", agreement.signed_hash),
        ],
    )


def given_terms(agreement: Agreement, actor: Actor) -> list[Recorded]:
    """The record that the written terms were given to the seller at the conclusion, with their hash; none without commissioned work."""
    if agreement.instrument.said["terms"].get("commission") is None:
        return []
    return [
        Recorded(
            kind="contracts.written_terms_given",
            subject=agreement.public_id,
            actor=actor,
            payload={
                "to": agreement.seller_identifier,
                "signed_hash": agreement.signed_hash,
                "sha256": digest_of(written_terms_of(agreement)),
            },
        )
    ]
