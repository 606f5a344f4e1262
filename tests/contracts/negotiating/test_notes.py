"""Private notes: an organisation's own, which the other party never reads."""

from __future__ import annotations

import pytest

from contracts import services
from contracts.errors import TooManyNotes
from contracts.models import PrivateNote
from contracts.services import notes
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded
from marketplace.kernel.invariants import REGISTER
from tests.access.factories import open_over_http
from tests.participants import factories as people
from tests.roles import unguarded

from .. import factories
from ..raw import refused

pytestmark = pytest.mark.django_db

PATH = "/api/v1/negotiation-notes/"
TEXT = "上限は9万円。購買部の承認待ち。"


@pytest.fixture
def negotiation(market):
    return factories.requested(market)


def person(market, party: str):
    """A person on record of a party, with every role."""
    return people.member_for(market.organisation(party), f"usr_{party}_person")


def test_only_the_own_organisation_reads_its_notes(market, negotiation):
    clients = {name: people.client_of(market.organisation(name)) for name in market.organisations}
    made = clients["buyer"].post(PATH, {"negotiation": negotiation.public_id, "text": f" {TEXT} "})
    assert (made.status_code, made.json()["text"]) == (201, TEXT), made.json()
    own = f"{PATH}{made.json()['id']}/"
    assert [client.get(own).status_code for client in clients.values()] == [404, 404, 200, 404]
    listed = {name: len(client.get(PATH).json()["results"]) for name, client in clients.items()}
    assert listed == {"operator": 0, "seller": 0, "buyer": 1, "stranger": 0}
    asked = clients["buyer"].get(f"{PATH}?negotiation=ngt_none").json()
    assert asked["results"] == []
    refused_one = clients["stranger"].post(PATH, {"negotiation": negotiation.public_id, "text": "x"})
    assert refused_one.status_code == 404
    shown = clients["seller"].get(f"/api/v1/negotiations/{negotiation.public_id}/").content.decode()
    assert TEXT not in shown


def test_staff_reads_notes_only_under_an_access_to_their_organisation(market, negotiation):
    row = services.write_note(actor=person(market, "buyer"), negotiation=negotiation.public_id, text=TEXT)
    staff = people.client_of(market.organisation("operator"))
    open_over_http(staff, market.organisation("seller"), "trades")
    assert staff.get(f"{PATH}{row.public_id}/").status_code == 404
    open_over_http(staff, market.organisation("buyer"), "trades")
    assert staff.get(f"{PATH}{row.public_id}/").status_code == 200


def test_evidence_commits_to_a_note_and_does_not_state_it(market, negotiation):
    row = services.write_note(actor=person(market, "seller"), negotiation=negotiation.public_id, text=TEXT)
    record = EvidenceRecord.objects.get(kind="contracts.note_written")
    assert (record.subject, record.actor) == (row.public_id, row.written_by)
    assert record.payload == {
        "negotiation": negotiation.public_id,
        "organisation": market.seller.organisation,
        "text_commitment": commitment_to(row.salt, TEXT),
    }
    assert list(record.parties.values_list("organisation", flat=True)) == [market.seller.organisation]


def test_a_refused_note_changes_nothing(market, negotiation, monkeypatch):
    writer = person(market, "buyer")
    for actor, text, error in (
        (writer, " ", FieldInvalid),
        (writer, "x" * 2_001, FieldInvalid),
        (person(market, "stranger"), TEXT, Missing),
        (person(market, "operator"), TEXT, (Forbidden, Missing, PermissionNeeded)),
    ):
        with pytest.raises(error):
            services.write_note(actor=actor, negotiation=negotiation.public_id, text=text)
    monkeypatch.setattr(notes, "NOTES_MAX", 1)
    services.write_note(actor=writer, negotiation=negotiation.public_id, text=TEXT)
    with pytest.raises(TooManyNotes):
        services.write_note(actor=writer, negotiation=negotiation.public_id, text=TEXT)
    assert PrivateNote.objects.count() == 1


COPY = """
    INSERT INTO contracts_privatenote (public_id, negotiation_id, organisation_id, organisation_identifier, text,
        written_by, written_at)
    SELECT 'pnt_raw', id, {organisation}, 'x', '{person}', public.business_now() FROM contracts_negotiation
"""


def test_nobody_writes_notes_of_others(market, negotiation):
    actor, other = person(market, "buyer"), person(market, "stranger")
    for organisation, who, because in (
        ("buyer_id, buyer_identifier", "usr_made_up", "may not write notes"),
        ("buyer_id, buyer_identifier", other.identifier, "may not write notes"),
        ("seller_id, seller_identifier", actor.identifier, "may not write notes"),
        ("buyer_id, seller_identifier", actor.identifier, "is no party"),
        (f"{other.organisation_id}, '{other.organisation}'", other.identifier, "is no party"),
    ):
        refused(because, COPY.format(organisation=organisation, person=who))
    row = services.write_note(actor=actor, negotiation=negotiation.public_id, text=TEXT)
    for statement in ("UPDATE contracts_privatenote SET text = 'y'", "DELETE FROM contracts_privatenote"):
        refused("append-only|never|are kept", statement)
    assert REGISTER["contracts.noted_by_parties"].check() == []
    with unguarded("contracts_privatenote"):
        PrivateNote.objects.filter(pk=row.pk).update(written_by=other.identifier)
    assert len(REGISTER["contracts.noted_by_parties"].check()) == 1
