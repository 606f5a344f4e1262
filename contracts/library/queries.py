"""Reads of the library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marketplace.kernel.errors import Missing

from .errors import TemplateNotInForce
from .models import Clause, Template

ENTRY_COLUMNS = ("version", "heading", "text", "parameters", "requires", "excludes", "demands", "survives")


def entry_of(clause: Clause) -> dict[str, Any]:
    """A clause as contracts state it (``composition``), without values."""
    return {"clause": clause.code, **{name: getattr(clause, name) for name in ENTRY_COLUMNS}}


def newest_clauses(codes: Iterable[Any]) -> dict[str, Clause]:
    """The newest version of each clause that is published, by its code."""
    named = [code for code in codes if isinstance(code, str)]
    rows = Clause.objects.filter(code__in=named).order_by("code", "-version").distinct("code")
    return {row.code: row for row in rows}


def latest_template(code: str) -> Template:
    """The newest version of a published template; raises Missing."""
    template = Template.objects.filter(code=code).order_by("-version").first()
    if template is None:
        raise Missing(kind="contract template", identifier=code)
    return template


def template_in_force(code: str, segment: str) -> Template:
    """The newest version of a template, if contracts of a segment (code) may be made with it. Raises Missing, TemplateNotInForce."""
    template = latest_template(code)
    if template.retired or (template.segments and segment not in template.segments):
        raise TemplateNotInForce(template=code, segment=segment)
    return template


def demands_of_template(template_id: int) -> list[dict[str, Any]]:
    """What the clauses of a template (database key) demand of the terms."""
    return list(Template.objects.values_list("demands", flat=True).get(pk=template_id))


def clauses_of_template(template_id: int) -> list[dict[str, Any]]:
    """The entries of a template (database key)."""
    return list(Template.objects.values_list("clauses", flat=True).get(pk=template_id))
