"""The table of requests that succeed: for each route one, about a row that stands ready for it, and whose route it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marketplace.api.checks import Route, api_routes

from .world import World

EVERYBODY = "everybody"
APPLICANT = "applicant"
"""Sides of routes that are nobody's in particular, and of those that are called by the key of an application."""


@dataclass(frozen=True)
class Request:
    """What is sent: ``ids`` fill the path in order, ``key`` is that of an application, if the route is called by one."""

    ids: tuple[str, ...] = ()
    body: Any = None
    form: str = "json"
    query: str = ""
    key: str = ""


Arrange = Callable[[World], Request]


@dataclass(frozen=True)
class Example:
    """A request that succeeds for whoever of ``side`` may call the route.

    ``arrange`` makes the row that it is about. ``is_shared``: others in the market may see the same. ``may_be_empty``: a
    list that has no row here. ``takes_two``: another person gives the same command first.
    ``stands_alone``: it changes nothing, and reads in a transaction of its own, which no other may be around.
    ``is_costly``: its answer takes long to make.
    """

    side: str
    arrange: Arrange
    is_shared: bool = False
    may_be_empty: bool = False
    takes_two: bool = False
    stands_alone: bool = False
    is_costly: bool = False


def name_of(route: Route) -> str:
    """A route as the table names it: ``POST negotiations/{}/offer/``."""
    path = re.sub(r"\(\?P<[^>]*>[^)]*\)|<[^>]*>", "{}", route.path)
    path = re.sub(r"[\^$]|\\Z", "", path).removeprefix("api/v1/")
    return f"{route.method} {path}"


def routes() -> dict[str, Route]:
    """Every route of the API by its name in the table; of two for the same path, the one that answers: the first."""
    found: dict[str, Route] = {}
    for route in api_routes():
        if "format" not in route.path:
            found.setdefault(name_of(route), route)
    return found


ROUTES = routes()


class Table:
    """Examples by the names of their routes."""

    def __init__(self) -> None:
        """Begin without any."""
        self.examples: dict[str, Example] = {}

    def example(self, name: str, side: str, **kinds: bool) -> Callable[[Arrange], Arrange]:
        """Give the function that arranges the request of a route its place in the table."""

        def enter(arrange: Arrange) -> Arrange:
            assert name in ROUTES, f"{name} is no route"
            assert name not in self.examples, f"{name} has an example"
            self.examples[name] = Example(side, arrange, **kinds)
            return arrange

        return enter

    def read(self, path: str, side: str, query: str = "", **kinds: bool) -> None:
        """The example of a route that is read, and names nothing."""
        self.example(f"GET {path}", side, **kinds)(lambda _world: Request(query=query))

    def sent(self, path: str, side: str, body: Any, **kinds: bool) -> None:
        """The example of a command that names nothing; ``body`` may be a function of the market."""
        self.example(f"POST {path}", side, **kinds)(
            lambda world: Request(body=body(world) if callable(body) else body)
        )

    def of_row(
        self, name: str, side: str, row: Callable[[World], str], body: Any = None, **kinds: bool
    ) -> None:
        """The example of a route about one row, with a body that is the same each time."""
        self.example(name, side, **kinds)(lambda world: Request((row(world),), body))

    def listed(self, path: str, side: str, row: Callable[[World], str], **kinds: bool) -> None:
        """The examples of a list, and of one row of it."""
        self.of_row(f"GET {path}{{}}/", side, row, **kinds)
        self.only_listed(path, side, row, **kinds)

    def only_listed(self, path: str, side: str, row: Callable[[World], str], **kinds: bool) -> None:
        """The example of a list whose rows are not read one by one."""

        def arrange(world: World) -> Request:
            row(world)
            return Request()

        self.example(f"GET {path}", side, **kinds)(arrange)
