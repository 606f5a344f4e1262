"""Schemas beside templates, and the dotted names of what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from marketplace.documents.errors import DataMissing, DataUnfit
from marketplace.documents.shapes import check_shape, dating_key


@pytest.fixture
def schema_path(tmp_path: Path) -> Path:
    """A schema of lines of moments."""
    line = {"required": ["at"], "properties": {"at": {"$ref": "sanpo:shapes#/$defs/moment"}}}
    schema = {"dated_by": "at", "type": "object", "properties": {"lines": {"type": "array", "items": line}}}
    path = tmp_path / "document.schema.json"
    path.write_text(json.dumps(schema))
    return path


def test_dating_key_is_what_the_schema_says(schema_path: Path) -> None:
    assert dating_key(schema_path) == "at"


def test_check_shape_accepts_moments_and_leaves_other_keys_alone(schema_path: Path) -> None:
    data = {"lines": [{"at": "2026-01-05T10:00:00+09:00"}, {"at": "2026-01-05T01:00:00Z"}], "other": 1}
    check_shape(template="a/b", schema_path=schema_path, data=data)


def test_check_shape_names_a_missing_key_with_its_row(schema_path: Path) -> None:
    data = {"lines": [{"at": "2026-01-05T01:00:00Z"}, {}]}
    with pytest.raises(DataMissing) as refusal:
        check_shape(template="a/b", schema_path=schema_path, data=data)
    assert refusal.value.fields == {"template": "a/b", "key": "lines.1.at"}


@pytest.mark.parametrize("moment", ["2026-01-05T10:00:00", "2026-01-05", "yesterday", 5])
def test_check_shape_refuses_moments_without_an_offset(schema_path: Path, moment: object) -> None:
    with pytest.raises(DataUnfit) as refusal:
        check_shape(template="a/b", schema_path=schema_path, data={"lines": [{"at": moment}]})
    assert refusal.value.fields["key"] == "lines.0.at"


def test_check_shape_refuses_data_that_is_no_object(schema_path: Path) -> None:
    with pytest.raises(DataUnfit) as refusal:
        check_shape(template="a/b", schema_path=schema_path, data=[])  # type: ignore[arg-type]
    assert refusal.value.fields["key"] == "data"
