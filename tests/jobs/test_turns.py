"""Whose turn it is on a queue: in order, by how many run, and by looks into an index only."""

from __future__ import annotations

import pytest
from django.db import connection

from marketplace.jobs import services, turns
from marketplace.jobs.models import Job
from tests.roles import as_owner

from .probe import kinds

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_had_a_turn(monkeypatch):
    monkeypatch.setattr(turns, "_last", {})


def put(organisation: str, count: int = 1) -> None:
    services.enqueue_all(
        kind=kinds.PLAIN,
        subjects=[f"{organisation}_{number}" for number in range(count)],
        organisation=organisation,
    )


def turn() -> str | None:
    return turns.next_turn("default").organisation


def test_turns_go_round_and_no_organisation_is_one_of_them():
    for organisation in ("org_b", "", "org_a"):
        put(organisation, 2)
    assert [turn() for _ in range(6)] == ["org_a", "org_b", "", "org_a", "org_b", ""]


def test_where_none_or_one_alone_waits_it_is_nobody_s_turn():
    assert turns.next_turn("default") == (False, None)
    put("org_a", 2)
    assert (turns.next_turn("default"), turns.next_turn("mail")) == ((True, None), (False, None))
    put("org_b")
    assert turn() == "org_b"


def test_jobs_that_are_not_due_take_no_turn(monkeypatch):
    for number in range(5):
        put(f"org_{number}")
    Job.objects.exclude(organisation="org_4").update(due_at="2100-01-01T00:00:00Z")
    assert [turn(), turn()] == ["org_4", "org_4"]
    monkeypatch.setattr(turns, "ORGANISATIONS_READ_MAX", 2)
    monkeypatch.setattr(turns, "_last", {})
    assert [turn() for _ in range(3)] == [None, None, "org_4"]


def test_more_organisations_than_are_read_at_once_all_have_a_turn(monkeypatch):
    monkeypatch.setattr(turns, "ORGANISATIONS_READ_MAX", 3)
    names = [f"org_{number}" for number in range(7)]
    for name in names:
        put(name)
    assert [turn() for _ in range(9)] == [*names, "org_0", "org_1"]


def test_many_jobs_are_neither_read_nor_sorted():
    for organisation in ("org_a", "org_b", "org_c"):
        put(organisation, 2_000)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE jobs_job")
    values = {"queue": "default", "after": "org_a", "most": turns.ORGANISATIONS_READ_MAX}
    oldest = services.due_jobs("default").order_by("due_at", "id")
    statements = [(turns.WAITING, values)]
    statements += [
        query[:5].query.sql_with_params() for query in (oldest, oldest.filter(organisation="org_b"))
    ]
    for statement, parameters in statements:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            plan = cursor.fetchone()[0][0]["Plan"]
        read = [node for node in nodes(plan) if node.get("Relation Name") == "jobs_job"]
        assert read
        assert sum(node["Actual Rows"] * node["Actual Loops"] for node in read) <= 20, plan
        assert not any("Sort" in node["Node Type"] for node in nodes(plan)), plan


def nodes(plan: dict) -> list[dict]:
    """A plan's nodes."""
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]
