"""The database refuses to have the log changed."""

import pytest
from django.db import IntegrityError, connection, transaction

from marketplace.evidence import services
from marketplace.evidence.models import ChainLink
from marketplace.kernel.actors import SYSTEM

TABLES = ["evidence_evidencerecord", "evidence_chainlink", "evidence_checkpoint"]


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_log_is_append_only(table, statement):
    services.record(kind="test.happened", subject="a", actor=SYSTEM, payload={})
    services.seal()
    services.checkpoint()
    column = {"evidence_evidencerecord": "kind", "evidence_chainlink": "hash", "evidence_checkpoint": "root"}[
        table
    ]
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement.format(table, column, "'x'"))
    assert services.verify_log().verified


@pytest.mark.django_db
def test_positions_begin_at_one():
    services.record(kind="test.happened", subject="a", actor=SYSTEM, payload={})
    with (
        pytest.raises(IntegrityError, match="chain_from_one"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO evidence_chainlink (position, record_id, hash) SELECT 0, id, 'x' FROM evidence_evidencerecord"
        )
    assert ChainLink.objects.count() == 0


def test_evidence_needs_a_transaction(committed_database):
    with pytest.raises(services.RecordedOutsideTransaction):
        services.record(kind="test.happened", subject="a", actor=SYSTEM, payload={})
