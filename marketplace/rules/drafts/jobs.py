"""Jobs of drafts: the impact report is made outside transactions, because it may evaluate everybody."""

from __future__ import annotations

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.jobs.kinds import JobKind, Progress, Work
from marketplace.jobs.states import Queue
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.labels import Label
from marketplace.participants.queries import sellers_by_segment

from ..examples import check_rulebook
from ..points import vocabulary
from ..rulebook import CompiledRulebook
from ..services.rulebooks import foresee_waiting
from ..states import Lane
from .impact import compare_fees, recent_trades, tally_decisions, tally_populations
from .models import RulebookDraft
from .states import DraftState
from .suspicions import find_warnings


def make_report(draft: RulebookDraft, report_progress: Progress) -> dict[str, object]:
    """The impact report of a draft's text: ``{"at", "replaces", "standing", "decisions", "fees", "waiting", "warnings"}``.

    ``waiting``: what becomes of the versions that wait for their moment, if the draft is urgent.
    """
    now = clock.now()
    faults, reads = check_rulebook(draft.document, vocabulary())
    if faults:
        return {"at": now.isoformat(), "faults": faults, "warnings": []}
    compiled = CompiledRulebook(draft.document, {**vocabulary(), "reads": reads})
    replaced = draft.replaces
    before = CompiledRulebook(replaced.document, replaced.vocabulary) if replaced else None
    standing = tally_populations(compiled, before, now, report_progress)
    decided = tally_decisions(compiled, now)
    trades = recent_trades(now)
    return {
        "at": now.isoformat(),
        "replaces": replaced.public_id if replaced else None,
        "standing": {point: tally.as_json() for point, tally in standing.items()},
        "decisions": {point: tally.as_json() for point, tally in decided.items()},
        "waiting": foresee_waiting(draft.document) if draft.lane == Lane.URGENT else [],
        "fees": compare_fees(compiled, before, trades),
        "warnings": find_warnings(draft.document, compiled, standing, decided, trades, sellers_by_segment()),
    }


def preview(work: Work) -> None:
    """Make the report of the text that was to be previewed; nothing if it was changed or published meanwhile."""
    draft = RulebookDraft.objects.select_related("replaces").get(public_id=work.arguments["draft"])
    if draft.version != work.arguments["version"] or draft.state != DraftState.OPEN:
        return
    made = make_report(draft, work.report_progress)
    with transaction.atomic():
        row = (
            RulebookDraft.objects.select_for_update(no_key=True)
            .filter(pk=draft.pk, version=draft.version, state=DraftState.OPEN)
            .first()
        )
        if row is None:
            return
        row.report, row.report_digest, row.reported_at = made, row.digest, clock.now()
        row.save(update_fields=["report", "report_digest", "reported_at"])
        record(
            kind="rules.draft_previewed",
            subject=row.public_id,
            actor=SYSTEM,
            payload={"version": row.version, "digest": row.digest, "report_sha256": digest_of(made)},
        )


PREVIEW = JobKind(
    name="rules.preview_draft",
    queue=Queue.DOCUMENTS,
    label=Label("evaluate a draft of the rulebook", "規程案の影響評価"),
    run=preview,
    seconds_max=540,
    backoff_seconds=(10, 60),
    is_abandoned_at_last=True,
)
