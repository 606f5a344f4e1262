"""Routes of the papers of contracts."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from .content import Paper
from .data import OF_AGREEMENT, quotation_of
from .printing import one_of, printed, read_paper, read_paper_pdf, shown


class NegotiationPapers:
    """The papers of a negotiation."""

    @read_paper("papers/quotation", "Read the quotation")
    def quotation(self: Any, request: Request, **_: Any) -> Response:
        """The seller's latest offer as a quotation (見積書), as data. 404 while the seller has made none."""
        return shown(quotation_of(self.get_object()))

    @read_paper_pdf("papers/quotation", "Read the quotation as PDF")
    def quotation_pdf(self: Any, request: Request, **_: Any) -> Response:
        """The seller's latest offer as a quotation (見積書), as PDF/A. 404 while the seller has made none."""
        return printed(quotation_of(self.get_object()), request)


class AgreementPapers:
    """The papers of an agreement."""

    @read_paper(one_of(*OF_AGREEMENT), "Read the order or its confirmation", *OF_AGREEMENT)
    def papers(self: Any, request: Request, paper: str, **_: Any) -> Response:
        """The order that the buyer signed (注文書), the seller's confirmation of it (注文請書), or the written terms of commissioned work
        (明示書面; 404 without any), as data."""
        return shown(OF_AGREEMENT[Paper(paper)](self.get_object()))

    @read_paper_pdf(one_of(*OF_AGREEMENT), "Read the order or its confirmation as PDF", *OF_AGREEMENT)
    def papers_pdf(self: Any, request: Request, paper: str, **_: Any) -> Response:
        """The order that the buyer signed (注文書), the seller's confirmation of it (注文請書), or the written terms of commissioned work
        (明示書面; 404 without any), as PDF/A."""
        return printed(OF_AGREEMENT[Paper(paper)](self.get_object()), request)
