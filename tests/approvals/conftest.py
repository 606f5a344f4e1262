"""An organisation with two people, and another one."""

from __future__ import annotations

import pytest

from marketplace.kernel.actors import Actor
from marketplace.participants.models import Organisation
from tests.participants.factories import member_for, operator, organisation
from tests.standing import made_once


@made_once
def owners() -> Organisation:
    """A participant in a market with an operator."""
    operator()
    return organisation("A")


@pytest.fixture
def first(owners: Organisation) -> Actor:
    """A person of it."""
    return member_for(owners, "usr_first")


@pytest.fixture
def second(owners: Organisation) -> Actor:
    """Another person of it."""
    return member_for(owners, "usr_second")


@pytest.fixture
def stranger(owners: Organisation) -> Actor:
    """A person of another participant."""
    return member_for(organisation("B"), "usr_stranger")
