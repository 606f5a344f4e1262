"""Drafts of the rulebook for tests."""

from __future__ import annotations

from typing import Any

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.jobs.runner import run_due
from marketplace.rules.drafts.models import RulebookDraft
from marketplace.rules.drafts.services import preview_draft, publish_draft, save_draft

from .factories import publishers


def saved(stated: dict[str, Any], **options: Any) -> RulebookDraft:
    """A draft that the first of the two people saved."""
    first, _ = publishers()
    return save_draft(actor=first, document=stated, **options)


def previewed(stated: dict[str, Any], **options: Any) -> RulebookDraft:
    """A draft with its impact report."""
    draft = saved(stated, **options)
    report(draft)
    return draft


def report(draft: RulebookDraft) -> dict[str, Any]:
    """The impact report of a draft, made by its job."""
    first, _ = publishers()
    preview_draft(actor=first, draft=draft.public_id)
    run_due("documents")
    draft.refresh_from_db()
    assert draft.report is not None
    made: dict[str, Any] = draft.report
    return made


def warned(stated: dict[str, Any]) -> dict[str, str]:
    """The warnings about a text: their identifiers with their words, but for missing examples."""
    found = previewed(stated).report["warnings"]
    return {each["id"]: each["message"]["en"] for each in found if each["code"] != "no_example"}


def acknowledged(draft: RulebookDraft) -> list[str]:
    """Every warning of a draft's report."""
    return [each["id"] for each in draft.report["warnings"]]


def published(draft: RulebookDraft) -> RulebookDraft:
    """The draft, published by two people."""
    first, second = publishers()
    given = {"draft": draft.public_id, "digest": draft.digest, "acknowledged": acknowledged(draft)}
    try:
        publish_draft(actor=first, **given)
    except SecondPersonNeeded:
        return publish_draft(actor=second, **given)
    raise AssertionError("one person published a rulebook")
