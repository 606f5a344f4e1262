"""The database holds drafts to what was previewed and published."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from marketplace.kernel.invariants import verify_all
from marketplace.rules.drafts.models import RulebookDraft
from tests.roles import assert_refused, unguarded

from .drafting import previewed, published, saved
from .factories import document, publish, rule

pytestmark = pytest.mark.django_db

BASE = document(rule("A-1", "trade.price_minor > 100", "deny", point="trading"))
OTHER = document(rule("A-1", "trade.price_minor > 200", "deny", point="trading"))


@pytest.fixture(autouse=True)
def first_version():
    """A rulebook in force."""
    return publish(BASE)


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ("document = '{}'", "is over"),
        ("state = 'open', rulebook_id = NULL, ended_by = NULL, ended_at = NULL", "is over"),
        ("report = '{}'", "is over"),
    ],
)
def test_a_draft_that_is_over_never_changes(change, because):
    draft = published(previewed(OTHER))
    assert_refused(lambda: execute(f"UPDATE rules_rulebookdraft SET {change}"), because=because)
    draft.refresh_from_db()
    assert (draft.state, draft.document) == ("published", OTHER)
    assert_refused(lambda: execute("DELETE FROM rules_rulebookdraft"), because="are kept")


def test_another_text_than_was_published_is_refused(first_version):
    draft = previewed(OTHER)
    end = (
        "UPDATE rules_rulebookdraft SET state = 'published', ended_by = changed_by, ended_at = reported_at,"
        f" rulebook_id = {first_version.pk}"
    )
    assert_refused(lambda: execute(end), because="was not published as it was previewed")
    draft.refresh_from_db()
    assert draft.state == "open"
    with unguarded("rules_rulebookdraft"):
        execute(end)
    found = {name for name, breaches in verify_all("rules").items() if breaches}
    assert found == {"rules.published_as_previewed"}


def test_a_report_that_is_too_old_is_refused():
    draft = published(previewed(OTHER))
    older = "UPDATE rules_rulebookdraft SET reported_at = ended_at - interval '7 days 1 second'"
    with unguarded("rules_rulebookdraft"):
        execute(older + ", state = 'open', rulebook_id = NULL, ended_by = NULL, ended_at = NULL")
    end = (
        f"UPDATE rules_rulebookdraft SET state = 'published', rulebook_id = {draft.rulebook_id},"
        " ended_by = changed_by, ended_at = reported_at + interval '7 days 1 second'"
    )
    assert_refused(lambda: execute(end), because="is too old")
    with unguarded("rules_rulebookdraft"):
        execute(end)
    found = {name for name, breaches in verify_all("rules").items() if breaches}
    assert found == {"rules.published_as_previewed"}


def test_warnings_that_were_taken_out_are_named():
    draft = previewed(OTHER)
    assert draft.report["warnings"]
    execute("UPDATE rules_rulebookdraft SET report = jsonb_set(report, '{warnings}', '[]')")
    draft.refresh_from_db()
    published(draft)
    found = {name for name, breaches in verify_all("rules").items() if breaches}
    assert found == {"rules.reports_are_as_made"}


def test_a_report_of_another_text_is_refused():
    draft = previewed(OTHER)
    assert_refused(
        lambda: execute(f"UPDATE rules_rulebookdraft SET digest = '{'0' * 64}'"),
        because="draft_report_of_text",
    )
    assert RulebookDraft.objects.get().digest == draft.digest


def test_a_made_up_person_changes_no_draft():
    saved(OTHER)
    assert_refused(
        lambda: execute("UPDATE rules_rulebookdraft SET changed_by = 'usr_made_up'"),
        because="no natural person",
    )
