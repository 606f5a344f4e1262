"""The database refuses to have the log changed, or sealed in another way than the sealer's."""

import base64

import pytest
from django.db import IntegrityError, connection, transaction

from marketplace.evidence import services
from marketplace.evidence.entries import record_bytes
from marketplace.evidence.models import (
    CONTENT_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    Checkpoint,
    EvidenceRecord,
    Leaf,
    MarketKey,
    Tile,
)
from marketplace.evidence.verification import verify_log
from marketplace.kernel.actors import SYSTEM
from tests.roles import as_owner, assert_refused

from .factories import run, seal, write, write_many

COLUMNS = {
    "evidence_evidencerecord": ("kind", "'x'"),
    "evidence_leaf": ("record_id", "1"),
    "evidence_tile": ("hashes", "decode(repeat('00', 96), 'hex')"),
    "evidence_checkpoint": ("root", "'x'"),
}
TILES = "INSERT INTO evidence_tile (level, index, width, hashes) VALUES "


def refused(statement: str, *arguments: object, because: str) -> None:
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, arguments), because=because)


@pytest.mark.parametrize("table", COLUMNS)
def test_the_log_is_append_only(committed_database, table):
    write("a", "b", "c")
    seal(3)
    services.checkpoint()
    column, value = COLUMNS[table]
    change = "only grows at its end" if table == "evidence_tile" else "append-only"
    removal = "are kept" if table == "evidence_tile" else "append-only"
    refused(f"UPDATE {table} SET {column} = {value}", because=change)
    refused(f"DELETE FROM {table}", because=removal)
    refused(f"TRUNCATE {table} CASCADE", because=f"{removal}|append-only")
    assert (verify_log().entries, verify_log().faults) == (3, [])


def test_evidence_needs_a_transaction(committed_database):
    with pytest.raises(services.RecordedOutsideTransaction):
        services.record(kind="test.happened", subject="a", actor=SYSTEM, payload={})
    assert EvidenceRecord.objects.count() == 0


INSERT_RECORD = (
    "INSERT INTO evidence_evidencerecord (public_id, kind, subject, actor, payload, occurred_at)"
    " VALUES (%s, %s, %s, %s, %s::text::jsonb, now())"
)


@pytest.mark.parametrize(
    "number", ["9007199254740992", "-9007199254740992", "1e400", '{"deep": [[9007199254740993]]}']
)
def test_a_number_without_a_canonical_form_is_refused(db, number):
    refused(INSERT_RECORD, "evi_1", "k", "s", "a", f'{{"n": {number}}}', because="evidence_payload_numbers")
    assert EvidenceRecord.objects.count() == 0


def test_the_longest_record_is_no_longer_than_its_readers_read(db):
    text = "\x01" * 60
    longest = '{"t": "' + "x" * (PAYLOAD_BYTES_MAX - len('{"t": ""}'))
    refused(INSERT_RECORD, "evi_2", text, text, text, longest + 'x"}', because="evidence_payload_bytes")
    run(INSERT_RECORD, "evi_" + "1" * 27, text, text, text, longest + '"}')
    assert len(record_bytes(EvidenceRecord.objects.get())) <= CONTENT_BYTES_MAX


def test_the_numbers_at_the_limit_are_recorded(db):
    run(INSERT_RECORD, "evi_1", "k", "s", "a", '{"n": [9007199254740991, -9007199254740991, 0.5]}')
    assert record_bytes(EvidenceRecord.objects.get()).startswith(b'{"actor":"a","id":"evi_1"')


LEAVES = (
    "INSERT INTO evidence_leaf (index, record_id, commitment)"
    " SELECT n.index, n.record_id, decode(repeat('00', 32), 'hex') FROM ({}) n (index, record_id)"
)


