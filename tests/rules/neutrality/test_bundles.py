"""The bundle of a period: what everybody reads of each decision, and what only the auditor does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection

from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.kinds import Work, report_nothing
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.invariants import verify_all
from marketplace.rules.models import Decision
from marketplace.rules.neutrality import services
from marketplace.rules.neutrality.errors import BundleNotMade, PeriodCovered, PeriodInvalid
from marketplace.rules.neutrality.models import NeutralityBundle
from marketplace.rules.neutrality.periods import Period
from tests.participants import factories as participants

from .factories import DAY, DAYS, NOON, begin, decide, end_day, made, naming, traded_day, unpacked

pytestmark = pytest.mark.django_db


def test_everybody_reads_decisions_without_their_parties():
    organisations = traded_day()
    end_day()
    bundle = made()
    files = unpacked(bundle.content)
    rows = files["decisions.jsonl"]
    assert sorted(row.get("withheld", "shown") for row in rows) == ["few_parties", *["shown"] * 4]
    for organisation in organisations:
        assert organisation.public_id not in str(files["decisions.jsonl"])
    shown = next(row for row in rows if "withheld" not in row)
    assert (shown["point"], shown["outcome"], shown["decided_on"]) == ("admission", "allow", "2030-04-01")
    assert "applicant.organisation" in shown["committed"]
    assert "applicant.organisation" not in shown["facts"]
    assert bundle.figures["parts"]["decisions"] == {"rows": 5, "withheld": {"few_parties": 1}}
    assert bundle.figures["names_replaced"] == {"replayed": 5, "followed": 0, "rules": []}
    assert verify_all("rules")["rules.bundles_are_as_published"] == []


def test_the_auditor_reads_what_is_withheld():
    traded_day()
    end_day()
    opened = unpacked(made().auditors_content)
    decisions = [each["content"] for each in opened["openings.jsonl"] if each["part"] == "decisions"]
    assert {each["id"] for each in decisions} == set(Decision.objects.values_list("public_id", flat=True))
    assert {each["digest"] for each in decisions} == set(Decision.objects.values_list("digest", flat=True))


def test_a_decision_that_followed_a_name_is_for_the_auditor():
    aimed = participants.organisation("狙")
    begin(naming(aimed))
    for organisation in (aimed, *(participants.organisation(f"他{at}") for at in range(3))):
        decide(organisation)
    end_day()
    bundle = made()
    rows = unpacked(bundle.content)["decisions.jsonl"]
    assert sorted(row.get("withheld", "shown") for row in rows) == ["names_a_party", *["shown"] * 3]
    assert bundle.figures["names_replaced"] == {"replayed": 4, "followed": None, "rules": ["NAME"]}
    (followed,) = unpacked(bundle.auditors_content)["manifest.json"]["followed"]
    assert Decision.objects.get(public_id=followed).parties == [aimed.public_id]
    assert [(row["entry"], row["aim"]) for row in bundle.figures["aimed"]] == [("NAME", "names_a_party")]


def test_a_bundle_is_recorded_and_told():
    traded_day()
    end_day()
    bundle = made()
    record = EvidenceRecord.objects.get(kind="rules.neutrality_bundle_made")
    assert record.subject == bundle.public_id
    assert (record.payload["sha256"], record.payload["auditors_sha256"]) == (
        bundle.sha256,
        bundle.auditors_sha256,
    )
    assert verify_all("evidence")["evidence.rows_recorded"] == []


def test_making_it_again_changes_nothing():
    traded_day()
    end_day()
    bundle = made()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events_outboxevent WHERE type = 'neutrality.published'")
        assert cursor.fetchone() == (1,)
    services.make_bundle(Work("job_1", bundle.public_id, {}, 2, report_nothing))
    assert NeutralityBundle.objects.get().sha256 == bundle.sha256
    assert EvidenceRecord.objects.filter(kind="rules.neutrality_bundle_made").count() == 1


@pytest.mark.parametrize(
    ("first", "last"),
    [(DAY, DAY - timedelta(days=1)), (DAY, DAY + timedelta(days=1)), (DAY - timedelta(days=31), DAY)],
)
def test_a_period_is_over_and_short(first, last):
    begin()
    end_day()
    with pytest.raises(PeriodInvalid):
        services.ask_for_bundle(actor=SYSTEM, first_day=first, last_day=last)
    assert not NeutralityBundle.objects.exists()


def test_no_day_is_in_two_bundles():
    begin()
    end_day()
    made()
    with pytest.raises(PeriodCovered):
        services.ask_for_bundle(actor=SYSTEM, first_day=DAY - timedelta(days=3), last_day=DAY)
    assert NeutralityBundle.objects.count() == 1


def test_only_the_auditor_asks_and_opens():
    begin()
    end_day()
    trader = participants.actor_for(participants.organisation("A"))
    with pytest.raises(Forbidden):
        services.ask_for_bundle(actor=trader, **DAYS)
    asked = services.ask_for_bundle(actor=SYSTEM, **DAYS)
    with pytest.raises(BundleNotMade):
        services.open_auditors_file(actor=SYSTEM, bundle=asked.public_id)
    with pytest.raises(Forbidden):
        services.open_auditors_file(actor=trader, bundle=asked.public_id)
    assert not EvidenceRecord.objects.filter(kind="rules.auditors_file_opened").exists()


def test_the_month_that_ended_is_asked_for_once():
    begin()
    assert services.ask_for_last_month() == []
    clock.move_to(NOON + timedelta(days=31), running=False)
    assert days(services.ask_for_last_month()) == [(1, 30)]
    assert services.ask_for_last_month() == []


def days(bundles) -> list[tuple[int, int]]:
    assert {each.first_day.month for each in bundles} <= {4}
    return [(each.first_day.day, each.last_day.day) for each in bundles]


def test_a_day_that_somebody_asked_for_keeps_no_month_from_the_public():
    begin()
    clock.move_to(NOON + timedelta(days=31), running=False)
    for day in (1, 10):
        services.ask_for_bundle(actor=SYSTEM, first_day=date(2030, 4, day), last_day=date(2030, 4, day))
    assert days(services.ask_for_last_month()) == [(2, 9), (11, 30)]
    assert services.ask_for_last_month() == []


def test_what_is_too_large_for_one_bundle_is_published_in_shorter_ones():
    begin()
    clock.move_to(NOON + timedelta(days=31), running=False)
    (month,) = services.ask_for_last_month()
    services.fail_bundle(month.public_id, {})
    services.make_bundle(Work("job_1", month.public_id, {}, 2, report_nothing))
    month.refresh_from_db()
    assert (month.made_at, month.failed_at) == (None, clock.now())
    halves = services.ask_for_last_month()
    assert days(halves) == [(1, 15), (16, 30)]
    services.fail_bundle(halves[1].public_id, {})
    assert days(services.ask_for_last_month()) == [(16, 22), (23, 30)]
    assert services.ask_for_last_month() == []
    assert verify_all("rules")["rules.bundles_are_as_published"] == []


def test_a_single_day_that_is_too_large_is_not_asked_for_for_ever():
    day = Period(DAY, DAY)
    assert list(day.shorter_than({day})) == []
