"""Every read of participants' affairs: missing to staff whose daily work it is not, and there under an access of the person."""

from __future__ import annotations

import pytest

from marketplace.access.affairs import Affairs, affairs_of
from marketplace.access.checks import is_shared
from marketplace.kernel.permissions import Permission, permissions_of
from tests.access.factories import STATED

from . import examples_books
from .callers import Caller, person
from .matrix import Answer, send
from .requests import ROUTES, Request
from .test_matrix import TABLES
from .world import World

pytestmark = pytest.mark.django_db

OPENING_ROLES = ("support", "clearing", "disputes", "admission")
EXAMPLES = {name: example for table in TABLES for name, example in table.examples.items()}


def affairs_named(name: str) -> Affairs | None:
    """The affairs that a route shows, if it is a read with an example and its rows name organisations."""
    route, example = ROUTES[name], EXAMPLES.get(name)
    found = affairs_of(route.name)
    if route.changes or example is None or not isinstance(found, Affairs) or not is_shared(route):
        return None
    return found if found.keys or found.names or found.lists else None


GATED = sorted(name for name in ROUTES if affairs_named(name) and EXAMPLES[name].side in ("buyer", "seller"))


def staff(world: World, affairs: Affairs) -> Caller:
    """Somebody who may open accesses, and whose daily work these affairs are not."""
    for role in OPENING_ROLES:
        held = permissions_of({role}, proved=True, is_operator=True)
        if Permission.ACCESS_OPEN in held and held.isdisjoint(affairs.daily):
            return person("operator", world.of("operator"), f"gate {role}", frozenset({role}))
    raise AssertionError("whoever may open an access reads it daily")


def opened(world: World, caller: Caller, side: str, kind: str) -> None:
    """The caller opens what is the side's."""
    body = {**STATED, "kind": kind, "organisation": world.of(side).public_id}
    answer = send("POST staff-accesses/", Request(body=body), caller)
    assert answer.status == 201, answer.text


def shown(answer: Answer) -> set[str]:
    """The identifiers of the rows that an answer shows."""
    return set(answer.ids) if answer.status == 200 else set()


def test_most_reads_of_participants_affairs_are_tried():
    assert len(GATED) > 30


@pytest.mark.parametrize("name", GATED)
def test_staff_reads_it_under_an_access_alone(name, request):
    world = request.getfixturevalue("books" if name in examples_books.TABLE.examples else "world")
    example, affairs = EXAMPLES[name], affairs_named(name)
    assert affairs is not None
    asked = example.arrange(world)
    own = send(name, asked, world.everything(example.side))
    caller = staff(world, affairs)
    without = send(name, asked, caller)
    if "{" in name:
        assert (without.status, without.code) == (404, "not_found"), without.text
    else:
        assert (without.status, shown(without) & shown(own)) == (200, set())
    for kind in {"metadata", "trades"} - {affairs.kind.value}:
        opened(world, caller, example.side, kind)
    assert shown(send(name, asked, caller)) & shown(own) == set()
    opened(world, caller, example.side, affairs.kind.value)
    under = send(name, asked, caller)
    assert under.status not in (404, 500), under.text
    assert shown(own) <= shown(under) or under.status != 200
