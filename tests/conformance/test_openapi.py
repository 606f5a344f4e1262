"""The OpenAPI document is complete and true: it generates without a warning, and its examples fit its schemas."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command

from marketplace.api.openapi import openapi_document

# Commands whose body is a form with files, which has no JSON example.
WITH_FILES = {
    "/api/v1/bank-statements/",
    "/api/v1/dispute-files/",
    "/api/v1/listings/{id}/versions/",
    "/api/v1/negotiation-attachments/",
    "/api/v1/owner-recoveries/",
    "/api/v1/registrations/{id}/documents/",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document, which is made once in a process."""
    made: dict[str, Any] = json.loads(openapi_document())
    return made


def commands_of(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The operations of the document that are commands, with their paths."""
    paths = document["paths"].items()
    return [(path, operations["post"]) for path, operations in paths if "post" in operations]


def bodies(operation: dict[str, Any]) -> dict[str, Any]:
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {})


def test_the_document_generates_without_a_warning(tmp_path):
    target = tmp_path / "openapi.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(target))
    assert target.read_text().startswith("openapi: 3.1.0")


def test_there_is_a_command_for_every_step(document):
    assert len(commands_of(document)) > 40


def test_a_command_describes_itself_and_its_refusals(document):
    faults = {path: fault for path, operation in commands_of(document) if (fault := lacking(operation))}
    assert faults == {}


def lacking(operation: dict[str, Any]) -> list[str]:
    """What a command does not say of itself: its summary, and its refusals as problems."""
    answers = operation["responses"]
    found = [] if operation["summary"] else ["summary"]
    found += sorted({"401", "403", "404", "409", "422"} - set(answers))
    problems = {status: answers.get(status, {}).get("content", {}) for status in ("401", "422")}
    return found + [
        f"{status} as a problem"
        for status, content in problems.items()
        if "application/problem+json" not in content
    ]


def test_a_command_with_a_body_has_an_example_that_fits(document):
    faults = {
        path: fault
        for path, operation in commands_of(document)
        if (fault := unfit(path, operation, document))
    }
    assert faults == {}


def unfit(path: str, operation: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """What is wrong with the examples of a command."""
    body = bodies(operation)
    examples = body.get("examples") or {}
    if path in WITH_FILES or not operation.get("requestBody"):
        return ["an example without a body"] if examples else []
    if not examples:
        return ["a body without an example"]
    validator = jsonschema.Draft202012Validator({**body["schema"], "components": document["components"]})
    return [
        error.message for example in examples.values() for error in validator.iter_errors(example["value"])
    ]
