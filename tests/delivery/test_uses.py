"""What the rights limit is enforced at each access: purpose, place, person and count, with one winner of the last use."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections
from rest_framework.test import APIClient

from delivery import services
from delivery.errors import RecipientStands, UseNotPermitted
from delivery.models import DeclaredRecipient, Download, EntitledDistribution, RefusedDownloads
from delivery.ranges import ByteRange
from delivery.use_guards import DECLARATIONS_MAX
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Missing, PermissionNeeded
from marketplace.kernel.invariants import REGISTER
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from . import factories
from .conftest import TUESDAY, ask_downloads

LIMITED = {"contract_type": "licence", "purposes": ["research", "education"], "regions": ["JP", "DE"]}
STATED = {"purpose": "research", "region": "JP"}


def granted(**rights):
    return factories.granted(rights={"contract_type": "licence", **rights})


def refusal(subject, **stated) -> UseNotPermitted:
    with pytest.raises(UseNotPermitted) as refused:
        subject.fetch(**stated)
    return refused.value


def begin(subject, part=None, **stated):
    return services.download(
        actor=subject.buyer_actor,
        entitlement=subject.entitlement,
        distribution=subject.distributions[0],
        part=part,
        statement=services.Statement(**stated),
    )


@pytest.mark.parametrize(
    ("stated", "rights"),
    [
        ({}, ["purposes", "regions"]),
        ({"purpose": "research"}, ["regions"]),
        ({"purpose": "commercial", "region": "JP"}, ["purposes"]),
        ({"purpose": "education", "region": "US"}, ["regions"]),
    ],
)
def test_a_use_that_is_not_permitted_or_not_stated_is_refused_and_recorded(tuesday, stated, rights):
    subject = factories.granted(rights=LIMITED)
    refused = refusal(subject, **stated)
    assert (refused.code, refused.fields["rights"]) == ("use_not_permitted", rights)
    assert set(refused.fields["limits"]) == set(rights)
    assert Download.objects.count() == 0
    row = RefusedDownloads.objects.get()
    assert (row.code, row.refusals) == ("use_not_permitted", 1)


def test_what_was_stated_stands_in_the_access_log_and_in_evidence(tuesday):
    subject = factories.granted(rights=LIMITED)
    subject.fetch(**STATED)
    row = Download.objects.get()
    assert (row.purpose, row.region, row.use_number) == ("research", "JP", None)
    sent = EvidenceRecord.objects.get(kind="delivery.sent")
    assert (sent.payload["purpose"], sent.payload["region"]) == ("research", "JP")


@pytest.mark.parametrize(("stated", "name"), [({"purpose": "war"}, "purpose"), ({"region": "XQ"}, "region")])
def test_a_statement_is_a_known_purpose_and_country(stated, name):
    with pytest.raises(FieldInvalid) as refused:
        services.Statement(**stated)
    assert refused.value.name == name


def test_rights_without_limits_ask_for_no_statement(tuesday):
    subject = granted()
    subject.fetch()
    subject.fetch(purpose="commercial", region="US")
    assert list(Download.objects.order_by("pk").values_list("purpose", "region")) == [
        ("", ""),
        ("commercial", "US"),
    ]


def test_uses_are_counted_by_the_bytes_of_a_file(tuesday):
    subject = granted(use_count_max=2)
    size = len(factories.CONTENTS[0])
    half = size // 2
    for part in (ByteRange(0, half), ByteRange(half, size - half)):
        transmission = begin(subject, part)
        assert b"".join(transmission)
        transmission.close()
    subject.fetch()
    assert list(Download.objects.order_by("pk").values_list("use_number", flat=True)) == [1, 1, 2]
    refused = refusal(subject)
    assert (refused.fields["rights"], refused.fields["use_number"]) == (["use_count_max"], 3)


def test_what_is_being_sent_counts_and_what_broke_off_is_taken_up_again(large):
    subject = factories.granted(
        contents=large.contents, rights={"contract_type": "licence", "use_count_max": 1}
    )
    running = begin(subject)
    next(running)
    # The last use is being sent, so a second reader loses, and is told why.
    assert refusal(subject).fields["rights"] == ["use_count_max"]
    next(running)
    running.close()
    sent_bytes = Download.objects.get().sent_bytes
    assert 0 < sent_bytes < len(large.contents[0])
    # The whole file would be a second use; the rest of it is not.
    assert refusal(subject).fields["use_number"] == 2
    rest = begin(subject, ByteRange(sent_bytes, len(large.contents[0]) - sent_bytes))
    assert b"".join(rest) == large.contents[0][sent_bytes:]
    rest.close()
    assert refusal(subject).fields["use_number"] == 2


def test_what_is_delivered_again_takes_the_place_of_one_use(tuesday):
    subject = granted(use_count_max=1)
    subject.fetch()
    dispute = subject.dispute()
    services.apply_dispute_outcome(actor=SYSTEM, dispute=dispute, outcome="redelivery")
    subject.fetch()
    assert refusal(subject).fields["use_number"] == 2


def person_in_charge(subject):
    person = participants.person_of(subject.buyer, "engineer").public_id
    return participants.actor_for(subject.buyer, person)


def owner_of(subject):
    person = participants.person_of(subject.buyer, "owner").public_id
    participants.keep_proved(person)
    return participants.actor_for(subject.buyer, person)


@pytest.mark.parametrize(
    ("limit", "scope", "may"),
    [
        ("person_in_charge", None, False),
        ("person_in_charge", "department", False),
        ("person_in_charge", "person_in_charge", True),
        ("department", None, False),
        ("department", "department", True),
        ("department", "person_in_charge", True),
        ("company", None, True),
        ("group", None, True),
    ],
)
def test_a_scope_of_people_lets_in_whom_the_owner_declared(tuesday, limit, scope, may):
    subject = granted(disclosure_scope=limit)
    reader, owner = person_in_charge(subject), owner_of(subject)
    if scope:
        services.declare_recipient(
            actor=owner, entitlement=subject.entitlement, recipient=reader.identifier, scope=scope
        )
    if may:
        assert subject.fetch(actor=reader) == factories.CONTENTS[0]
    else:
        assert refusal(subject, actor=reader).fields["rights"] == ["disclosure_scope"]


def test_a_withdrawn_person_begins_no_download(tuesday):
    subject = granted(disclosure_scope="person_in_charge")
    reader, owner = person_in_charge(subject), owner_of(subject)
    whom = {"entitlement": subject.entitlement, "recipient": reader.identifier}
    services.declare_recipient(actor=owner, scope="person_in_charge", **whom)
    with pytest.raises(RecipientStands):
        services.declare_recipient(actor=owner, scope="department", **whom)
    subject.fetch(actor=reader)
    clock.move_to(clock.now() + timedelta(seconds=1), running=False)
    services.withdraw_recipient(actor=owner, **whom)
    clock.move_to(clock.now() + timedelta(seconds=1), running=False)
    refusal(subject, actor=reader)
    with pytest.raises(Missing):
        services.withdraw_recipient(actor=owner, **whom)
    assert REGISTER["delivery.used_as_signed"].check() == []


def test_the_declarations_of_a_delivery_are_bounded(tuesday):
    subject = granted(disclosure_scope="department")
    reader, owner = person_in_charge(subject), owner_of(subject)
    whom = {"entitlement": subject.entitlement, "recipient": reader.identifier}
    with unguarded("delivery_declaredrecipient"):
        DeclaredRecipient.objects.bulk_create(
            DeclaredRecipient(
                entitlement=subject.row, recipient=f"usr_{number}", scope="department", declared_by=owner.identifier,
                declared_at=clock.now(), withdrawn_by=owner.identifier, withdrawn_at=clock.now(),
            )
            for number in range(DECLARATIONS_MAX - 1)
        )  # fmt: skip
    services.declare_recipient(actor=owner, scope="department", **whom)
    services.withdraw_recipient(actor=owner, **whom)
    with pytest.raises(FieldInvalid, match="200 declarations"):
        services.declare_recipient(actor=owner, scope="department", **whom)
    by_hand = partial(declare_by_hand, reader.identifier, owner.identifier)
    assert_refused(by_hand, because="at most 200 declarations")


def test_only_an_owner_of_the_buyer_declares_people_of_the_buyer(tuesday):
    subject = granted(disclosure_scope="department")
    reader, owner = person_in_charge(subject), owner_of(subject)
    stranger = participants.person_of(subject.seller, "stranger").public_id
    with pytest.raises(FieldInvalid):
        services.declare_recipient(
            actor=owner, entitlement=subject.entitlement, recipient=stranger, scope="department"
        )
    with pytest.raises(PermissionNeeded):
        services.declare_recipient(
            actor=participants.actor_of(participants.person_of(subject.buyer, "reader", ["engineer"])),
            entitlement=subject.entitlement,
            recipient=reader.identifier,
            scope="department",
        )
    for recipient, by, because in (
        (stranger, owner.identifier, "no member or program"),
        (reader.identifier, stranger, "no owner of the buyer"),
    ):
        assert_refused(partial(declare_by_hand, recipient, by), because=because)


def declare_by_hand(recipient, by):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO delivery_declaredrecipient (entitlement_id, recipient, scope, declared_by, declared_at, withdrawn_by)"
            " SELECT id, %s, 'department', %s, business_now(), '' FROM delivery_entitlement",
            [recipient, by],
        )


def sending(subject, **columns):
    """A download written past the services."""
    row = {"purpose": "research", "region": "JP", "use_number": 1, "requested_by": "app_buyer", **columns}
    covered = EntitledDistribution.objects.get(entitlement=subject.row)
    return Download.objects.create(
        entitlement=subject.row,
        inspection=subject.inspection,
        distribution=covered,
        length_bytes=covered.size_bytes,
        started_at=clock.now(),
        **row,
    )


FORGED = {
    "purpose": {"purpose": "commercial"},
    "no purpose": {"purpose": ""},
    "region": {"region": "US"},
    "count": {"use_number": 2},
    "no count": {"use_number": None},
}


@pytest.mark.parametrize("case", FORGED)
def test_the_database_sends_nothing_outside_the_rights(tuesday, case):
    subject = factories.granted(rights={**LIMITED, "use_count_max": 1})
    assert_refused(
        partial(sending, subject, **FORGED[case]), because="not within the rights|not the use that comes next"
    )
    sending(subject)
    assert_refused(partial(sending, subject), because="not the use that comes next")
    assert_refused(partial(sending, subject, use_number=2), because="not within the rights")


@pytest.mark.parametrize("case", ["purpose", "region", "no count", "person"])
def test_a_use_outside_the_rights_is_named(tuesday, case):
    subject = factories.granted(rights={**LIMITED, "use_count_max": 1, "disclosure_scope": "department"})
    check = REGISTER["delivery.used_as_signed"].check
    assert check() == []
    owner = owner_of(subject)
    services.declare_recipient(
        actor=owner, entitlement=subject.entitlement, recipient=owner.identifier, scope="department"
    )
    subject.fetch(actor=owner, **STATED)
    assert check() == []
    changed = {"person": {"requested_by": "app_other"}, **FORGED}[case]
    with unguarded("delivery_download"):
        Download.objects.update(**changed)
    assert [row["download"] for row in check()] == [Download.objects.get().public_id]


def test_more_uses_than_were_signed_are_named(tuesday):
    """Also where each states a number within the limit."""
    subject = granted(use_count_max=2)
    subject.fetch()
    subject.fetch()
    check = REGISTER["delivery.used_as_signed"].check
    assert check() == []
    with unguarded("delivery_download"):
        forged = sending(subject, use_number=2)
    assert check() == [{"download": forged.public_id, "delivery": subject.entitlement}]


def test_the_last_use_has_one_winner(committed_database):
    """Two programs ask for the last use at once: one is served, and the other is told that the uses are spent."""
    clock.move_to(TUESDAY, running=False)
    subject = granted(use_count_max=1)
    results: list[object] = []
    barrier = threading.Barrier(2)

    def fetch() -> None:
        try:
            barrier.wait()
            results.append(subject.fetch())
        except UseNotPermitted as refused:
            results.append(refused.fields["rights"])
        finally:
            connections.close_all()

    readers = [threading.Thread(target=fetch) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert sorted(results, key=str) == sorted([factories.CONTENTS[0], ["use_count_max"]], key=str)


def test_over_http_a_program_states_its_use_in_the_query(tuesday):
    subject = factories.granted(rights=LIMITED)
    program = participants.program_of(subject.buyer, ["deliveries:read"])
    path = f"/api/v1/deliveries/{subject.entitlement}/distributions/{subject.distributions[0]}/content/"
    refused = ask_downloads(program, path)
    assert refused.status_code == 403
    problem = refused.json()
    assert (problem["code"], problem["rights"]) == ("use_not_permitted", ["purposes", "regions"])
    assert problem["limits"]["regions"] == {"en": "Region: Germany, Japan", "ja": "利用地域：ドイツ・日本"}
    assert ask_downloads(program, f"{path}?purpose=war").status_code == 422
    answer = ask_downloads(program, f"{path}?purpose=research&region=DE")
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, factories.CONTENTS[0])
    assert Download.objects.values_list("purpose", "region").get() == ("research", "DE")


def test_a_grant_carries_what_was_stated(tuesday, settings):
    settings.DOWNLOADS_URL = "http://downloads.example"
    subject = factories.granted(rights=LIMITED)
    program = participants.program_of(subject.buyer, ["deliveries:read"])
    path = f"/api/v1/deliveries/{subject.entitlement}/distributions/{subject.distributions[0]}/content/"
    assert program.get(path).status_code == 403
    sent_to = program.get(f"{path}?purpose=research&region=JP")
    assert sent_to.status_code == 307
    nobody = APIClient()
    address = sent_to["Location"].removeprefix("http://downloads.example")
    # What a stranger adds to the address changes nothing.
    answer = ask_downloads(nobody, f"{address}&purpose=education&region=DE")
    assert b"".join(answer.streaming_content) == factories.CONTENTS[0]
    assert Download.objects.values_list("purpose", "region").get() == ("research", "JP")
