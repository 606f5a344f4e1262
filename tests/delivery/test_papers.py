"""The papers of a delivery: the note of what was delivered, and the certificate of its acceptance."""

from __future__ import annotations

import pytest

from contracts.papers.content import TEMPLATE
from delivery import services
from delivery.papers import certificate_of, delivery_note_of
from marketplace.documents.services import render_pdf
from marketplace.kernel.errors import Missing
from tests.participants import factories as people

from . import factories

pytestmark = pytest.mark.django_db


def fact(data, name) -> object:
    (found,) = [fact for fact in data["facts"] if fact["name"] == name]
    return found["value_at"] or found["text"]["ja"]


def test_the_papers_follow_the_delivery():
    made = factories.granted()
    for data_of in (delivery_note_of, certificate_of):
        with pytest.raises(Missing):
            data_of(made.row)
    made.receive()
    note = delivery_note_of(made.row)
    assert (note["title"]["ja"], note["number"]) == ("納品書", f"{made.entitlement}-1")
    assert note["dated_at"] == made.inspection.matched_at.isoformat()
    assert [file["sha256"] for file in note["files"]] == [factories.sha256(one) for one in made.contents]
    with pytest.raises(Missing):
        certificate_of(made.row)
    services.accept_delivery(actor=made.buyer_actor, entitlement=made.entitlement)
    certificate = certificate_of(made.row)
    assert certificate["title"] == {"ja": "検収書", "en": "Acceptance certificate"}
    assert (certificate["issuer"], certificate["addressee"]) == (note["addressee"], note["issuer"])
    assert certificate["dated_at"] == made.inspection.accepted_at.isoformat()
    assert fact(certificate, "accepted_by") == "利用者による検収"
    assert fact(certificate, "received") == note["dated_at"]
    assert certificate["reference"] == note["reference"] != ""
    assert delivery_note_of(made.row) == note


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_delivery_note_comes_out_the_same_twice(language):
    made = factories.granted()
    made.receive()
    pdf = render_pdf(template=TEMPLATE, data=delivery_note_of(made.row), language=language)
    assert render_pdf(template=TEMPLATE, data=delivery_note_of(made.row), language=language) == pdf


def test_only_the_parties_read_the_papers():
    made = factories.granted()
    made.receive()
    path = f"/api/v1/deliveries/{made.entitlement}/papers/delivery-note/"
    stranger = people.organisation("他人")
    for organisation, status in ((made.buyer, 200), (made.seller, 200), (stranger, 404)):
        client = people.client_of(organisation)
        assert client.get(path).status_code == status
        assert client.get(f"{path}document.pdf/").status_code == status
    pending = f"/api/v1/deliveries/{made.entitlement}/papers/acceptance-certificate/"
    assert people.client_of(made.buyer).get(pending).status_code == 404
