"""The data schema of each template: a JSON Schema next to it, checked before rendering.

Shared definitions are in ``shapes.json``; a schema refers to them as ``sanpo:shapes#/$defs/<name>``. Keys that a
schema does not name are passed on.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.exceptions import best_match
from referencing import Registry, Resource

from .errors import DataMissing, DataUnfit

SHARED_SHAPES = Path(__file__).parent / "shapes.json"

_formats = FormatChecker(formats=["date"])


@_formats.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def check_shape(*, template: str, schema_path: Path, data: dict[str, Any]) -> None:
    """Check ``data`` against the schema; raises DataMissing or DataUnfit, which name the dotted key."""
    fault = best_match(_validator(schema_path).iter_errors(data))
    if fault is None:
        return
    if fault.validator == "required":
        required: Any = fault.validator_value
        present: Any = fault.instance
        absent = next(key for key in required if key not in present)
        raise DataMissing(template=template, key=_dotted_key(fault, absent))
    raise DataUnfit(template=template, key=_dotted_key(fault) or "data", reason=fault.message)


def dating_key(schema_path: Path) -> str:
    """The required top-level key with the date or time of the document (``dated_by`` in the schema)."""
    return str(_schema(schema_path)["dated_by"])


@cache
def _schema(schema_path: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(schema_path.read_text("utf-8"))
    return schema


@cache
def _validator(schema_path: Path) -> Draft202012Validator:
    shared = Resource.from_contents(json.loads(SHARED_SHAPES.read_text("utf-8")))
    registry: Registry[Any] = Registry().with_resource("sanpo:shapes", shared)
    return Draft202012Validator(_schema(schema_path), registry=registry, format_checker=_formats)


def _dotted_key(fault: ValidationError, *more: str) -> str:
    return ".".join([*map(str, fault.absolute_path), *more])
