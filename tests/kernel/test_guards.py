"""Bodies of guards are read from SQL files, and every placeholder of a file is filled."""

from __future__ import annotations

from pathlib import Path

import pytest

from marketplace.kernel.guards import sql_body, sql_list


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "guard.sql"
    path.write_text(
        "IF NEW.kind IN ({KINDS}) AND NEW.n > {COUNT_MAX} AND NEW.d #>> '{a,b}' ~ '^[0-9]{13}$' THEN"
    )
    return path


def test_placeholders_are_filled_and_other_braces_stay(file: Path) -> None:
    assert (
        sql_body(file, KINDS=sql_list(["held", "claim"]), COUNT_MAX=5)
        == "IF NEW.kind IN ('held', 'claim') AND NEW.n > 5 AND NEW.d #>> '{a,b}' ~ '^[0-9]{13}$' THEN"
    )


def test_an_unfilled_placeholder_is_refused(file: Path) -> None:
    with pytest.raises(ValueError, match=r"guard\.sql: no parameter fills COUNT_MAX"):
        sql_body(file, KINDS="'held'")


def test_an_unknown_parameter_is_refused(file: Path) -> None:
    with pytest.raises(ValueError, match=r"guard\.sql: no placeholder is named SIDE"):
        sql_body(file, KINDS="'held'", COUNT_MAX=5, SIDE=1)
