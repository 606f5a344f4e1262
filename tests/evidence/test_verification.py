"""The checker names each wrong state that the owner of the tables can make past the guards."""

import base64

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.evidence import services
from marketplace.evidence.models import Checkpoint, EvidenceRecord, Leaf, MarketKey
from marketplace.evidence.notes import TreeHead, sign_note
from marketplace.evidence.queries import count_unsealed
from marketplace.evidence.verification import FAULTS_MAX, verify_log
from marketplace.kernel.horizon import newest_transaction
from tests.roles import unguarded

from .factories import run, seal, write, write_many

RECORD, LEAF, TILE, CHECKPOINT = (
    "evidence_evidencerecord",
    "evidence_leaf",
    "evidence_tile",
    "evidence_checkpoint",
)


@pytest.fixture
def sealed(committed_database):
    """300 sealed records under a checkpoint: two tiles of leaf hashes, one tile above them."""
    write_many(300)
    seal(300)
    services.checkpoint()
    assert verify_log().faults == []


def identifier(index: int) -> str:
    return Leaf.objects.select_related("record").get(index=index).record.public_id


def key(index: int) -> int:
    return Leaf.objects.get(index=index).record_id


def break_tile(level: int, index: int, at: int) -> None:
    with unguarded(TILE):
        run(
            f"UPDATE {TILE} SET hashes = overlay(hashes PLACING decode(repeat('00', 32), 'hex') FROM %s)"
            " WHERE level = %s AND index = %s",
            at * 32 + 1,
            level,
            index,
        )


def test_a_leaf_of_a_transaction_that_the_server_has_not_begun_is_named(sealed, capsys):
    """Transaction identifiers begin anew on the server to which a logical dump was moved."""
    beyond = newest_transaction() + 1_000_000
    with unguarded(RECORD):
        run(f"UPDATE {RECORD} SET transaction = '{beyond}' WHERE id = %s", key(299))
    (fault,) = verify_log().faults
    assert fault.startswith(f"leaf 299 is of transaction {beyond}, but this server has only reached ")
    with pytest.raises(SystemExit):
        call_command("check_invariants", app="evidence")
    assert "moved by a logical dump" in capsys.readouterr().err
    # What the check is for: a new record lies before the position and gets no leaf.
    write("later")
    assert (services.seal(), count_unsealed()) == (0, 0)


def test_a_changed_record_is_named(sealed):
    with unguarded(RECORD):
        run(f"UPDATE {RECORD} SET payload = '{{\"n\": 0}}' WHERE id = %s", key(270))
    assert verify_log().faults == [f"record {identifier(270)} was changed: it does not match leaf 270"]


@pytest.mark.parametrize("index", [0, 42, 299])
def test_a_removed_record_is_named(sealed, index):
    with unguarded(RECORD):
        run(f"DELETE FROM {RECORD} WHERE id = %s", key(index))
    assert verify_log().faults == [f"leaf {index}: no record in commit order has this place"]


def test_a_record_slipped_in_before_the_sealed_ones_is_named(sealed):
    write("late")
    with unguarded(RECORD):
        run(f"UPDATE {RECORD} SET transaction = '5' WHERE subject = 'late'")
    late = EvidenceRecord.objects.get(subject="late").public_id
    assert verify_log().faults == [f"record {late} has no leaf, although later records have"]


def test_a_missing_leaf_is_named(sealed):
    lost = identifier(7)
    with unguarded(LEAF):
        run(f"DELETE FROM {LEAF} WHERE index = 7")
    assert verify_log().faults == [
        f"record {lost} has no leaf, although later records have",
        "leaf 7: no record in commit order has this place",
    ]


def test_a_missing_last_leaf_is_named(sealed):
    with unguarded(LEAF):
        run(f"DELETE FROM {LEAF} WHERE index = 299")
    assert verify_log().faults == ["level 0 of the tiles holds 300 hashes; 299 leaves need 299"]


def test_exchanged_leaves_are_named(sealed):
    first, second = key(10), key(20)
    with unguarded(LEAF):
        run(f"UPDATE {LEAF} SET record_id = -1 WHERE index = 10")
        run(f"UPDATE {LEAF} SET record_id = %s WHERE index = 20", first)
        run(f"UPDATE {LEAF} SET record_id = %s WHERE index = 10", second)
    faults = verify_log().faults
    assert f"record {identifier(20)} was changed: it does not match leaf 20" in faults
    assert "leaf 11 is out of commit order" in faults


