"""The facts of an organisation are changed by its own people, with a history, and what was agreed keeps what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from fixtures.sessions import open_session
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.handlers.facts import on_facts_changed
from marketplace.notices.models import Notice
from marketplace.participants.models import FactChange, Organisation
from marketplace.participants.organisation_facts import Size
from marketplace.participants.queries import sizes_of
from tests.roles import assert_refused, unguarded

from . import factories
from .accounts import signed_in

pytestmark = pytest.mark.django_db

PATH = "/api/v1/fact-changes/"
DOCUMENT = {"document": "履歴事項全部証明書", "document_sha256": "0" * 64}


@pytest.fixture
def operator():
    return factories.operator()


@pytest.fixture
def subject(operator):
    return factories.organisation("売")


@pytest.fixture
def owner(subject):
    return factories.person_of(subject, "owner", ["owner"])


def change(person, facts, **changes):
    return signed_in(person).post(PATH, {"facts": facts, **DOCUMENT, **changes}, format="json")


def test_an_owner_changes_facts_with_history(subject, owner):
    day = (clock.today() - timedelta(days=20)).isoformat()
    answer = change(owner, {"address": "大阪府大阪市1-1", "name_kana": "サヌキデータ"}, effective_on=day)
    assert answer.status_code == 201, answer.json()
    assert [(row["fact"], row["old_value"], row["new_value"]) for row in answer.json()["changes"]] == [
        ("address", "東京都千代田区1-1", "大阪府大阪市1-1"),
        ("name_kana", "", "サヌキデータ"),
    ]
    subject.refresh_from_db()
    assert (subject.address, subject.name_kana) == ("大阪府大阪市1-1", "サヌキデータ")
    change(owner, {"address": "京都府京都市2-2"})
    (newest, older) = FactChange.objects.filter(fact="address").order_by("-pk")
    assert (newest.old_value, older.effective_on.isoformat()) == (older.new_value, day)
    assert (newest.changed_by, newest.document) == (owner.public_id, DOCUMENT["document"])
    assert REGISTER["participants.facts_have_history"].check() == []
    assert REGISTER["evidence.rows_recorded"].check() == []


def test_what_changed_is_told_without_its_values(subject, owner):
    change(owner, {"representative": "代表取締役 讃岐 次郎", "contact_email": "jiro@example.jp"})
    event = OutboxEvent.objects.get(type="organisation.facts_changed")
    assert (event.data["facts"], event.data["is_screened"]) == ("contact_email,representative", True)
    told = repr(event.data) + repr(list(EvidenceRecord.objects.values_list("payload")))
    assert not [word for word in ("次郎", "jiro") if word in told]
    on_facts_changed(parse(event.type, event.data), envelope_of(event))
    notice = Notice.objects.get(organisation=subject)
    assert "代表者" in notice.body["ja"]
    assert "representative" in notice.body["en"]


@pytest.mark.parametrize(
    ("facts", "changes", "status", "field"),
    [
        ({"address": ""}, {}, 422, "facts.address"),
        ({"address": " "}, {}, 422, "facts.address"),
        ({"invoice_registration_number": "T1"}, {}, 422, "facts.invoice_registration_number"),
        ({"name_kana": "讃岐"}, {}, 422, "facts.name_kana"),
        ({"contact_email": "x"}, {}, 422, "facts.contact_email"),
        ({"corporate_number": "5835678256246"}, {}, 422, "facts.corporate_number"),
        ({"country": "DE"}, {}, 422, "facts.country"),
        ({"address": "x"}, {"document": " "}, 422, "document"),
        ({"address": "x"}, {"document_sha256": "x"}, 422, "document_sha256"),
        ({"address": "x"}, {"effective_on": "2999-01-01"}, 422, "effective_on"),
        ({"address": "東京都千代田区1-1"}, {}, 409, "facts"),
        ({}, {}, 409, "facts"),
    ],
)
def test_a_fault_is_named_and_nothing_changes(subject, owner, facts, changes, status, field):
    answer = change(owner, facts, **changes)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)
    before = subject.address
    subject.refresh_from_db()
    assert (subject.address, FactChange.objects.count()) == (before, 0)


def test_an_invoice_number_is_stated_once_and_taken_back(subject, owner):
    factories.organisation("B", invoice_registration_number="T1234567890123")
    taken = change(owner, {"invoice_registration_number": "T1234567890123"})
    assert (taken.status_code, taken.json()["code"]) == (409, "invoice_number_taken")
    assert change(owner, {"invoice_registration_number": "T9876543210987"}).status_code == 201
    assert change(owner, {"invoice_registration_number": ""}).status_code == 201
    subject.refresh_from_db()
    assert subject.invoice_registration_number is None
    assert REGISTER["participants.facts_have_history"].check() == []


def test_nobody_else_changes_a_fact(subject, owner, operator):
    finance = factories.person_of(subject, "finance", ["finance"])
    assert change(finance, {"address": "x"}).json()["code"] == "permission_needed"
    stale = factories.client_of(subject, person=owner, proved_seconds_ago=700)
    answer = stale.post(PATH, {"facts": {"address": "x"}, **DOCUMENT}, format="json")
    assert answer.json()["code"] == "proof_needed"
    staff = factories.person_of(operator, "staff", ["admission"])
    assert change(staff, {"address": "x"}).json()["code"] == "permission_needed"
    assert (
        factories.program_of(subject)
        .post(PATH, {"facts": {"address": "x"}, **DOCUMENT}, format="json")
        .status_code
        == 403
    )
    chief = factories.person_of(operator, "chief", ["owner"])
    assert change(chief, {"address": "運営の住所"}).status_code == 201
    subject.refresh_from_db()
    assert (subject.address, FactChange.objects.get().organisation) == ("東京都千代田区1-1", operator)


def test_the_history_is_read_by_its_own_and_the_operator(subject, owner, operator):
    change(owner, {"address": "大阪府大阪市1-1"})
    row = FactChange.objects.get().public_id
    assert signed_in(owner).get(f"{PATH}{row}/").status_code == 200
    assert factories.client_of(operator).get(f"{PATH}{row}/").status_code == 200
    assert factories.client_of(factories.organisation("他")).get(f"{PATH}{row}/").status_code == 404


def test_sizes_are_whole_numbers_in_digits_or_not_stated(subject, owner):
    assert sizes_of([subject.pk])[subject.pk] == Size(False, None, None, None)
    assert change(owner, {"capital_yen": "50000000", "employees": "0", "officers": "1"}).status_code == 201
    assert sizes_of([subject.pk])[subject.pk] == Size(False, 50_000_000, 0, 1)
    for fact in ("capital_yen", "employees", "officers"):
        for wrong in ("-1", "1.5", "１０", "012", "about 3"):
            assert change(owner, {fact: wrong}).status_code == 422
    assert change(owner, {"employees": ""}).status_code == 201
    assert sizes_of([subject.pk])[subject.pk] == Size(False, 50_000_000, None, 1)
    with unguarded("participants_organisation"):
        refused(
            "organisation_size",
            "UPDATE participants_organisation SET officers = 'few' WHERE id = %s",
            subject.pk,
        )


def refused(match, statement, *parameters):
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, parameters), because=match)


CHANGE = (
    "INSERT INTO participants_factchange (public_id, organisation_id, fact, old_value, new_value, effective_on,"
    " document, changed_by, changed_at) VALUES ('ofc_raw', %s, 'address', 'x', 'y', %s, 'z', %s, public.business_now())"
)


def test_the_database_changes_no_fact_without_its_history(subject, owner, operator):
    for fact in ("name_ja", "name_en", "name_kana", "address", "representative", "contact_email"):
        refused(
            "with its history",
            f"UPDATE participants_organisation SET {fact} = 'forged' WHERE id = %s",
            subject.pk,
        )
    refused(
        "cannot be changed",
        "UPDATE participants_organisation SET kind = 'individual' WHERE id = %s",
        subject.pk,
    )
    refused(
        "cannot be changed", "UPDATE participants_organisation SET country = 'SG' WHERE id = %s", subject.pk
    )
    staff = factories.person_of(operator, "staff", ["owner", "admission"])
    for person in (staff, owner):
        open_session(person)
    for person in (staff.public_id, "usr_nobody", "system"):
        refused("a person of it|fact_change_of_what", CHANGE, subject.pk, "2026-01-01", person)
    refused("once it holds", CHANGE, subject.pk, "2999-01-01", owner.public_id)
    change(owner, {"address": "大阪府大阪市1-1"})
    refused("append-only", "UPDATE participants_factchange SET new_value = 'forged'")


def test_a_fact_that_was_forced_in_is_named(subject, owner):
    change(owner, {"address": "大阪府大阪市1-1"})
    check = REGISTER["participants.facts_have_history"].check
    assert check() == []
    with unguarded("participants_organisation"):
        Organisation.objects.filter(pk=subject.pk).update(address="偽の住所")
    assert check() == [{"public_id": subject.public_id, "fact": "address"}]
    with unguarded("participants_organisation"):
        Organisation.objects.filter(pk=subject.pk).update(address="大阪府大阪市1-1")
    with unguarded("participants_factchange"):
        FactChange.objects.update(changed_by="usr_nobody")
    assert len(check()) == 1
