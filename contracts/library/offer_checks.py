"""What contracts ask of an offer that is published: its template is in force in the segment, and its clauses agree with the terms."""

from __future__ import annotations

from listings.offer_checks import OfferCheck, PublishedOffer
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..terms import parse_terms
from .demands import require_met
from .free import require_free_as_open
from .models import Template

UNKNOWN = Label(
    "no such contract template is published: see contract-templates/",
    "公開された契約書ひな形ではありません（contract-templates/ を参照）",
)
RETIRED = Label(
    "this contract template is in force no more: choose another of contract-templates/",
    "この契約書ひな形は廃止されています。contract-templates/ から別のひな形を選んでください",
)
ELSEWHERE = Label(
    "this contract template is not for this segment: choose another of contract-templates/",
    "この契約書ひな形はこの分野では使えません。contract-templates/ から別のひな形を選んでください",
)


def _require_template(offer: PublishedOffer) -> None:
    """Raises FieldInvalid, which names ``offer.template``, or the term that a clause contradicts."""
    template = Template.objects.filter(code=offer.template).order_by("-version").defer("clauses").first()
    if template is None:
        raise FieldInvalid("offer.template", UNKNOWN)
    if template.retired:
        raise FieldInvalid("offer.template", RETIRED)
    if template.segments and offer.segment not in template.segments:
        raise FieldInvalid("offer.template", ELSEWHERE)
    terms = parse_terms(offer.terms)
    require_met(template.demands, terms.as_dict(), prefix="offer")
    require_free_as_open(terms, template.clause_codes, prefix="offer")


OfferCheck("contracts.template", _require_template)
