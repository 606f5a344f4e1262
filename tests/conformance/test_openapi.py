"""The OpenAPI document is complete and true: it generates without a warning, and its examples fit its schemas."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
COMMANDS = [
    (path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method == "post"
]
# Commands whose body is a form with files, which has no JSON example.
WITH_FILES = {
    "/api/v1/bank-statements/",
    "/api/v1/listings/{id}/versions/",
    "/api/v1/owner-recoveries/",
    "/api/v1/registrations/{id}/documents/",
}


def bodies(operation: dict[str, Any]) -> dict[str, Any]:
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {})


def test_the_document_generates_without_a_warning(tmp_path):
    target = tmp_path / "openapi.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(target))
    assert target.read_text().startswith("openapi: 3.1.0")


def test_there_is_a_command_for_every_step():
    assert len(COMMANDS) > 40


@pytest.mark.parametrize(("path", "operation"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_a_command_describes_itself_and_its_refusals(path, operation):
    assert operation["summary"]
    assert {"401", "403", "404", "409", "422"} <= set(operation["responses"])
    for status in ("401", "422"):
        assert "application/problem+json" in operation["responses"][status]["content"]


@pytest.mark.parametrize(("path", "operation"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_a_command_with_a_body_has_an_example_that_fits(path, operation):
    body = bodies(operation)
    if path in WITH_FILES or not operation.get("requestBody"):
        assert not body.get("examples")
        return
    assert body.get("examples"), "a body without an example"
    for example in body["examples"].values():
        schema = {**body["schema"], "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(schema).validate(example["value"])
