"""No amount beyond the published ceilings is taken: by the API, a service or a column of the database."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from rest_framework.serializers import ValidationError

from clearing.models import Posting
from marketplace.api.serializers import AmountField
from marketplace.kernel.amounts import AMOUNT_MINOR_MAX, TOTAL_MINOR_MAX, require_amount
from marketplace.kernel.columns import MinorField
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import REGISTER
from tests.clearing.raw import run
from tests.roles import unguarded

COLUMNS = [
    (model, column)
    for model in apps.get_models()
    for column in model._meta.concrete_fields
    if column.column.endswith("_minor") and not isinstance(column, models.GeneratedField)
]


@pytest.mark.parametrize("wrong", [0, -1, AMOUNT_MINOR_MAX + 1, 2**63 - 1, True, 1.0, "1"])
def test_an_amount_beyond_the_ceiling_is_refused_naming_its_field(wrong):
    with pytest.raises(FieldInvalid) as refused:
        require_amount("amount_minor", wrong)
    assert refused.value.name == "amount_minor"


@pytest.mark.parametrize("wrong", ["１２３", "1２3", "١٢٣", 0, AMOUNT_MINOR_MAX + 1])
def test_the_api_takes_amounts_in_digits_that_people_read_alike(wrong):
    with pytest.raises(ValidationError):
        AmountField().run_validation(wrong)
    assert [AmountField().run_validation(given) for given in (123, "123")] == [123, 123]


def test_amounts_up_to_the_ceiling_pass():
    for amount in (1, AMOUNT_MINOR_MAX):
        require_amount("amount_minor", amount)


def test_every_column_of_minor_units_has_the_ceiling():
    assert len(COLUMNS) > 50
    assert [
        f"{model.__name__}.{column.name}" for model, column in COLUMNS if not isinstance(column, MinorField)
    ] == []


def test_no_column_takes_an_amount_beyond_the_ceiling(db):
    """Each check stands in the database, under the name by which an invariant names it, and says the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'"
        )
        checks = {(table, name): text for table, name, text in cursor.fetchall()}
    bounds = f"'-{TOTAL_MINOR_MAX}'::bigint", f"'{TOTAL_MINOR_MAX}'::bigint"
    for model, column in COLUMNS:
        table = model._meta.db_table
        found = [text for (of, _), text in checks.items() if of == table and f"({column.column} >=" in text]
        assert any(all(bound in text for bound in bounds) for text in found), f"{table}.{column.column}"


def test_the_database_refuses_what_the_ceiling_excludes(db):
    for amount in (TOTAL_MINOR_MAX + 1, -TOTAL_MINOR_MAX - 1):
        with pytest.raises(IntegrityError, match="amount_minor_check"), transaction.atomic():
            run(
                "INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line)"
                " VALUES (1, 1, 1, %s, 'JPY', 'payment')",
                amount,
            )


def test_an_amount_beyond_the_ceiling_is_found_where_the_check_was_dropped(db):
    with unguarded("clearing_posting"):
        run("ALTER TABLE clearing_posting DROP CONSTRAINT clearing_posting_amount_minor_check")
        run(
            "INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line)"
            " VALUES (1, 1, 1, %s, 'JPY', 'payment')",
            2**63 - 1,
        )
    assert REGISTER["clearing.amounts_within_ceiling"].check() == [
        {"column": "clearing_posting.amount_minor", "rows": 1, "first": Posting.objects.get().pk}
    ]
    assert REGISTER["contracts.amounts_within_ceiling"].check() == []