@pytest.mark.parametrize(
    ("leaves", "because"),
    [
        ("SELECT -1, min(id) FROM evidence_evidencerecord", "leaf_from_zero|without a gap"),
        ("SELECT 4, max(id) FROM evidence_evidencerecord", "without a gap"),
        ("SELECT 3, 999", "next records in commit order"),
        ("SELECT 3, min(id) FROM evidence_evidencerecord", "evidence_leaf_record_id_key|unique|next records"),
        ("SELECT 3, max(id) FROM evidence_evidencerecord", "next records in commit order"),
        ("SELECT 3, max(id) - 1 FROM evidence_evidencerecord", "no tile ends with the hash of leaf 3"),
        (
            "SELECT 2 + n, (SELECT max(id) FROM evidence_evidencerecord) + 1 - n FROM generate_series(1, 2) n",
            "next records in commit order",
        ),
    ],
)
def test_leaves_follow_without_a_gap_in_commit_order(committed_database, leaves, because):
    write("a", "b", "c")
    seal(3)
    write("d")
    write("e")
    refused(LEAVES.format(leaves), because=because)
    assert (Leaf.objects.count(), verify_log().faults) == (3, [])


@pytest.mark.parametrize(
    ("tile", "because"),
    [
        ("(0, 0, 0, '')", "tile_place"),
        ("(0, 0, 257, decode(repeat('00', 257 * 32), 'hex'))", "tile_place"),
        ("(8, 0, 1, decode(repeat('00', 32), 'hex'))", "tile_place"),
        ("(0, 0, 1, decode(repeat('00', 31), 'hex'))", "tile_length"),
        ("(0, 1, 1, decode(repeat('00', 32), 'hex'))", "before the one before it is full"),
    ],
)
def test_tiles_have_their_place_and_length(db, tile, because):
    refused(TILES + tile, because=because)
    assert Tile.objects.count() == 0


def test_a_tile_is_stored_once(db):
    tile = "(0, 0, 1, decode(repeat('00', 32), 'hex'))"
    run(TILES + tile)
    refused(TILES + tile, because="tile_once")
    assert Tile.objects.count() == 1


def test_a_full_tile_never_changes_and_a_partial_one_only_grows(committed_database):
    write_many(300)
    seal(300)
    zeros = "SET width = width + 1, hashes = "
    refused(
        f"UPDATE evidence_tile {zeros} hashes || decode(repeat('00', 32), 'hex') WHERE width = 256",
        because="tile_place",
    )
    refused(
        f"UPDATE evidence_tile {zeros} decode(repeat('00', 32), 'hex') || hashes WHERE width = 44",
        because="only grows at its end",
    )
    refused(
        "UPDATE evidence_tile SET width = 43, hashes = substr(hashes, 1, 43 * 32) WHERE width = 44",
        because="only grows at its end",
    )
    refused("UPDATE evidence_tile SET index = 2 WHERE width = 44", because="only grows at its end")
    assert verify_log().faults == []


@pytest.mark.parametrize(
    ("size", "root", "note", "because"),
    [
        (3, "{root}", "{note}", "states another size or root"),
        (2, "0" * 64, "{note}", "states another size or root"),
        (2, "{root}", "sanpo\n2\n\n", "states another size or root"),
        (2, "x", "{note}", "invalid|checkpoint_root"),
        (9, "00" * 32, "o\n9\n" + "A" * 43 + "=\n\n— o AAAA\n", "more than there are"),
        (2, "00" * 32, "o\n2\n" + "A" * 43 + "=\n\n— other AAAA\n", "not signed"),
    ],
)
def test_a_checkpoint_states_what_its_note_states(committed_database, size, root, note, because):
    write("a", "b")
    seal(2)
    mark = services.checkpoint()
    write("c")
    seal(1)
    shown = {"root": mark.root, "note": mark.note}
    with pytest.raises(Exception, match=because), transaction.atomic():
        Checkpoint.objects.create(size=size, root=root.format(**shown), note=note.format(**shown))
    assert list(Checkpoint.objects.values_list("size", flat=True)) == [2]


