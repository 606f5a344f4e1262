"""Invariants of drafts."""

from __future__ import annotations

from typing import Any

from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.invariants import Invariant, by_query

from .models import RulebookDraft
from .states import REPORT_DAYS_MAX, DraftState

Invariant(
    name="rules.published_as_previewed",
    promise=9,
    statement=(
        "A rulebook that was drafted has the text, lane and warnings of its draft, which was previewed within a week, and two people approved"
        " exactly that."
    ),
    guards=(
        "rules_rulebookdraft.published_as_drafted",
        "rules_rulebookdraft.state_guard",
        "rules_rulebookdraft.immutable",
        "rules_rulebookdraft.set_once",
        "rules_rulebookdraft.no_delete",
        "rules_rulebookdraft.dated_now",
        "rules_rulebookdraft.set_now",
        "rules_rulebookdraft.acted_by_person",
        "rules_rulebookdraft.draft_digest",
        "rules_rulebookdraft.draft_report_of_text",
        "rules_rulebookdraft.draft_ended_how",
        "rules_rulebookdraft.draft_lane",
    ),
    test="tests/rules/test_draft_guards.py::test_another_text_than_was_published_is_refused",
    check=by_query(
        "SELECT d.public_id, r.public_id AS rulebook FROM rules_rulebookdraft d"  # noqa: S608  our own number
        " LEFT JOIN rules_rulebook r ON r.id = d.rulebook_id WHERE d.state = 'published' AND ("
        "  r.id IS NULL OR d.report IS NULL OR (r.document, r.digest, r.lane, r.warnings)"
        "   IS DISTINCT FROM (d.document, d.digest, d.lane, d.report -> 'warnings')"
        f"  OR d.reported_at < d.ended_at - make_interval(days => {REPORT_DAYS_MAX})"
        "  OR NOT EXISTS (SELECT FROM approvals_approval a WHERE a.command = 'rules.publish_rulebook'"
        "   AND a.subject = d.public_id AND a.state = 'approved' AND a.permission = 'rulebook:write'"
        "   AND (a.first_person, a.ended_by) = (r.first_person, r.published_by)"
        "   AND a.payload ->> 'document_sha256' = r.digest))"
    ),
)


def _reports_changed() -> list[dict[str, Any]]:
    """Published drafts whose impact report, with its warnings, is not one that the job made."""
    made: dict[str, set[str]] = {}
    records = EvidenceRecord.objects.filter(kind="rules.draft_previewed")
    for subject, payload in records.values_list("subject", "payload"):
        made.setdefault(subject, set()).add(payload["report_sha256"])
    drafts = RulebookDraft.objects.filter(state=DraftState.PUBLISHED).values_list("public_id", "report")
    return [
        {"draft": public_id}
        for public_id, report in drafts
        if digest_of(report) not in made.get(public_id, set())
    ]


Invariant(
    name="rules.reports_are_as_made",
    promise=5,
    statement="The impact report of a draft that was published is one that its job made, with the warnings that it found.",
    guards=("rules_rulebookdraft.draft_report_of_text", "evidence_evidencerecord.append_only"),
    test="tests/rules/test_draft_guards.py::test_warnings_that_were_taken_out_are_named",
    check=_reports_changed,
)
