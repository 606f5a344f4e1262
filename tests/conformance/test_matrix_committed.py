"""Who may call what, of the routes that show what only a commit makes: the evidence log, and the dry run of a cycle."""

from __future__ import annotations

import pytest
from django.db import transaction

from marketplace.evidence import services as evidence
from marketplace.evidence.models import Checkpoint, EvidenceRecord
from tests.evidence.factories import seal

from .matrix import Trial
from .requests import EVERYBODY, Table
from .world import make_world

TABLE = Table()


def checkpoint(_world) -> str:
    return str(Checkpoint.objects.latest("pk").public_id)


def sealed(_world) -> str:
    return str(EvidenceRecord.objects.earliest("pk").public_id)


TABLE.of_row("GET evidence/records/{}/proof/", "operator", sealed)
TABLE.listed("evidence/checkpoints/", EVERYBODY, checkpoint)
TABLE.of_row("GET evidence/checkpoints/{}/consistency/", EVERYBODY, checkpoint)
TABLE.of_row(
    "POST cycles/{}/dry-run/",
    "operator",
    lambda world: str(world.clearing.cycle.public_id),
    stands_alone=True,
)


def test_each_caller_gets_what_the_table_of_permissions_says(committed_database):
    world = make_world()
    for _ in range(2):
        seal(1)
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