def test_a_leaf_has_the_commitment_that_its_tile_hashes(committed_database):
    write("a", "b")
    with as_owner():
        run(TILES + "(0, 0, 1, sha256('another entry'))")
    refused(
        LEAVES.format("SELECT 0, min(id) FROM evidence_evidencerecord"), because="the hash of another entry"
    )
    assert Leaf.objects.count() == 0


def test_a_salt_is_drawn_by_the_database_and_has_its_length(db):
    run(INSERT_RECORD, "evi_1", "k", "s", "a", "{}")
    run(INSERT_RECORD, "evi_2", "k", "s", "a", "{}")
    first, second = (bytes(record.salt) for record in EvidenceRecord.objects.order_by("pk"))
    assert (len(first), len(second), first == second) == (32, 32, False)
    short = INSERT_RECORD.replace("occurred_at)", "occurred_at, salt)").replace(
        "now())", "now(), 'x'::bytea)"
    )
    refused(short, "evi_3", "k", "s", "a", "{}", because="evidence_salt_length")
    assert EvidenceRecord.objects.count() == 2


@pytest.mark.parametrize(
    ("columns", "because"),
    [
        ("now() - interval '1 hour', pg_current_xact_id(), now()", "not that of the clock"),
        ("now(), pg_current_xact_id(), now() - interval '1 hour'", "not that of the clock"),
        ("now(), '5'::xid8, now()", "does not write this row"),
    ],
)
def test_a_record_cannot_be_dated_back(db, columns, because):
    refused(
        "INSERT INTO evidence_evidencerecord (public_id, kind, subject, actor, payload, occurred_at, transaction, recorded_at)"
        f" VALUES ('evi_1', 'k', 's', 'a', '{{}}', {columns})",
        because=because,
    )
    assert EvidenceRecord.objects.count() == 0


KEYS = (
    "INSERT INTO evidence_marketkey (public_id, kid, name, key_id, public_key, handover, since)"
    " SELECT 'mky_2', 'forged', name, {key_id}, sha256('forged'), '', {since} FROM evidence_marketkey"
)
FORGED_ID = (
    "encode(substr(sha256(convert_to(name, 'UTF8') || '\\x0a01'::bytea || sha256('forged')), 1, 4), 'hex')"
)


@pytest.mark.parametrize(
    ("key_id", "since", "because"),
    [
        ("'00000000'", "now()", "another identifier than its bytes"),
        (FORGED_ID, "now()", "does not begin when the one before it ends"),
        (FORGED_ID, "now() - interval '1 day'", "does not begin|not that of the clock"),
    ],
)
def test_a_key_enters_the_history_when_the_one_before_it_ends(committed_database, key_id, since, because):
    write("a")
    seal(1)
    services.checkpoint()
    refused(KEYS.format(key_id=key_id, since=since), because=because)
    refused("UPDATE evidence_marketkey SET public_key = sha256('forged')", because="cannot be changed")
    refused("UPDATE evidence_marketkey SET until = now() - interval '1 day'", because="not that of the clock")
    refused("DELETE FROM evidence_marketkey", because="are kept")
    assert MarketKey.objects.get().until is None


def test_a_checkpoint_is_signed_by_the_key_in_force(committed_database):
    write("a")
    seal(1)
    mark = services.checkpoint()
    write("b")
    seal(1)
    root = "22" * 32
    head, _, line = mark.note.partition("\n\n")
    body = head.split("\n")
    body[1:] = ["2", base64.b64encode(bytes.fromhex(root)).decode()]
    name = line.split(" ")[1]
    forged = base64.b64encode(b"\1" * 68).decode()
    with pytest.raises(IntegrityError, match="not signed by the key in force"), transaction.atomic():
        Checkpoint.objects.create(size=2, root=root, note="\n".join([*body, "", f"— {name} {forged}\n"]))
    assert Checkpoint.objects.count() == 1
