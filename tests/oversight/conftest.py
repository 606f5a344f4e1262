"""An operator with two people, and two participants with a person each."""

from __future__ import annotations

import pytest

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.participants.models import Organisation
from tests.participants.factories import actor_for, member_for, operator, organisation
from tests.standing import made_once

from .factories import FRIDAY


@made_once
def staffed() -> Organisation:
    """The operator."""
    return operator()


@made_once
def subject(staffed: Organisation) -> Organisation:
    """A participant."""
    return organisation("A")


@made_once
def other(staffed: Organisation) -> Organisation:
    """Another participant."""
    return organisation("B")


@pytest.fixture
def friday(staffed: Organisation, subject: Organisation, other: Organisation) -> None:
    """It is Friday, 2026-04-10, 10:00 in Tokyo."""
    clock.move_to(FRIDAY)


@pytest.fixture
def first(staffed: Organisation) -> Actor:
    """A person of the operator, with every role."""
    return actor_for(staffed, "usr_first")


@pytest.fixture
def second(staffed: Organisation) -> Actor:
    """Another person of the operator."""
    return actor_for(staffed, "usr_second")


@pytest.fixture
def owner(subject: Organisation) -> Actor:
    """A person of the participant, with every role."""
    return member_for(subject, "usr_owner")


@pytest.fixture
def stranger(other: Organisation) -> Actor:
    """A person of the other participant."""
    return member_for(other, "usr_stranger")
