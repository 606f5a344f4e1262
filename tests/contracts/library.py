"""Clauses and templates for tests: what comes with the market, and small ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.clauses import check_clause_text
from contracts.library import services
from contracts.library.models import Clause, Template
from contracts.library.standard import standard_clauses, standard_templates
from marketplace.kernel.actors import SYSTEM


def standard(code: str = "data-provision") -> Template:
    """A template of the market, that of data provision unless another is named, with its clauses and no other."""
    (document,) = (each for each in standard_templates() if each["code"] == code)
    named = {each["clause"] for each in document["clauses"]}
    known = set(Clause.objects.values_list("code", flat=True))
    for clause in standard_clauses():
        if clause["code"] in named - known:
            services.publish_clause(actor=SYSTEM, **clause)
    return services.publish_template(actor=SYSTEM, **document)


def published(*, clauses: Iterable[Mapping[str, Any]], **template: Any) -> Template:
    """A template of clauses that are stated by their ``heading`` and ``text``, and what else a clause has."""
    made = [
        services.publish_clause(actor=SYSTEM, **{"code": f"{template['code']}-{number}", **clause})
        for number, clause in enumerate(clauses, start=1)
    ]
    return services.publish_template(
        actor=SYSTEM, clauses=[{"clause": clause.code} for clause in made], **template
    )


def entries(clauses: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries of a template, of clauses that are stated by their ``heading`` and ``text``, as they would be published."""
    made = []
    for number, clause in enumerate(clauses, start=1):
        parameters = [each["name"] for each in clause.get("parameters", ())]
        heading, text, _ = check_clause_text(clause["heading"], clause["text"], parameters)
        made.append(
            {
                "number": number,
                "clause": clause.get("code", f"clause-{number}"),
                "parameters": clause.get("parameters", []),
                "values": {each["name"]: each["default"] for each in clause.get("parameters", ())},
                "survives": clause.get("survives", False),
                "heading": heading,
                "text": text,
            }
        )
    return made


def standard_entries() -> list[dict[str, Any]]:
    """The entries of the market's template of data provision."""
    (document,) = (each for each in standard_templates() if each["code"] == "data-provision")
    by_code = {clause["code"]: clause for clause in standard_clauses()}
    return entries(by_code[each["clause"]] for each in document["clauses"])
