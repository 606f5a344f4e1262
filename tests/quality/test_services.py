"""Measuring versions."""

import pytest

from listings import services as listing_services
from listings.models import ListingVersion
from marketplace.events.envelope import Envelope
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.listings import ListingVersionSubmitted
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_here
from marketplace.jobs.services import start_due
from marketplace.kernel import clock
from marketplace.kernel.errors import Missing
from marketplace.rules.providers import PROVIDERS, recordable_facts
from quality import handlers, queries, services
from quality.errors import AlreadyMeasured
from quality.models import Measurement, Profile
from tests.listings import factories

pytestmark = pytest.mark.django_db

PEOPLE = "氏名,メール\n佐藤 花子,hanako@example.jp\n鈴木 太郎,taro@example.jp\n高橋 美咲,misaki@example.jp\n".encode()


def counts():
    return [model.objects.count() for model in (Profile, Measurement, OutboxEvent, EvidenceRecord)]


def test_a_version_is_measured_and_told(seller):
    version = factories.submitted(seller, update_interval_days=1)
    profile = services.measure_version(listing_version=version.public_id)
    assert (profile.row_count, profile.tabular, profile.personal_data) == (3, True, [])
    assert [file["file_name"] for file in profile.files] == ["weather.csv"]
    measured = {row.characteristic: row.value for row in Measurement.objects.all()}
    assert measured["completeness"] == 1
    assert set(measured) == {
        "accuracy",
        "completeness",
        "consistency",
        "credibility",
        "currentness",
        "accessibility",
        "compliance",
        "confidentiality",
        "efficiency",
        "traceability",
        "understandability",
        "availability",
        "portability",
    }
    event = OutboxEvent.objects.get(type="quality.profiled")
    assert event.data == {
        "listing": version.listing.public_id,
        "listing_version": version.public_id,
        "profile": profile.public_id,
    }
    record = EvidenceRecord.objects.get(kind="quality.version_measured")
    assert (record.subject, record.payload["profile"]) == (version.public_id, profile.public_id)


def test_a_version_is_measured_once(seller):
    version = factories.submitted(seller)
    services.measure_version(listing_version=version.public_id)
    before = counts()
    with pytest.raises(AlreadyMeasured):
        services.measure_version(listing_version=version.public_id)
    assert counts() == before


def test_an_unknown_version_is_missing(db):
    before = counts()
    with pytest.raises(Missing):
        services.measure_version(listing_version="lsv_nothing")
    assert counts() == before


def test_a_submitted_version_is_measured_by_a_job_once(seller):
    version = factories.submitted(seller)
    event = ListingVersionSubmitted(
        listing=version.listing.public_id, listing_version=version.public_id, seller=seller.public_id
    )
    envelope = Envelope("evt_test", event.type, event.subject, clock.now(), 1, event.data())
    handlers.on_version_submitted(event, envelope)
    assert counts()[0] == 0
    (attempt,) = start_due(queue="files")
    run_here(attempt)
    before = counts()
    handlers.on_version_submitted(event, envelope)
    # The same attempt again, as after a worker that died before it could record the end.
    run_here(attempt)
    assert counts() == before
    assert before[0] == 1
    job = Job.objects.get()
    assert (job.kind, job.organisation) == ("quality.measure_version", seller.public_id)


def test_findings_name_columns_and_show_no_person(seller):
    version = factories.submitted(seller, files=[factories.upload("customers.csv", PEOPLE)])
    profile = services.measure_version(listing_version=version.public_id)
    assert [
        (found["file_name"], found["rule"], found["column"], found["suspected"])
        for found in profile.personal_data
    ] == [("customers.csv", "person_name", "氏名", True), ("customers.csv", "email", "メール", True)]
    kept = f"{profile.files}{profile.personal_data}{list(EvidenceRecord.objects.values_list('payload'))}"
    assert "hanako" not in kept
    assert "花子" not in kept


def test_the_rules_know_what_was_measured(seller):
    version = factories.submitted(seller, files=[factories.upload("customers.csv", PEOPLE)])
    types = PROVIDERS["quality"].types
    assert queries.quality_facts(version.public_id) == {"profiled": False}
    services.measure_version(listing_version=version.public_id)
    facts = queries.quality_facts(version.public_id)
    assert facts == {
        "profiled": True,
        "row_count": 3,
        "personal_data_suspected": True,
        "personal_data_rules": ["email", "person_name"],
        "special_care_suspected": False,
        "person_related_suspected": False,
        "k_anonymity": None,
        "accuracy_bp": 10_000,
        "completeness_bp": 10_000,
        "consistency_bp": 10_000,
        "confidentiality_bp": 0,
    }
    assert set(facts) == set(types)
    assert recordable_facts(facts, types) == facts


def test_a_version_with_a_file_that_is_no_table_is_not_profiled(seller):
    files = [factories.upload(), factories.upload("scan.pdf", b"%PDF\x00")]
    version = factories.submitted(seller, files=files)
    services.measure_version(listing_version=version.public_id)
    facts = queries.quality_facts(version.public_id)
    assert (facts["profiled"], facts["row_count"]) == (False, 3)


def test_what_cannot_be_profiled_is_held_for_a_person(seller):
    version = factories.judged(seller, files=[factories.upload("scan.pdf", b"%PDF\x00")])
    assert version.state == "on_hold"


def test_a_damaged_file_is_found_and_the_version_held(seller, settings, tmp_path):
    settings.STORAGE_DIRECTORY = tmp_path
    factories.rules.publish()
    version = factories.submitted(seller)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.write_bytes(b"other")
    profile = services.measure_version(listing_version=version.public_id)
    assert (profile.tabular, profile.row_count) == (False, 0)
    assert profile.files[0]["unreadable"] == services.UNOPENED
    assert Measurement.objects.get(characteristic="availability").value == 0
    assert listing_services.judge_version(listing_version=version.public_id).state == "on_hold"


def test_earlier_versions_make_a_version_recoverable(seller):
    first = factories.published(seller)
    factories.published(seller, first.listing, files=[factories.upload("b.csv", b"x,y\n1,2\n3,4\n")])
    values = Measurement.objects.filter(characteristic="recoverability").values_list(
        "profile__listing_version_id", "value"
    )
    second = ListingVersion.objects.get(number=2)
    assert list(values) == [(second.public_id, 1)]


def test_anonymised_records_have_their_smallest_group(seller):
    content = "年代,性別\n30代,女\n30代,女\n40代,男\n40代,男\n".encode()
    version = factories.submitted(
        seller, personal_data_class="anonymised", files=[factories.upload("a.csv", content)]
    )
    assert services.measure_version(listing_version=version.public_id).k_anonymity == 2
    assert queries.quality_facts(version.public_id)["k_anonymity"] == 2
