"""A row of an append-only table that did not come from its cause is refused, or the checker names it.

Each attack is by raw SQL as the application's role, outside any service, on the day that the market has traded. Every
append-only table is in ``FORGERIES``: either the database refuses a forged row, or it cannot know, and an invariant names it.
"""

from __future__ import annotations

import re

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.kernel.guards import APPEND_ONLY
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.tables import tables_guarded_by

from .forging import Forgery, forge

RECORDED = "evidence.rows_recorded"

FORGERIES: dict[str, Forgery] = {}


def test_every_append_only_table_is_attacked():
    assert sorted(FORGERIES) == tables_guarded_by(APPEND_ONLY)
    for table, forgery in FORGERIES.items():
        assert bool(forgery.refused) != bool(forgery.named), table


@pytest.mark.parametrize("table", sorted(FORGERIES))
def test_a_forged_row_is_refused_or_named(report, table):
    forgery = FORGERIES[table]
    with transaction.atomic():
        if forgery.refused:
            with pytest.raises(DatabaseError) as refusal, transaction.atomic():
                forge(table, forgery.changes)
            assert re.search(forgery.refused, str(refusal.value)), refusal.value
        else:
            assert REGISTER[forgery.named].check() == []
            forge(table, forgery.changes)
            assert REGISTER[forgery.named].check() != []
        transaction.set_rollback(True)


def test_the_attacks_are_of_the_application(report, settings):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.APPLICATION_ROLE,)
