"""The invariants of attachments."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .models import ATTACHED_BYTES_MAX, ATTACHMENTS_MAX

ANNEXES = (
    "(SELECT coalesce(jsonb_agg(jsonb_build_object('file_name', a.file_name, 'media_type', a.media_type, 'size_bytes', a.size_bytes,"
    " 'sha256', a.sha256) ORDER BY a.number), '[]') FROM contracts_attachment a WHERE a.proposal_id = i.proposal_id)"
)

Invariant(
    name="contracts.annexes_signed",
    promise=6,
    statement="What is signed names every file that stood beside its proposal, with its size and hash, and no other.",
    guards=(
        "contracts_instrument.instrument_whole",
        "contracts_attachment.attached_in_turn",
        "contracts_attachment.attachment_hash",
        "contracts_attachment.attachment_size",
        "contracts_attachment.append_only",
    ),
    test="tests/contracts/negotiating/test_attachments.py::test_the_database_takes_no_other_annexes",
    check=by_query(
        "SELECT i.public_id FROM contracts_instrument i"  # noqa: S608  our own words
        f" WHERE coalesce(i.content::jsonb -> 'annexes', '[]') <> {ANNEXES}"
    ),
)
Invariant(
    name="contracts.attached_by_proposers",
    promise=8,
    statement="A file was attached by the party of its proposal before the next one was made, and those of a negotiation are within their bounds.",
    guards=("contracts_attachment.attached_in_turn", "contracts_attachment.append_only"),
    test="tests/contracts/negotiating/test_attachments.py::test_the_database_takes_no_file_of_another_or_out_of_turn",
    check=by_query(
        "SELECT a.public_id FROM contracts_attachment a JOIN contracts_proposal p ON p.id = a.proposal_id"  # noqa: S608
        " WHERE a.party <> p.party OR EXISTS (SELECT FROM contracts_proposal l"
        "  WHERE l.negotiation_id = p.negotiation_id AND l.number > p.number AND l.made_at < a.added_at)"
        " UNION ALL SELECT n.public_id FROM contracts_attachment a JOIN contracts_proposal p ON p.id = a.proposal_id"
        " JOIN contracts_negotiation n ON n.id = p.negotiation_id GROUP BY n.public_id"
        f" HAVING count(*) > {ATTACHMENTS_MAX} OR sum(a.size_bytes) > {ATTACHED_BYTES_MAX}"
    ),
)
