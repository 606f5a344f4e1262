"""Outside work is refused inside a transaction."""

from __future__ import annotations

import pytest
from django.db import transaction

from marketplace.kernel.outside import OutsideWorkInTransaction, require_no_transaction


def test_outside_work_in_a_transaction_is_refused_and_named(db):
    with pytest.raises(OutsideWorkInTransaction, match="reading a file"), transaction.atomic():
        require_no_transaction("reading a file")


def test_the_transaction_of_a_test_does_not_count(db):
    require_no_transaction("reading a file")


def test_outside_a_transaction_all_is_permitted(committed_database):
    require_no_transaction("reading a file")