def test_a_changed_leaf_hash_is_named(sealed):
    break_tile(0, 1, 3)
    faults = verify_log().faults
    (mark,) = Checkpoint.objects.all()
    assert faults == [
        "leaf 259 is not the one that its tile hashes",
        f"checkpoint {mark.public_id} does not match the first 300 leaves",
    ]


def test_a_tile_that_does_not_follow_is_named(sealed):
    break_tile(1, 0, 0)
    faults = verify_log().faults
    (mark,) = Checkpoint.objects.all()
    assert faults == [
        "tile 1/0 does not follow from tile 0/0",
        f"checkpoint {mark.public_id} does not match the first 300 leaves",
    ]


def test_a_missing_tile_is_named(sealed):
    with unguarded(TILE):
        run(f"DELETE FROM {TILE} WHERE level = 1")
    (mark,) = Checkpoint.objects.all()
    outcome = verify_log()
    assert outcome.faults == [
        "level 1 of the tiles holds 0 hashes; 300 leaves need 1",
        "tile 1/0 is missing, or has fewer hashes than 300 leaves need",
        f"checkpoint {mark.public_id} cannot be verified: tile 1/0 is missing",
    ]
    assert outcome.root == ""


def test_a_checkpoint_of_another_root_is_named(sealed):
    root = b"\1" * 32
    note = sign_note(TreeHead(origin=settings.EVIDENCE_ORIGIN, size=300, root=root))
    with unguarded(CHECKPOINT):
        run(f"UPDATE {CHECKPOINT} SET root = %s, note = %s", root.hex(), note)
    (mark,) = Checkpoint.objects.all()
    assert verify_log().faults == [f"checkpoint {mark.public_id} does not match the first 300 leaves"]


def test_a_checkpoint_whose_note_states_another_root_is_named(sealed):
    note = sign_note(TreeHead(origin=settings.EVIDENCE_ORIGIN, size=300, root=b"\1" * 32))
    with unguarded(CHECKPOINT):
        run(f"UPDATE {CHECKPOINT} SET note = %s", note)
    (mark,) = Checkpoint.objects.all()
    assert verify_log().faults == [f"the note of checkpoint {mark.public_id} states another size or root"]


@pytest.mark.parametrize(
    ("is_known", "fault"),
    [
        (False, "checkpoint {} is signed by a key that is not in the published history"),
        (True, "the signature of checkpoint {} is not valid"),
    ],
)
def test_a_checkpoint_that_the_market_did_not_sign_is_named(sealed, is_known, fault):
    key = bytes.fromhex(MarketKey.objects.get().key_id) if is_known else b"\0" * 4
    forged = base64.b64encode(key + b"\0" * 64).decode()
    with unguarded(CHECKPOINT):
        signed = f"{settings.EVIDENCE_ORIGIN} {forged}"
        run(f"UPDATE {CHECKPOINT} SET note = split_part(note, '— ', 1) || '— ' || %s", signed)
    (mark,) = Checkpoint.objects.all()
    assert verify_log().faults == [fault.format(mark.public_id)]


def test_a_record_that_waits_too_long_for_its_leaf_is_named(sealed):
    with unguarded(RECORD):
        run(
            f"INSERT INTO {RECORD} (public_id, kind, subject, actor, payload, occurred_at, recorded_at)"
            " VALUES ('evi_old', 'test.happened', 'old', 'system', '{}', now(), now() - interval '11 minutes')"
        )
    (fault,) = verify_log().faults
    assert fault.startswith("a record has waited 66")
    assert count_unsealed() == 1
    seal(1)
    assert verify_log().faults == []


def test_as_many_faults_are_named_as_are_shown(sealed):
    with unguarded(RECORD):
        run(f"UPDATE {RECORD} SET kind = 'forged'")
    assert len(verify_log().faults) == FAULTS_MAX == 100


def test_the_log_is_read_in_pages(committed_database):
    write_many(2_500)
    seal(2_500)
    with CaptureQueriesContext(connection) as sent:
        assert verify_log().faults == []
    pages = [query for query in sent.captured_queries if "leaf_index" in query["sql"]]
    assert len(pages) == 3
