"""Strangers who send what they like meet no fault of the market, and no answer that the OpenAPI document does not state."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from marketplace.api.openapi import openapi_document
from marketplace.kernel.permissions import SCOPES
from tests.participants import factories
from tests.rules import factories as rules

CASES = 2
"""Requests of each kind to an operation: as the document says, and against it."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PARTS = 12
"""So many tests share the operations: each holds a transaction, which holds back what others seal, for seconds."""
NOT_TRIED = {"POST /api/v1/cycles/{id}/dry-run/"}
"""It reads one snapshot in a transaction of its own, which a test that is one transaction cannot give."""
AS_ALWAYS = settings(
    max_examples=CASES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def operations() -> list[Any]:
    """Every operation of the document."""
    schema = schemathesis.openapi.from_dict(json.loads(openapi_document()))
    found = [each.ok() for each in schema.get_all_operations()]
    assert {operation.label for operation in found} > NOT_TRIED
    return [operation for operation in found if operation.label not in NOT_TRIED]


@pytest.fixture
def market() -> Iterator[WSGIHandler]:
    """The market, which keeps the test's connection and its transaction, as Django's client of tests does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def headers_of() -> dict[str, dict[str, str]]:
    """The credentials of each kind of caller."""
    rules.publish()
    participant, operator = factories.admitted(), factories.operator()
    return {
        "anonymous": {},
        "program": authorization(factories.program_of(participant, SCOPES)),
        "person": authorization(factories.client_of(participant)),
        "operator": authorization(factories.client_of(operator)),
    }


def authorization(client: Any) -> dict[str, str]:
    return {"Authorization": client._credentials["HTTP_AUTHORIZATION"]}


@pytest.mark.parametrize("part", range(PARTS))
def test_no_caller_finds_a_fault_or_anything_undocumented(market, operations, headers_of, part):
    """Each request is made once and sent as every caller, who finds the market as the others do."""
    failures, tried, mine = {}, set(), operations[part::PARTS]

    def try_case(case: Any) -> None:
        for caller, headers in headers_of.items():
            tried.add((caller, case.operation.label))
            # What works outside transactions refuses to stand in one of ours, and not in the test's.
            before = transaction.savepoint()
            answer = case.call(app=market, base_url="http://testserver", headers=headers)
            transaction.savepoint_rollback(before)
            try:
                case.validate_response(answer, checks=CHECKS)
            except FailureGroup as group:
                failures.setdefault((caller, case.operation.label), str(group.exceptions[0]))

    for operation in mine:
        for mode in GenerationMode:
            with contextlib.suppress(Unsatisfiable):
                # An operation that takes nothing but its path cannot be called against its description.
                AS_ALWAYS(given(case=operation.as_strategy(mode))(try_case))()
    assert not failures, "\n\n".join(f"{who}, {label}: {text}" for (who, label), text in failures.items())
    assert tried == {(caller, operation.label) for caller in headers_of for operation in mine}
