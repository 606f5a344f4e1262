"""Invariants of the evidence log."""

from __future__ import annotations

from itertools import islice
from typing import Any

from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query, columns_within_bounds

from .cosignatures import faults_of_cosignatures
from .party_checks import false_parties, other_functions
from .plain_hashes import PLAIN_HASHES
from .row_records import unexplained_rows
from .row_seals import changed_rows
from .timestamps import faults_of_timestamps
from .verification import verify_log


def _faults() -> list[dict[str, Any]]:
    return [{"fault": fault} for fault in verify_log().faults[:BREACHES_SHOWN_MAX]]


Invariant(
    name="evidence.log_verifies",
    promise=5,
    statement="Every leaf follows from its record in commit order, every tile from those below, every checkpoint from the"
    " tiles; every key but the first is one that two people announced, handed over by the one before unless it was lost; no leaf is of a transaction that this server has not begun; no record waits long for its leaf.",
    guards=(
        "evidence_evidencerecord.append_only",
        "evidence_evidencerecord.evidence_payload_bytes",
        "evidence_evidencerecord.evidence_payload_numbers",
        "evidence_leaf.append_only",
        "evidence_leaf.leaf_from_zero",
        "evidence_leaf.leaf_commitment_length",
        "evidence_evidencerecord.evidence_salt_length",
        "evidence_leaf.leaves_in_commit_order",
        "evidence_tile.no_delete",
        "evidence_tile.tile_grows",
        "evidence_tile.tile_length",
        "evidence_checkpoint.append_only",
        "evidence_checkpoint.note_states_checkpoint",
        "evidence_marketkey.no_delete",
        "evidence_marketkey.immutable",
        "evidence_marketkey.set_once",
        "evidence_marketkey.key_follows",
        "evidence_marketkey.one_market_key_in_force",
        "evidence_marketkey.market_key_once",
        "evidence_marketkey.market_key_length",
        "evidence_keyannouncement.append_only",
        "evidence_keyannouncement.announced_before_use",
        "evidence_keyannouncement.announced_by_two",
        "evidence_keyannouncement.announcement_by_two",
        "evidence_keyannouncement.announcement_handed_over",
        "evidence_keyannouncement.announcement_key_length",
    ),
    test="tests/evidence/test_guards.py::test_the_log_is_append_only",
    check=_faults,
)

Invariant(
    name="evidence.witnesses_verify",
    promise=5,
    statement="Witnesses are registered and ended by who may, each key once, and every cosignature is valid under the key of"
    " its witness.",
    guards=(
        "evidence_witness.no_delete",
        "evidence_witness.immutable",
        "evidence_witness.set_once",
        "evidence_witness.witness_key",
        "evidence_witness.witness_by_right",
        "evidence_witness.witness_by_two",
        "evidence_witness.witness_ended_by_two",
        "evidence_witness.witness_name_once",
        "evidence_witness.witness_key_length",
        "evidence_cosignature.append_only",
        "evidence_cosignature.cosigned_once",
        "evidence_cosignature.cosigned_while_live",
        "evidence_cosignature.cosignature_length",
    ),
    test="tests/evidence/test_witnesses.py::test_a_cosignature_that_the_witness_did_not_make_is_named",
    check=lambda: [{"fault": fault} for fault in islice(faults_of_cosignatures(), BREACHES_SHOWN_MAX)],
)

Invariant(
    name="evidence.timestamps_verify",
    promise=5,
    statement="Every timestamp is of the note of its checkpoint, and a pinned certificate of the authority signed what its row states.",
    guards=(
        "evidence_checkpointtimestamp.append_only",
        "evidence_checkpointtimestamp.stamped_as_noted",
        "evidence_checkpointtimestamp.timestamp_hash_algorithm",
        "evidence_checkpointtimestamp.timestamp_answer_bytes",
    ),
    test="tests/evidence/test_timestamps.py::test_a_timestamp_that_the_authority_did_not_give_is_named",
    check=lambda: [{"fault": fault} for fault in islice(faults_of_timestamps(), BREACHES_SHOWN_MAX)],
)

Invariant(
    name="evidence.no_plain_hash_of_texts",
    promise=5,
    statement="No record has a plain hash of what people wrote or of their data: it commits to them with the salt of their row.",
    guards=("evidence_evidencerecord.evidence_no_plain_hash",),
    test="tests/evidence/test_plain_hashes.py::test_a_plain_hash_of_a_text_is_refused_and_named",
    check=by_query(
        "SELECT public_id, kind FROM evidence_evidencerecord"  # noqa: S608  our own words
        f" WHERE payload ?| ARRAY[{sql_list(PLAIN_HASHES)}] LIMIT {BREACHES_SHOWN_MAX}"
    ),
)

Invariant(
    name="evidence.rows_as_sealed",
    promise=7,
    statement="Rows of append-only tables are those that the evidence log sealed: none was changed, deleted or added later.",
    guards=(
        "evidence_evidencerecord.append_only",
        "evidence_leaf.append_only",
        "evidence_checkpoint.append_only",
    ),
    test="tests/evidence/test_row_seals.py::test_a_row_that_was_changed_behind_the_guards_is_named",
    check=lambda: list(islice(changed_rows(), BREACHES_SHOWN_MAX)),
)

Invariant(
    name="evidence.rows_recorded",
    promise=7,
    statement="What one service writes alone has a record in the log that says the same, and each such record has its row.",
    guards=(
        "evidence_evidencerecord.append_only",
        "evidence_leaf.append_only",
        "evidence_checkpoint.append_only",
    ),
    test="tests/stories/test_forged_rows.py::test_a_forged_row_is_refused_or_named",
    check=unexplained_rows,
)
Invariant(
    name="evidence.columns_within_bounds",
    promise=7,
    statement="Every moment, number of attempts and JSON value of a record of evidence can be read.",
    guards=(
        "evidence_evidencerecord.evidence_evidencerecord_occurred_at_check",
        "evidence_evidencerecord.evidence_payload_depth",
        "evidence_evidencerecord.own_transaction",
    ),
    test="tests/kernel/test_readable_columns.py::test_a_row_that_nobody_can_read_is_refused",
    check=columns_within_bounds("evidence"),
)
Invariant(
    name="evidence.parties_recorded",
    promise=9,
    statement="A record has the parties of the row that it is about, no more and no fewer; every kind of record says whose it is.",
    guards=(
        "evidence_evidencerecord.parties_of_records",
        "evidence_recordparty.party_of_row",
        "evidence_recordparty.append_only",
        "evidence_recordparty.record_party_once",
    ),
    test="tests/evidence/test_parties.py::test_a_forged_party_is_refused_and_named",
    check=false_parties,
)
Invariant(
    name="evidence.parties_as_declared",
    promise=9,
    statement="The functions that name the parties of records, and say which are secret, are those that the applications declare.",
    guards=("evidence_evidencerecord.parties_of_records", "evidence_recordparty.party_of_row"),
    test="tests/evidence/test_parties.py::test_functions_that_are_not_as_declared_are_named",
    check=other_functions,
)
