"""Bringing versions to sale, and taking listings from it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction

from listings import handlers, queries, services
from listings.errors import ListingEnded, NeverForSale, NotOnSale, VersionPending
from listings.models import Listing, ListingVersion
from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.events.schemas.listings import ListingVersionRefused
from marketplace.events.schemas.participants import AdmissionDecided
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import (
    FieldInvalid,
    Forbidden,
    IllegalTransition,
    Missing,
    OrganisationSuspended,
)
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.handlers.listings import on_version_refused
from marketplace.notices.models import Notice
from marketplace.participants import services as participation
from marketplace.participants.errors import NotAdmitted
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Admission
from marketplace.rules.models import Decision
from quality import services as quality
from tests.cases import factories as cases
from tests.participants import factories as participants
from tests.participants.factories import staff
from tests.roles import assert_refused, unguarded
from tests.rules import factories as rules

from . import factories

pytestmark = pytest.mark.django_db


def actor(subject):
    return participants.actor_for(subject)


def states():
    """Everything that a sale moves."""
    return (
        sorted(Listing.objects.values_list("public_id", "state")),
        sorted(ListingVersion.objects.values_list("public_id", "state", "decision", "submitted_at")),
        OutboxEvent.objects.count(),
        EvidenceRecord.objects.count(),
    )


def events(kind):
    return list(OutboxEvent.objects.filter(type=kind).order_by("id").values_list("data", flat=True))


def decision_of(version):
    return Decision.objects.get(public_id=version.decision)


def told_why(version, english, japanese):
    """The version, its event, its evidence and the notice say what overrode the rules."""
    (event,) = events("listing.version_refused")
    assert (english in event["reason_en"], japanese in event["reason_ja"]) == (True, True)
    why = f"{event['reason_ja']}\n{event['reason_en']}"
    row = ListingVersion.objects.get(pk=version.pk)
    assert row.decision_reason == why
    record = EvidenceRecord.objects.get(subject=version.public_id, kind="listings.version_refused")
    assert record.payload["reason_commitment"] == commitment_to(row.salt, why)
    on_version_refused(ListingVersionRefused(**event), None)
    body = Notice.objects.latest("pk").body
    assert (event["reason_en"] in body["en"], event["reason_ja"] in body["ja"]) == (True, True)
    assert "states why" not in body["en"]


def test_a_submitted_version_waits_and_tells(seller):
    version = factories.submitted(seller)
    assert version.state == "submitted"
    assert events("listing.version_submitted") == [
        {
            "listing": version.listing.public_id,
            "listing_version": version.public_id,
            "seller": seller.public_id,
        }
    ]
    assert (
        EvidenceRecord.objects.filter(subject=version.public_id, kind="listings.version_submitted").count()
        == 1
    )


def test_the_rules_publish_what_meets_them(seller):
    version = factories.published(seller)
    listing = Listing.objects.get()
    assert listing.state == "on_sale"
    assert ListingVersion.objects.get().decision == version.decision
    assert events("listing.version_published") == [
        {
            "listing": listing.public_id,
            "listing_version": version.public_id,
            "seller": seller.public_id,
            "decision": version.decision,
        }
    ]
    assert queries.counts() == {"published": 1, "refused": 0}
    assert queries.decided_versions() == 1


def test_people_declared_as_none_are_refused(seller):
    content = "氏名,メール\n佐藤 花子,hanako@example.jp\n鈴木 太郎,taro@example.jp\n高橋 美咲,misaki@example.jp\n".encode()
    version = factories.judged(seller, files=[factories.upload("customers.csv", content)])
    assert version.state == "refused"
    assert Listing.objects.get().state == "draft"
    (event,) = events("listing.version_refused")
    assert (event["listing_version"], event["reason_en"]) == (version.public_id, None)
    assert ListingVersion.objects.get().decision_reason == ""
    assert queries.counts() == {"published": 0, "refused": 1}


def test_pseudonymised_information_is_refused_whatever_the_rules_say(seller):
    rules.publish(rules.document(rules.rule("ALL", "true", "allow", point="publication")))
    version = factories.judged(seller, personal_data_class="pseudonymised")
    assert version.state == "refused"
    assert Listing.objects.get().state == "draft"
    assert events("listing.version_published") == []
    told_why(version, "pseudonymised information", "仮名加工情報")


def test_what_the_rules_hold_the_operator_decides(seller, operator):
    version = factories.judged(seller, personal_data_class="personal")
    assert version.state == "on_hold"
    assert queries.decided_versions() == 1
    cases.decide_held(version.public_id, "allow", "同意書を確認")
    decided = ListingVersion.objects.get()
    assert (decided.state, decided.decision_reason) == ("published", "同意書を確認")
    assert decided.decision == version.decision
    assert Listing.objects.get().state == "on_sale"
    # The record of the decision commits to its reason; those of the rules have none.
    records = EvidenceRecord.objects.filter(subject=version.public_id, kind__startswith="listings.version_")
    told = {
        row.kind: row.payload.get("reason_commitment") for row in records.filter(payload__has_key="decision")
    }
    assert told == {
        "listings.version_on_hold": "",
        "listings.version_published": commitment_to(decided.salt, "同意書を確認"),
    }
    assert "同意書" not in json.dumps([row.payload for row in records], ensure_ascii=False)


def test_the_operator_refuses_what_was_held(seller, operator):
    version = factories.judged(seller, personal_data_class="special_care")
    cases.decide_held(version.public_id, "deny", "同意なし")
    assert ListingVersion.objects.get().state == "refused"
    assert len(events("listing.version_refused")) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"outcome": "hold"}, FieldInvalid),
        ({"reason": " "}, FieldInvalid),
        ({"first_person": ""}, Forbidden),
        ({"first_person": "usr_desk"}, Forbidden),
        ({"actor": "seller"}, Forbidden),
        ({"actor": "system"}, Forbidden),
        ({"listing_version": "lsv_nothing"}, Missing),
    ],
)
def test_a_wrong_decision_changes_nothing(seller, operator, changes, error):
    version = factories.judged(seller, personal_data_class="personal")
    stated = {
        "actor": operator,
        "listing_version": version.public_id,
        "outcome": "allow",
        "reason": "確認済み",
        "first_person": "usr_first",
        **changes,
    }
    stated["actor"] = {"seller": actor(seller), "system": SYSTEM}.get(stated["actor"], operator)
    before = states()
    with pytest.raises(error):
        services.decide_version(**stated)
    assert states() == before


def test_the_operator_cannot_release_pseudonymised_information(seller, operator):
    version = factories.submitted(seller, personal_data_class="pseudonymised")
    ListingVersion.objects.update(state="on_hold", decision="dec_test", decided_at=clock.now())
    before = states()
    with pytest.raises(NeverForSale):
        services.decide_version(
            actor=operator,
            listing_version=version.public_id,
            outcome="allow",
            reason="例外",
            first_person="usr_first",
        )
    assert states() == before


def test_a_new_version_supersedes_the_published_one(seller):
    first = factories.published(seller)
    second = factories.published(seller, first.listing)
    assert sorted(ListingVersion.objects.values_list("number", "state")) == [
        (1, "superseded"),
        (2, "published"),
    ]
    assert queries.version_for_sale(first.listing.public_id).listing_version == second.public_id


def test_a_refused_version_leaves_the_published_one_on_sale(seller):
    first = factories.published(seller)
    people = "email\n" + "".join(f"person{n}@example.jp\n" for n in range(5))
    factories.judged(seller, first.listing, files=[factories.upload("p.csv", people.encode())])
    assert sorted(ListingVersion.objects.values_list("number", "state")) == [(1, "published"), (2, "refused")]
    assert queries.version_for_sale(first.listing.public_id).listing_version == first.public_id


def test_judging_again_changes_nothing(seller):
    version = factories.published(seller)
    before = states()
    services.judge_version(listing_version=version.public_id)
    assert states() == before


def test_only_one_version_at_a_time_is_decided(seller):
    first = factories.submitted(seller)
    second = factories.draft(seller, first.listing)
    before = states()
    with pytest.raises(VersionPending):
        services.submit_version(actor=actor(seller), listing_version=second.public_id)
    assert states() == before


def test_only_its_admitted_seller_submits_a_version(seller):
    version = factories.draft(seller)
    stranger = participants.organisation("X")
    before = states()
    with pytest.raises(Missing):
        services.submit_version(actor=actor(stranger), listing_version=version.public_id)
    with pytest.raises(Forbidden):
        services.submit_version(actor=SYSTEM, listing_version=version.public_id)
    assert states() == before


def test_who_is_not_admitted_does_not_submit(db):
    subject = participants.organisation("N")
    version = factories.draft(subject)
    before = states()
    with pytest.raises(NotAdmitted):
        services.submit_version(actor=actor(subject), listing_version=version.public_id)
    assert states() == before


def test_a_version_is_submitted_once(seller):
    version = factories.submitted(seller)
    before = states()
    with pytest.raises(IllegalTransition):
        services.submit_version(actor=actor(seller), listing_version=version.public_id)
    assert states() == before


def test_a_withdrawn_listing_leaves_the_catalogue_with_its_versions(seller):
    version = factories.published(seller)
    factories.draft(seller, version.listing)
    services.withdraw_listing(actor=actor(seller), listing=version.listing.public_id, reason="終了")
    assert Listing.objects.get().state == "withdrawn"
    assert set(ListingVersion.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert events("listing.withdrawn") == [{"listing": version.listing.public_id, "seller": seller.public_id}]
    withdrawn = Listing.objects.get()
    assert withdrawn.withdrawal_reason == "終了"
    assert EvidenceRecord.objects.get(kind="listings.listing_withdrawn").payload == {
        "seller": seller.public_id,
        "reason_commitment": commitment_to(withdrawn.salt, "終了"),
    }
    with pytest.raises(NotOnSale):
        queries.version_for_sale(version.listing.public_id)
    before = states()
    with pytest.raises(IllegalTransition):
        services.withdraw_listing(actor=actor(seller), listing=version.listing.public_id)
    with pytest.raises(ListingEnded):
        factories.draft(seller, version.listing)
    assert states() == before


def test_a_version_of_a_withdrawn_listing_is_not_judged(seller):
    rules.publish()
    version = factories.submitted(seller)
    quality.measure_version(listing_version=version.public_id)
    services.withdraw_listing(actor=actor(seller), listing=version.listing.public_id)
    before = states()
    services.judge_version(listing_version=version.public_id)
    assert states() == before


def test_nobody_else_withdraws_a_listing(seller):
    version = factories.published(seller)
    stranger = participants.organisation("X")
    before = states()
    with pytest.raises(Missing):
        services.withdraw_listing(actor=actor(stranger), listing=version.listing.public_id)
    assert states() == before


def test_the_listings_of_a_suspended_seller_leave_the_catalogue_and_come_back(seller, operator):
    version = factories.published(seller)
    participation.suspend_participant(
        actor=SYSTEM, organisation=seller.public_id, reason_code="review", reason="確認中"
    )
    assert services.suspend_listings(seller=seller.public_id) == 1
    assert Listing.objects.get().state == "suspended"
    assert list(queries.catalogue()) == []
    before = states()
    with pytest.raises(OrganisationSuspended):
        services.resume_listing(actor=actor(seller), listing=version.listing.public_id)
    assert states() == before
    staff("usr_first", "usr_second")
    participation.reinstate_participant(
        actor=replace(operator, identifier="usr_second"),
        organisation=seller.public_id,
        first_person="usr_first",
    )
    stated = {"kind": "family", "statement": "親族が勤務しています。"}
    participation.declare_interest(actor=operator, organisation=seller.public_id, **stated)
    before = states()
    with pytest.raises(Recused):
        services.resume_listing(actor=operator, listing=version.listing.public_id)
    assert states() == before
    services.resume_listing(actor=actor(seller), listing=version.listing.public_id)
    assert Listing.objects.get().state == "on_sale"


def ended(seller, **changes) -> AdmissionDecided:
    """The event that the admission of a seller to the segment of its listings has ended."""
    admission = Admission.objects.get(organisation=seller, capacity="seller", state="admitted")
    participation.withdraw_admission(actor=actor(seller), admission=admission.public_id)
    stated = {
        "admission": admission.public_id,
        "organisation": seller.public_id,
        "segment": admission.segment.code,
        "capacity": "seller",
        "state": "expired",
        "decision": None,
    }
    return AdmissionDecided(**(stated | changes))


def test_the_listings_under_an_admission_that_ended_leave_the_catalogue_and_come_back(seller):
    version = factories.published(seller)
    segment = version.listing.segment.code
    event = ended(seller)
    handlers.on_admission_decided(replace(event, state="refused"), None)
    handlers.on_admission_decided(replace(event, capacity="buyer"), None)
    assert Listing.objects.get().state == "on_sale"
    handlers.on_admission_decided(event, None)
    assert (Listing.objects.get().state, list(queries.catalogue())) == ("suspended", [])
    record = EvidenceRecord.objects.get(kind="listings.listing_suspended")
    assert record.payload == {"seller": seller.public_id, "cause": "admission_ended"}
    with pytest.raises(NotAdmitted):
        services.resume_listing(actor=actor(seller), listing=version.listing.public_id)
    participants.admit(seller, segment, "seller")
    services.resume_listing(actor=actor(seller), listing=version.listing.public_id)
    # The event of the earlier admission comes late: it is admitted again.
    handlers.on_admission_decided(event, None)
    assert Listing.objects.get().state == "on_sale"


def test_the_database_brings_nothing_to_sale_under_an_admission_that_ended(seller):
    version = factories.published(seller)
    event = ended(seller)
    services.suspend_listings_in(seller=seller.public_id, segment=event.segment)
    with unguarded("participants_admission"):
        Admission.objects.filter(organisation=seller).update(
            state="expired", expires_on=clock.today() - timedelta(1)
        )
    sell = f"UPDATE listings_listing SET state = 'on_sale' WHERE id = {version.listing_id}"

    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sell)

    assert_refused(run, because="the admission of the seller")
    check = REGISTER["listings.sold_while_admitted"].check
    told = OutboxEvent.objects.filter(type="admission.decided").latest("pk")
    with unguarded("events_inboxentry"):
        InboxEntry.objects.create(
            event=told,
            handler="listings.handlers.on_admission_decided",
            subscriber="listings",
            subject=event.admission,
            state="handled",
            handled_at=clock.now(),
        )
    assert (Listing.objects.get().state, check()) == ("suspended", [])
    with unguarded("listings_listing"):
        run()
    assert [row["public_id"] for row in check()] == [version.listing.public_id]


def test_a_version_that_waited_is_not_published_after_the_admission_ended(seller):
    rules.publish()
    late = factories.submitted(seller)
    quality.measure_version(listing_version=late.public_id)
    ended(seller)
    assert services.judge_version(listing_version=late.public_id).state == "refused"
    assert Listing.objects.get().state == "draft"


@pytest.mark.parametrize(
    ("lose", "english", "japanese"),
    [
        ("admission", "the seller is no longer admitted", "出品者としての参加が終了"),
        ("standing", "the seller is suspended", "参加を停止"),
    ],
)
def test_who_is_refused_against_the_rules_is_told_why(seller, lose, english, japanese):
    rules.publish(rules.document(rules.rule("ALL", "true", "allow", point="publication")))
    late = factories.submitted(seller)
    quality.measure_version(listing_version=late.public_id)
    if lose == "admission":
        ended(seller)
    else:
        cases.suspended(seller)
    late = services.judge_version(listing_version=late.public_id)
    assert (late.state, decision_of(late).outcome) == ("refused", "allow")
    told_why(late, english, japanese)


def test_the_listings_of_an_active_seller_stay(seller):
    factories.published(seller)
    assert services.suspend_listings(seller=seller.public_id) == 0
    assert Listing.objects.get().state == "on_sale"


def test_rights_that_ended_while_a_version_waited_are_not_sold(seller):
    last_day = (clock.today() + timedelta(days=10)).isoformat()
    rights = {**factories.RIGHTS, "valid_until": last_day}
    rules.publish()
    waiting = factories.draft(seller, offer=factories.offer(rights=rights))
    late = factories.submitted(seller, offer=factories.offer(rights=rights))
    quality.measure_version(listing_version=late.public_id)
    clock.move_to(clock.now() + timedelta(days=11))
    with pytest.raises(FieldInvalid) as refusal:
        services.submit_version(actor=participants.actor_for(seller), listing_version=waiting.public_id)
    assert refusal.value.name == "offer.rights.valid_until"
    late = services.judge_version(listing_version=late.public_id)
    assert (late.state, decision_of(late).outcome) == ("refused", "allow")
    told_why(late, "rights of use", "利用権")
