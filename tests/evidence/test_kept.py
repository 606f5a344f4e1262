"""With a checkpoint that was kept elsewhere, verification names what the market's own tables cannot show any more."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.evidence import services
from marketplace.evidence.models import Checkpoint
from marketplace.evidence.notes import TreeHead, sign_note
from marketplace.evidence.verification import verify_log
from tests.roles import unguarded

from .factories import run, seal, seal_rest, write, write_many

TABLES = ("evidence_checkpoint", "evidence_tile", "evidence_leaf", "evidence_evidencerecord")


@pytest.fixture
def kept(committed_database):
    """The newest checkpoint of a log of 603 records; an earlier one is of 600."""
    write_many(600)
    seal(600)
    services.checkpoint()
    write("a", "b", "c")
    seal(3)
    newest = services.checkpoint()
    assert newest.size == 603
    return newest


def remove(*, from_index: int) -> None:
    """Cut every record from a leaf on, with its leaves and checkpoints, and rebuild the tiles, as the owner can."""
    with unguarded(*TABLES):
        run("DELETE FROM evidence_checkpoint WHERE size > %s", from_index)
        run(
            "DELETE FROM evidence_evidencerecord WHERE id IN (SELECT record_id FROM evidence_leaf WHERE index >= %s)",
            from_index,
        )
        run("DELETE FROM evidence_leaf")
        run("DELETE FROM evidence_tile")
    seal_rest()


def test_a_tail_that_was_cut_with_its_checkpoints_is_named_by_size_and_root(kept):
    remove(from_index=600)
    assert verify_log().faults == []
    assert verify_log(kept.note).faults == [
        f"the log has 600 leaves; kept is size 603 with root {kept.root}: both are missing"
    ]


def test_a_log_that_was_deleted_is_named(kept):
    remove(from_index=0)
    assert verify_log().faults == []
    assert verify_log(kept.note).faults == [
        f"the log has 0 leaves; kept is size 603 with root {kept.root}: both are missing"
    ]


def test_a_log_that_was_rewritten_and_signed_again_is_named(kept):
    with unguarded("evidence_evidencerecord"):
        run("UPDATE evidence_evidencerecord SET payload = '{\"n\": 0}' WHERE subject = 'bulk_7'")
    with unguarded("evidence_checkpoint"):
        run("DELETE FROM evidence_checkpoint")
    remove(from_index=10_000)
    rewritten = services.checkpoint()
    assert (rewritten.size, verify_log().faults) == (603, [])
    (fault,) = verify_log(kept.note).faults
    assert fault.startswith(f"the log was rewritten or forked: kept is size 603 with root {kept.root};")
    assert fault.endswith(f"the log has root {rewritten.root} there")


def test_a_log_that_goes_on_verifies(kept):
    write("d")
    seal(1)
    services.checkpoint()
    assert verify_log(kept.note).faults == []


def test_a_checkpoint_that_was_removed_alone_is_named(kept):
    with unguarded("evidence_checkpoint"):
        run("DELETE FROM evidence_checkpoint WHERE size = 603")
    assert verify_log(kept.note).faults == [f"the checkpoint of size 603 with root {kept.root} is missing"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda note: "", "the kept checkpoint is none, or its signature is not valid"),
        (
            lambda note: note.replace("603", "604"),
            "the kept checkpoint is none, or its signature is not valid",
        ),
        (
            lambda note: sign_note(TreeHead("other/evidence", 603, b"\1" * 32)),
            "the kept checkpoint is signed by a key that is not in the published history",
        ),
    ],
)
def test_a_kept_checkpoint_that_is_none_is_a_fault_and_vouches_for_nothing(kept, change, fault):
    with CaptureQueriesContext(connection) as sent:
        faults = verify_log(change(kept.note)).faults
    assert [found.startswith(fault) for found in faults] == [True]
    assert pages_of_records(sent) == 1


def pages_of_records(sent) -> int:
    return len([query for query in sent.captured_queries if "leaf_index" in query["sql"]])


def test_only_what_follows_is_read(committed_database):
    write_many(3_000)
    seal(3_000)
    first = services.checkpoint()
    write("a")
    seal(1)
    services.checkpoint()
    with CaptureQueriesContext(connection) as whole:
        assert verify_log().faults == []
    with CaptureQueriesContext(connection) as since:
        assert verify_log(first.note).faults == []
    assert (pages_of_records(whole), pages_of_records(since)) == (3, 1)
    with unguarded("evidence_evidencerecord"):
        run("UPDATE evidence_evidencerecord SET kind = 'forged' WHERE subject = 'a'")
    (fault,) = verify_log(first.note).faults
    assert fault.endswith("was changed: it does not match leaf 3000")


def test_the_command_keeps_what_it_verified_and_names_a_cut(kept, tmp_path, capsys):
    file = tmp_path / "kept"
    call_command("verify_evidence", "--kept", file, "--keep")
    assert file.read_text() == kept.note
    assert f"verified: 603 leaves, root {kept.root}" in capsys.readouterr().out
    remove(from_index=600)
    with pytest.raises(SystemExit):
        call_command("verify_evidence", "--kept", file, "--keep")
    assert "both are missing" in capsys.readouterr().err
    assert file.read_text() == kept.note
    assert Checkpoint.objects.count() == 1


def test_the_command_needs_the_file_that_it_is_told_of(db, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_evidence", "--kept", tmp_path / "none")
    with pytest.raises(CommandError, match="needs --kept"):
        call_command("verify_evidence", "--keep")
