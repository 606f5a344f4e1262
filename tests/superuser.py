"""The superuser of the tests' embedded server, for what only the administrator of a server does."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from marketplace.runtime.facts import read_facts, read_secrets
from marketplace.runtime.layout import VAR
from marketplace.runtime.postgres import OWNER_ROLE, SUPERUSER

FOLDER = VAR / "test"


def superuser_connection() -> psycopg.Connection:
    """An autocommit connection of the superuser to this test's database; skips on a server of the developer's own."""
    facts = connection.settings_dict
    if read_facts(FOLDER) is None or facts["USER"] != OWNER_ROLE:
        pytest.skip("needs the superuser of the embedded server; DATABASE_URL names another")
    return psycopg.connect(
        host=facts["HOST"],
        port=facts["PORT"],
        user=SUPERUSER,
        password=read_secrets(FOLDER)["superuser"],
        dbname=facts["NAME"],
        autocommit=True,
    )
