"""Who may call what: every route of ``examples_cases`` is tried with every kind of caller."""

from __future__ import annotations

import pytest

from .examples_cases import TABLE
from .matrix import Trial

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", TABLE.examples)
def test_each_caller_gets_what_the_table_of_permissions_says(name, world):
    assert Trial(name, TABLE.examples[name], world).run() == []
