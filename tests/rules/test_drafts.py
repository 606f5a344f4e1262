"""A rulebook is drafted, previewed, approved by a second person and published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import Forbidden, PermissionNeeded
from marketplace.kernel.invariants import verify_all
from marketplace.rules.drafts.errors import (
    DraftChanged,
    DraftEnded,
    DraftNotPreviewed,
    ReportTooOld,
    WarningsNotAcknowledged,
)
from marketplace.rules.drafts.models import RulebookDraft
from marketplace.rules.drafts.services import publish_draft, revise_draft, save_draft, withdraw_draft
from marketplace.rules.errors import NoticeTooShort, NotUrgent, RulebookRefused, RulebookSuperseded
from marketplace.rules.models import Rulebook
from tests.participants import factories as participants

from .drafting import acknowledged, previewed, published, report, saved
from .factories import document, publish, publishers, rule

pytestmark = pytest.mark.django_db

DRAFTS = "/api/v1/rulebook-drafts/"
NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BASE = document(
    rule("A-1", "trade.price_minor > 100", "deny", point="trading"),
    parameters={"rulebook_notice_hours": 24},
)
OTHER = BASE | {"rules": [rule("A-1", "trade.price_minor > 200", "deny", point="trading")]}


@pytest.fixture(autouse=True)
def first_version():
    """A rulebook in force since noon that asks for a day of notice."""
    clock.move_to(NOON, running=False)
    return publish(BASE)


def broken() -> set[str]:
    return {name for name, breaches in verify_all().items() if breaches}


def test_a_report_is_read_within_a_week():
    """A month later others take part, and the warnings about them are missing."""
    draft = previewed(OTHER)
    first, _ = publishers()
    given = {"draft": draft.public_id, "digest": draft.digest}
    clock.move_to(NOON + 7 * DAY + timedelta(seconds=1), running=False)
    with pytest.raises(ReportTooOld):
        publish_draft(actor=first, acknowledged=acknowledged(draft), **given)
    assert (Approval.objects.count(), Rulebook.objects.count()) == (0, 1)
    report(draft)
    published(draft)
    assert (Rulebook.objects.count(), broken()) == (2, set())


def test_a_draft_becomes_the_next_version_by_two_people(first_version):
    draft = previewed(OTHER)
    first, second = publishers()
    given = {"draft": draft.public_id, "digest": draft.digest, "acknowledged": acknowledged(draft)}
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            publish_draft(actor=first, **given)
    assert Rulebook.objects.count() == 1
    made = publish_draft(actor=second, **given)
    rulebook = Rulebook.objects.get(number=2)
    assert (made.state, made.rulebook, made.replaces) == ("published", rulebook, first_version)
    assert (rulebook.document, rulebook.effective_from) == (OTHER, NOON + DAY)
    assert (rulebook.first_person, rulebook.published_by) == (first.identifier, second.identifier)
    assert rulebook.warnings == draft.report["warnings"]
    kinds = (
        EvidenceRecord.objects.filter(subject=draft.public_id).order_by("pk").values_list("kind", flat=True)
    )
    assert list(kinds) == ["rules.draft_saved", "rules.draft_previewed", "rules.draft_published"]
    assert broken() == set()


def test_a_draft_is_validated_when_it_is_saved():
    first, _ = publishers()
    for refusal, options in (
        (RulebookRefused, {"document": document(rule("A-1", "trade.colour", point="trading"))}),
        (NoticeTooShort, {"document": OTHER, "effective_from": NOON}),
        (NotUrgent, {"document": OTHER, "lane": "urgent"}),
    ):
        with pytest.raises(refusal):
            save_draft(actor=first, **options)
    with pytest.raises(PermissionNeeded):
        save_draft(actor=participants.actor_for(participants.organisation()), document=OTHER)
    assert RulebookDraft.objects.count() == 0


def test_of_two_who_change_a_draft_the_second_reads_it_again():
    draft = saved(OTHER)
    one, other = publishers()
    revised = revise_draft(actor=one, draft=draft.public_id, version=1, document=BASE)
    assert (revised.version, revised.document) == (2, BASE)
    with pytest.raises(DraftChanged):
        revise_draft(actor=other, draft=draft.public_id, version=1, lane="ordinary")
    draft.refresh_from_db()
    assert (draft.version, draft.changed_by, draft.document) == (2, one.identifier, BASE)


def test_a_change_takes_a_new_preview_and_a_new_second_person():
    draft = previewed(OTHER)
    first, second = publishers()
    given = {"draft": draft.public_id, "digest": draft.digest, "acknowledged": acknowledged(draft)}
    with pytest.raises(SecondPersonNeeded):
        publish_draft(actor=first, **given)
    changed = revise_draft(actor=first, draft=draft.public_id, version=1, document=BASE)
    assert changed.report is None
    with pytest.raises(DraftChanged):
        publish_draft(actor=second, **given)
    with pytest.raises(DraftNotPreviewed):
        publish_draft(actor=second, **{**given, "digest": changed.digest})
    report(changed)
    with pytest.raises(SecondPersonNeeded):
        publish_draft(actor=second, **{**given, "digest": changed.digest})
    assert (Rulebook.objects.count(), Approval.objects.count()) == (1, 2)


def test_every_warning_is_acknowledged():
    draft = previewed(OTHER | {"rules": [rule("A-1", "true", "deny", point="trading")]})
    first, _ = publishers()
    with pytest.raises(WarningsNotAcknowledged) as refusal:
        publish_draft(
            actor=first, draft=draft.public_id, digest=draft.digest, acknowledged=["no_example:A-1"]
        )
    assert refusal.value.fields == {"missing": "locks_out:A-1"}
    assert (Rulebook.objects.count(), Approval.objects.count()) == (1, 0)


def test_a_draft_on_an_older_version_is_drafted_again():
    late, early = previewed(OTHER), previewed(BASE | {"title": {"ja": "改訂", "en": "Revised"}})
    published(early)
    with pytest.raises(RulebookSuperseded):
        published(late)
    assert Rulebook.objects.count() == 2
    first, _ = publishers()
    again = revise_draft(actor=first, draft=late.public_id, version=1)
    assert again.replaces.number == 2
    report(again)
    assert published(again).rulebook.number == 3


def test_what_is_over_stays():
    first, _ = publishers()
    over = published(previewed(OTHER)), withdraw_draft(actor=first, draft=saved(OTHER).public_id)
    for draft in over:
        with pytest.raises(DraftEnded):
            revise_draft(actor=first, draft=draft.public_id, version=draft.version, document=BASE)
        with pytest.raises(DraftEnded):
            withdraw_draft(actor=first, draft=draft.public_id)
    assert [draft.state for draft in over] == ["published", "withdrawn"]


def test_a_program_drafts_nothing():
    _, second = publishers()
    from dataclasses import replace

    with pytest.raises(Forbidden):
        save_draft(actor=replace(second, identifier="app_program"), document=OTHER)


@pytest.fixture
def people():
    """Clients of two people of the operator."""
    operator = Rulebook.objects.get() and participants.Organisation.objects.filter(is_operator=True).first()
    operator = operator or participants.operator()
    names = ("one", "two")
    return [
        participants.client_of(operator, person=participants.person_of(operator, name=name)) for name in names
    ]


def test_over_http_with_entity_tags(people):
    one, two = people
    made = one.post(DRAFTS, {"document": OTHER}, format="json")
    assert made.status_code == 201, made.json()
    path = f"{DRAFTS}{made.json()['id']}/"
    read = two.get(path)
    assert (read["ETag"], read.json()["state"]) == ('"1"', "open")
    none = two.post(f"{path}revise/", {"lane": "ordinary"}, format="json")
    assert (none.status_code, none.json()["errors"][0]["field"]) == (422, "version")
    revised = two.post(f"{path}revise/", {"lane": "ordinary"}, format="json", HTTP_IF_MATCH=read["ETag"])
    assert (revised.status_code, revised.json()["version"]) == (200, 2)
    stale = one.post(f"{path}revise/", {"lane": "ordinary"}, format="json", HTTP_IF_MATCH='"1"')
    assert (stale.status_code, stale.json()["code"]) == (409, "draft_changed")
    assert one.post(f"{path}preview/").status_code == 202
    draft = RulebookDraft.objects.get()
    report(draft)
    body = {"digest": draft.digest, "acknowledged": acknowledged(draft)}
    asked = one.post(f"{path}publish/", body, format="json")
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    done = two.post(f"{path}publish/", body, format="json")
    assert (done.status_code, done.json()["state"]) == (200, "published")
    public = one.get(f"/api/v1/rulebooks/{done.json()['rulebook']}/").json()
    assert (public["number"], public["lane"]) == (2, "ordinary")
    assert [each["id"] for each in public["warnings"]] == body["acknowledged"]


def test_faults_come_back_with_their_places(people):
    stated = document(rule("ADM-01", "applicant.colour == 'red'", point="admission"))
    answer = people[0].post(DRAFTS, {"document": stated}, format="json", HTTP_ACCEPT_LANGUAGE="ja")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    body = answer.json()
    assert (body["code"], body["errors"][0]["field"]) == ("rulebook_refused", "document")
    fault = body["faults"][0]
    assert (fault["rule"], fault["place"], fault["line"], fault["column"]) == ("ADM-01", "rules.0.when", 1, 1)
    assert RulebookDraft.objects.count() == 0


def test_nobody_else_reads_or_drafts(api, people):
    draft = saved(OTHER)
    client = participants.client_of(participants.organisation())
    assert api.get(DRAFTS).status_code == 401
    assert client.get(f"{DRAFTS}{draft.public_id}/").status_code in (403, 404)
    assert client.post(DRAFTS, {"document": OTHER}, format="json").status_code == 403
    assert RulebookDraft.objects.count() == 1
