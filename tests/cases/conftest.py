"""An operator with three people who decide, and two participants."""

from __future__ import annotations

import pytest

from marketplace.kernel.actors import Actor
from marketplace.participants.models import Organisation
from tests.participants.factories import actor_for, member_for, operator, organisation
from tests.standing import made_once


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
def first(staffed: Organisation) -> Actor:
    """A person of the operator, with every role."""
    return actor_for(staffed, "usr_case_first")


@pytest.fixture
def second(staffed: Organisation) -> Actor:
    """Another person of the operator."""
    return actor_for(staffed, "usr_case_second")


@pytest.fixture
def judges(staffed: Organisation) -> tuple[Actor, Actor]:
    """Two more people of the operator, who decided nothing yet."""
    return actor_for(staffed, "usr_judge_first"), actor_for(staffed, "usr_judge_second")


@pytest.fixture
def owner(subject: Organisation) -> Actor:
    """A person of the participant, with every role."""
    return member_for(subject, "usr_owner")


@pytest.fixture
def stranger(other: Organisation) -> Actor:
    """A person of another participant."""
    return member_for(other, "usr_stranger")
