"""Who may call what, of the routes that show what only a commit makes: the evidence log, and the dry run of a cycle."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as market
from django.db import transaction

from marketplace.evidence import services as evidence
from marketplace.evidence.announcing import announce_key
from marketplace.evidence.models import Checkpoint, EvidenceRecord, KeyAnnouncement, Witness
from marketplace.evidence.verifier_keys import ED25519, verifier_key
from marketplace.evidence.witnesses import register_witness
from marketplace.rules.neutrality.models import NeutralityBundle
from tests.evidence.bundles import public_bytes
from tests.evidence.factories import seal_rest
from tests.evidence.observers import Observer
from tests.participants.factories import actor_for

from .examples_market import neutrality_bundle
from .matrix import Trial
from .requests import EVERYBODY, Request, Table
from .world import make_world

TABLE = Table()


def checkpoint(_world) -> str:
    return str(Checkpoint.objects.latest("pk").public_id)


def sealed(_world) -> str:
    return str(EvidenceRecord.objects.earliest("pk").public_id)


def registered(world) -> Observer:
    """A witness of the buyer."""
    observer = Observer(f"witness-{Witness.objects.count()}.example")
    register_witness(actor=world.actor("buyer"), verifier_key=observer.verifier_key)
    return observer


def witness(world) -> str:
    Witness.objects.filter(until=None).exists() or registered(world)
    return str(Witness.objects.latest("pk").public_id)


def cosignature(world) -> Request:
    """The signature of the newest checkpoint by a witness of the buyer."""
    mark = Checkpoint.objects.latest("pk")
    return Request(body={"size": mark.size, "cosignature": registered(world).line(mark.note)})


def next_key(_world) -> Request:
    """A key that the market has not announced."""
    public = public_bytes(Ed25519PrivateKey.generate())
    return Request(
        body={
            "verifier_key": verifier_key(market.EVIDENCE_ORIGIN, ED25519, public),
            "reason": "The key is old.",
        }
    )


def announcement(world) -> str:
    """The announcement of a key by two people."""
    if not KeyAnnouncement.objects.exists():
        announce_key(
            actor=world.actor("operator"),
            first_person=actor_for(world.of("operator"), "usr_first_of_keys").identifier,
            is_emergency=True,
            **next_key(world).body,
        )
    return str(KeyAnnouncement.objects.latest("pk").public_id)


TABLE.of_row("GET evidence/records/{}/proof/", "operator", sealed, is_narrowed=True)
TABLE.of_row(
    "GET neutrality-bundles/{}/proof/",
    EVERYBODY,
    lambda _world: str(NeutralityBundle.objects.get().public_id),
)
TABLE.listed("evidence/checkpoints/", EVERYBODY, checkpoint)
TABLE.of_row("GET evidence/checkpoints/{}/consistency/", EVERYBODY, checkpoint)
TABLE.listed("evidence/key-announcements/", EVERYBODY, announcement)
TABLE.example("POST evidence/key-announcements/", "operator", takes_two=True)(next_key)
TABLE.example("POST evidence/key-announcements/emergency/", "operator", takes_two=True)(next_key)
TABLE.listed("evidence/witnesses/", EVERYBODY, witness)
TABLE.of_row("POST evidence/witnesses/{}/end/", "buyer", witness)
TABLE.example("POST evidence/witnesses/", "buyer")(
    lambda _world: Request(body={"verifier_key": Observer("more.example").verifier_key})
)
TABLE.example("POST evidence/cosignatures/", EVERYBODY)(cosignature)
TABLE.of_row(
    "POST cycles/{}/dry-run/",
    "operator",
    lambda world: str(world.clearing.cycle.public_id),
    stands_alone=True,
)


def test_each_caller_gets_what_the_table_of_permissions_says(committed_database):
    world = make_world()
    neutrality_bundle(world)
    for _ in range(2):
        seal_rest()
        evidence.checkpoint()
        parties_move_on(world)
    faults = {name: Trial(name, example, world).run() for name, example in TABLE.examples.items()}
    assert {name: found for name, found in faults.items() if found} == {}


def parties_move_on(world) -> None:
    """One more record for the next checkpoint."""
    with transaction.atomic():
        evidence.record(kind="test.happened", subject="x", actor=world.actor("operator"), payload={})


@pytest.fixture(autouse=True)
def _no_files(settings, tmp_path):
    settings.STORAGE_DIRECTORY = tmp_path
