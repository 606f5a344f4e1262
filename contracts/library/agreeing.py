"""Whether terms agree with the clauses of a template and with their own special clauses."""

from __future__ import annotations

from ..terms import Terms
from .composition import demands_of, require_together
from .demands import require_met
from .free import require_free_as_open
from .queries import clauses_of_template, demands_of_template
from .special import FIELD


def require_agreeing(terms: Terms, template_id: int, *, prefix: str = "terms") -> None:
    """Check that terms meet what every clause demands, that what costs nothing is open data or a trial, and that the special clauses may stand beside the template (database key).

    Raises FieldInvalid, which names the term as ``<prefix>.<term>`` or the special clause, and the clause in its words.
    """
    stated = terms.as_dict()
    require_met(demands_of_template(template_id), stated, prefix=prefix)
    if not terms.price_minor:
        clauses = [entry["clause"] for entry in clauses_of_template(template_id)]
        require_free_as_open(terms, clauses, prefix=prefix)
    if terms.special_clauses:
        require_together(FIELD, terms.special_clauses, beside=clauses_of_template(template_id))
        require_met(demands_of(terms.special_clauses), stated, prefix=prefix)
