"""Routes of the papers of deliveries."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from contracts.papers.content import Paper
from contracts.papers.printing import one_of, printed, read_paper, read_paper_pdf, shown

from .papers import PAPERS


class DeliveryPapers:
    """The papers of a delivery."""

    @read_paper(one_of(*PAPERS), "Read the delivery note or the acceptance certificate", *PAPERS)
    def papers(self: Any, request: Request, paper: str, **_: Any) -> Response:
        """The delivery note (納品書) once the buyer has received the data in full, or the acceptance certificate (検収書), as data.
        404 before."""
        return shown(PAPERS[Paper(paper)](self.get_object()))

    @read_paper_pdf(one_of(*PAPERS), "Read the delivery note or the acceptance certificate as PDF", *PAPERS)
    def papers_pdf(self: Any, request: Request, paper: str, **_: Any) -> Response:
        """The delivery note (納品書) once the buyer has received the data in full, or the acceptance certificate (検収書), as PDF/A.
        404 before."""
        return printed(PAPERS[Paper(paper)](self.get_object()), request)
