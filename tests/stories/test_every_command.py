"""Every command of the API, as the application's role on a day that has happened: done or refused, never broken.

Each is tried by the operator and by participants on things of each state that the day left, and taken back.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from clearing.models import Obligation
from clearing.trades.obligation_reference import obligation_reference
from marketplace.api.openapi import openapi_document
from marketplace.kernel.identifiers import IdentifierField
from marketplace.participants.models import Organisation
from tests.participants.factories import client_of

READING = {"get", "head", "options"}
THINGS_OF_A_STATE = 1
NOT_THEIRS = {403, 404}
REFUSED_TO_ALL = "permission_needed"
"""The table of permissions refuses a command of the operator to every participant alike, whatever the row is
(``tests/conformance/test_matrix_*.py``), so one of them tries it."""
FILES = {
    "listings/{}/versions/": {
        "offer": json.dumps(
            {"price_minor": 1, "rights": {"contract_type": "licence"}, "template": "data-provision"}
        ),
    },
    "bank-statements/": {},
    "negotiation-attachments/": {"negotiation": "ngt_none"},
    "dispute-files/": {"dispute": "dsp_none"},
    "owner-recoveries/": {"organisation": "org_none", "email": "x@example.jp", "name": "x", "statement": "x"},
    "registrations/{}/documents/": {"kind": "identity"},
}
CHANGE_NOTHING = {"cycles/{}/dry-run/"}
"""Commands that only read, in a transaction of their own that may not be inside another."""
DONE_MIN = 30
"""Fewer commands that somebody could carry out would mean that the walk tries hardly anything."""


@dataclass(frozen=True)
class Command:
    """One route with a method that writes: its path with ``{}`` where it names something, and what it names."""

    method: str
    path: str
    model: type[Model] | None
    lookup_field: str

    def __str__(self) -> str:
        """As pytest prints it."""
        return f"{self.method} {self.path}"

    def things(self) -> list[str]:
        """What the path can name: the first and the last thing of each state."""
        if self.model is None:
            return [""]
        rows = self.model._default_manager.order_by("pk")
        named = {field.name for field in self.model._meta.get_fields()}
        states = sorted(set(rows.values_list("state", flat=True))) if "state" in named else [None]
        keys: list[Any] = []
        for state in states:
            of_state = rows if state is None else rows.filter(state=state)
            keys += of_state.values_list(self.lookup_field, flat=True)[:THINGS_OF_A_STATE]
            keys += of_state.reverse().values_list(self.lookup_field, flat=True)[:THINGS_OF_A_STATE]
        if self.model is Obligation:
            trades = dict(Obligation.objects.filter(pk__in=keys).values_list("pk", "trade__public_id"))
            return [obligation_reference(trades[key], key) for key in dict.fromkeys(keys)]
        return [str(key) for key in dict.fromkeys(keys)]


def commands() -> list[Command]:
    """Every route of the API that writes."""
    found = set()

    def walk(patterns: list[Any], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern) and path.startswith("api/v1/") and "format" not in path:
                view = getattr(pattern.callback, "cls", None)
                template = re.sub(r"\(\?P<[^>]*>[^)]*\)|<[^>]*>", "{}", path)
                template = re.sub(r"[\^$]|\\Z", "", template).removeprefix("api/v1/")
                methods = getattr(pattern.callback, "actions", None) or getattr(view, "http_method_names", [])
                model = view.queryset.model if "{}" in template else None
                for method in set(methods) - READING:
                    if getattr(pattern.callback, "actions", None) or hasattr(view, method):
                        found.add(Command(method, template, model, getattr(view, "lookup_field", "pk")))

    walk(get_resolver().url_patterns, "")
    return sorted(found, key=str)


COMMANDS = commands()


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """What happens inside is taken back at the end, and counts as one test's: it may still begin outside work."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


def known_identifiers() -> dict[str, str]:
    """The newest identifier of each prefix that the day left."""
    found = {}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, IdentifierField):
                newest = model._default_manager.order_by("-pk").values_list(field.name, flat=True).first()
                if newest is not None:
                    found[field.prefix] = str(newest)
    return found


def examples() -> dict[str, list[dict[str, Any]]]:
    """The example bodies of each command in the OpenAPI document, by path without its parameters' names."""
    bodies: dict[str, list[dict[str, Any]]] = {}
    for path, operations in json.loads(openapi_document())["paths"].items():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            key = re.sub(r"{[^}]*}", "{}", path).removeprefix("/api/v1/")
            bodies.setdefault(key, []).extend(e["value"] for e in content.get("examples", {}).values())
    return bodies


def with_known(value: Any, known: dict[str, str]) -> Any:
    """``value`` with every identifier in it replaced by one that exists."""
    if isinstance(value, dict):
        return {key: with_known(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [with_known(each, known) for each in value]
    if isinstance(value, str) and (match := re.fullmatch(r"([a-z]{2,4})_[0-9A-Za-z]+", value)):
        return known.get(match.group(1), value)
    return value


def bodies_of(command: Command, documented: dict[str, Any], known: dict[str, str]) -> list[tuple[Any, str]]:
    """Bodies to try with their formats: the documented ones about what exists, and none."""
    if command.path in FILES:
        file = SimpleUploadedFile("data.csv", b"a,b\n1,2\n", "text/csv")
        return [({"files": file, "file": file, **FILES[command.path]}, "multipart"), ({}, "multipart")]
    return [(with_known(body, known), "json") for body in documented.get(command.path, [])] + [({}, "json")]


def attempt(client: APIClient, command: Command, url: str, body: Any, form: str) -> tuple[int, str]:
    """The status of the answer, and the code of a refusal or, where the command broke, the reason; nothing of it stays."""
    with contextlib.nullcontext() if command.path in CHANGE_NOTHING else undone():
        answer = getattr(client, command.method)(url, body, format=form)
        if answer.status_code < 400 and connection.in_atomic_block:
            connection.check_constraints()
        broken = getattr(answer, "exc_info", None)
    if broken:
        return answer.status_code, repr(broken[1])
    return answer.status_code, answer.json()["code"] if answer.status_code == 403 else ""


def test_every_command_is_done_or_refused(
    report,
    aside,
    halt,
    restoration,
    restraint,
    guarantee,
    webhook,
    registration,
    program,
    people,
    books,
    bad_fee,
    commissions,
    tmp_path,
    settings,
):
    settings.STORAGE_DIRECTORY = tmp_path
    documented, broken, done, tried = examples(), [], set(), 0
    operator = client_of(Organisation.objects.get(is_operator=True))
    others = [client_of(one) for one in Organisation.objects.filter(is_operator=False).order_by("pk")]
    for client in (operator, *others):
        client.raise_request_exception = False
    known = known_identifiers()
    assert [str(command) for command in COMMANDS if command.things() == []] == [], "nothing would be tried"
    for command in COMMANDS:
        for thing in command.things():
            url = f"/api/v1/{command.path.replace('{}', thing, 1)}"
            for body, form in bodies_of(command, documented, known):
                for client in (operator, *others):
                    status, why = attempt(client, command, url, body, form)
                    tried += 1
                    if status >= 500:
                        broken.append((str(command), url, body, status, why))
                    elif status < 400:
                        done.add(str(command))
                    if client is not operator and (status not in NOT_THEIRS or why == REFUSED_TO_ALL):
                        break
    assert broken == []
    assert tried > len(COMMANDS)
    assert len(done) >= DONE_MIN, sorted(set(map(str, COMMANDS)) - done)


def test_the_walk_is_of_the_application(report):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.APPLICATION_ROLE,)
