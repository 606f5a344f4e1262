"""Records become leaves once, in the order of commits, whatever commits when."""

from __future__ import annotations

import json
import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.evidence import queries, services
from marketplace.evidence.entries import commitment_of, record_bytes
from marketplace.evidence.errors import EvidenceNotCanonical, EvidenceTooLong
from marketplace.evidence.models import PAYLOAD_BYTES_MAX, Checkpoint, EvidenceRecord, Leaf, Tile
from marketplace.evidence.notes import open_note
from marketplace.evidence.public_entries import public_entry
from marketplace.evidence.verification import verify_log
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.merkle import leaf_hash, merkle_root
from tests.participants import factories as participants
from tests.poison import aside, tasks_to_repair
from tests.roles import as_owner

from .factories import run, seal, write, write_many


def sealed_subjects() -> list[str]:
    return list(Leaf.objects.order_by("index").values_list("record__subject", flat=True))


def hashes() -> list[bytes]:
    return [
        leaf_hash(public_entry(commitment_of(leaf.record)))
        for leaf in Leaf.objects.select_related("record").order_by("index")
    ]


def test_sealing_gives_every_record_one_leaf(committed_database):
    write("a", "b")
    write("c")
    assert (seal(3), services.seal()) == (3, 0)
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == [0, 1, 2]
    assert sealed_subjects() == ["a", "b", "c"]
    outcome = verify_log()
    assert (outcome.entries, queries.count_unsealed(), outcome.faults) == (3, 0, [])
    assert outcome.root == merkle_root(hashes()).hex()


def test_a_late_commit_is_sealed_before_what_it_preceded(committed_database):
    """A transaction that wrote first and commits last: by identifiers alone, its record would never be sealed."""
    wrote, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            services.record(kind="test.happened", subject="slow", actor=SYSTEM, payload={})
            wrote.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert wrote.wait(10)
    write("quick")
    assert services.seal() == 0
    assert queries.count_unsealed() == 1
    may_commit.set()
    thread.join(10)
    assert seal(2) == 2
    assert sealed_subjects() == ["slow", "quick"]
    assert verify_log().faults == []


def test_a_late_commit_does_not_hold_back_what_came_before_it(committed_database):
    write("before")
    began, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            services.record(kind="test.happened", subject="slow", actor=SYSTEM, payload={})
            began.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert began.wait(10)
    assert seal(1) == 1
    assert sealed_subjects() == ["before"]
    may_commit.set()
    thread.join(10)


def test_batches_seal_the_same_tree_as_one(committed_database):
    write_many(services.SEAL_BATCH + 700)
    sealed = 0
    while sealed < services.SEAL_BATCH + 700:
        sealed += services.seal_until_caught_up(seconds_max=20)
    assert (sealed, queries.count_unsealed()) == (services.SEAL_BATCH + 700, 0)
    assert verify_log().root == merkle_root(hashes()).hex()
    assert list(Tile.objects.order_by("level", "index").values_list("level", "width")) == [
        *[(0, 256)] * 10,
        (0, 188),
        (1, 10),
    ]


def test_no_time_left_seals_nothing(committed_database):
    write("a")
    assert services.seal_until_caught_up(seconds_max=0) == 0
    assert queries.count_unsealed() == 1


def test_two_sealers_do_not_seal_twice(committed_database):
    write_many(600)

    def work() -> None:
        services.seal_until_caught_up(seconds_max=10)
        connection.close()

    sealers = [threading.Thread(target=work) for _ in range(3)]
    for sealer in sealers:
        sealer.start()
    for sealer in sealers:
        sealer.join(30)
    seal(0)
    assert (Leaf.objects.count(), verify_log().faults) == (600, [])


@pytest.mark.parametrize("length", [1, 1_000])
def test_a_batch_takes_the_same_queries_at_any_length(committed_database, length):
    write_many(length)
    seal(length)
    write("a", "b")
    with CaptureQueriesContext(connection) as sent:
        assert services.seal() == 2
    statements = [query["sql"] for query in sent.captured_queries if "SAVEPOINT" not in query["sql"]]
    tiles = 1 if length == 1 else 2
    # BEGIN, lock, position, horizon, records, last tiles, write tiles, write leaves, COMMIT
    assert len(statements) == 8 + tiles


def test_what_waits_is_counted_with_its_age(committed_database):
    assert queries.count_unsealed() == 0
    assert queries.oldest_unsealed_age().total_seconds() == 0
    write("a", "b")
    seal(2)
    write("c")
    assert queries.count_unsealed() == 1
    assert 0 < queries.oldest_unsealed_age().total_seconds() < 20


def test_a_checkpoint_signs_the_root(committed_database, settings):
    write("a", "b", "c")
    seal(3)
    mark = services.checkpoint()
    assert services.checkpoint() == mark
    head = open_note(mark.note)
    assert (head.origin, head.size, head.root.hex()) == (settings.EVIDENCE_ORIGIN, 3, mark.root)
    assert (mark.size, mark.root) == (3, merkle_root(hashes()).hex())


def test_nothing_recorded_is_nothing_signed(db):
    assert services.checkpoint() is None
    assert Checkpoint.objects.count() == 0


def test_evidence_that_is_too_long_is_refused(db):
    with pytest.raises(EvidenceTooLong) as refusal:
        services.record(
            kind="test.happened", subject="a", actor=SYSTEM, payload={"t": "あ" * (PAYLOAD_BYTES_MAX // 3)}
        )
    assert refusal.value.fields == {"kind": "test.happened", "bytes": 64_008, "bytes_max": PAYLOAD_BYTES_MAX}
    assert EvidenceRecord.objects.count() == 0
    services.record(kind="test.happened", subject="a", actor=SYSTEM, payload={"t": "あ" * 21_330})
    assert EvidenceRecord.objects.count() == 1


@pytest.mark.parametrize("value", [2**53, float("nan"), "\ud800"])
def test_evidence_without_a_canonical_form_is_refused(db, value):
    with pytest.raises(EvidenceNotCanonical):
        services.record(kind="test.happened", subject="a", actor=SYSTEM, payload={"value": value})
    assert EvidenceRecord.objects.count() == 0


@pytest.mark.parametrize(
    ("constraint", "payload"),
    [
        ("evidence_payload_numbers", '{"n": 9007199254740993}'),
        ("evidence_payload_bytes", '{"t": "' + "x" * PAYLOAD_BYTES_MAX + '"}'),
    ],
)
def test_a_record_that_no_entry_can_hold_stops_no_later_one(committed_database, constraint, payload):
    participants.operator()
    seal(EvidenceRecord.objects.count())
    write("before")
    with as_owner():
        run(f"ALTER TABLE evidence_evidencerecord DROP CONSTRAINT {constraint}")
        run(
            "INSERT INTO evidence_evidencerecord (public_id, kind, subject, actor, payload, occurred_at)"
            " VALUES ('evi_poison', 'test.forged', 'poison', 'system', %s, now())",
            payload,
        )
    write("after")
    assert seal(3) == 3
    assert sealed_subjects()[-3:] == ["before", "poison", "after"]
    forged = EvidenceRecord.objects.get(public_id="evi_poison")
    assert list(json.loads(record_bytes(forged))["payload"]) == ["sha256"]
    (fault,) = verify_log().faults
    assert fault.startswith("record evi_poison has a payload that no record can hold")
    assert aside("evidence.seal") == ["evi_poison"]
    ((title, state),) = tasks_to_repair()
    assert ("evi_poison" in title, state) == (True, "open")
