"""Messages between parties: no access of staff shows them, only a party's disclosure, and both parties are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts import services
from contracts.errors import DisclosureRevoked, DisclosureStands
from contracts.models import MessageDisclosure
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.contracts import MessagesDisclosed
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.notices.handlers.staff_accesses import on_messages_disclosed
from tests.access.factories import open_over_http
from tests.notices.factories import handle, notice_titles
from tests.participants import factories as people
from tests.roles import unguarded

from .. import factories
from ..raw import refused

pytestmark = pytest.mark.django_db

PATH = "/api/v1/negotiations/"
NOTE = "年間契約を前提にご検討ください。"
CASE = {"reference": "SUP-2026-0117"}


@pytest.fixture
def negotiation(market):
    made = factories.requested(market)
    services.make_offer(
        actor=market.seller, negotiation=made.public_id, terms={"price_minor": 110_000}, note=NOTE
    )
    return made


def person(market, party: str):
    """A person on record of a party, with every role."""
    return people.member_for(market.organisation(party), f"usr_{party}_person")


def messages(client, negotiation) -> tuple[int, list[str], object]:
    """What a client reads of the messages: the status, the notes and whether they are withheld."""
    answer = client.get(f"{PATH}{negotiation.public_id}/")
    shown = answer.json()
    notes = [proposal["note"] for proposal in shown.get("proposals", ())]
    return answer.status_code, notes[1:], shown.get("messages_withheld")


def test_an_access_shows_no_messages_until_a_party_discloses_them(market, negotiation):
    staff = people.client_of(market.organisation("operator"))
    buyer = people.client_of(market.organisation("buyer"))
    assert messages(staff, negotiation)[0] == 404
    assert messages(buyer, negotiation) == (200, [NOTE], False)
    open_over_http(staff, market.organisation("buyer"), "trades")
    assert messages(staff, negotiation) == (200, [""], True)
    made = buyer.post(f"{PATH}{negotiation.public_id}/disclosures/", CASE)
    assert made.status_code == 201, made.json()
    assert messages(staff, negotiation) == (200, [NOTE], False)
    listed = staff.get(PATH).json()["results"]
    assert [row["messages_withheld"] for row in listed] == [False]
    revoked = buyer.post(f"/api/v1/message-disclosures/{made.json()['id']}/revoke/", {})
    assert revoked.status_code == 200, revoked.json()
    assert messages(staff, negotiation) == (200, [""], True)


def test_a_disclosure_shows_nothing_without_an_access_and_the_role(market, negotiation):
    services.disclose_messages(actor=person(market, "seller"), negotiation=negotiation.public_id, **CASE)
    operator = market.organisation("operator")
    assert messages(people.client_of(operator), negotiation)[0] == 404
    clerk = people.client_of(operator, roles=("clearing",))
    open_over_http(clerk, market.organisation("buyer"), "trades")
    assert messages(clerk, negotiation) == (200, [""], True)
    support = people.client_of(operator, roles=("support",))
    open_over_http(support, market.organisation("buyer"), "trades")
    assert messages(support, negotiation) == (200, [NOTE], False)


def test_a_command_of_staff_shows_no_messages(market, negotiation):
    services.disclose_messages(actor=person(market, "seller"), negotiation=negotiation.public_id, **CASE)
    staff = people.client_of(market.organisation("operator"))
    ended = staff.post(
        f"{PATH}{negotiation.public_id}/terminate/", {"reason_code": "breach", "reason": "違反"}
    )
    assert ended.status_code == 200, ended.json()
    assert [each["note"] for each in ended.json()["proposals"]] == ["", ""]
    assert (ended.json()["messages_withheld"], ended.json()["end_reason"]) == (True, "違反")


def test_the_reason_of_a_party_is_a_message_too(market, negotiation):
    services.terminate(actor=market.buyer, negotiation=negotiation.public_id, reason="予算を超えています。")
    staff = people.client_of(market.organisation("operator"))
    open_over_http(staff, market.organisation("buyer"), "trades")
    assert staff.get(f"{PATH}{negotiation.public_id}/").json()["end_reason"] == ""
    buyer = people.client_of(market.organisation("buyer"))
    assert buyer.get(f"{PATH}{negotiation.public_id}/").json()["end_reason"] == "予算を超えています。"


def test_a_disclosure_is_recorded_and_both_parties_are_told(market, negotiation):
    actor = person(market, "buyer")
    row = services.disclose_messages(actor=actor, negotiation=negotiation.public_id, **CASE)
    with pytest.raises(DisclosureStands):
        services.disclose_messages(actor=actor, negotiation=negotiation.public_id, **CASE)
    services.revoke_disclosure(actor=actor, disclosure=row.public_id)
    with pytest.raises(DisclosureRevoked):
        services.revoke_disclosure(actor=actor, disclosure=row.public_id)
    records = EvidenceRecord.objects.filter(subject=row.public_id).order_by("pk")
    assert [record.kind for record in records] == [
        "contracts.messages_disclosed",
        "contracts.messages_revoked",
    ]
    events = OutboxEvent.objects.filter(type="negotiation.disclosed").order_by("pk")
    for event in events:
        handle(on_messages_disclosed, MessagesDisclosed(**event.data))
    for party in ("buyer", "seller"):
        assert notice_titles(market.organisation(party))[-2:] == [
            "交渉のメッセージが開示されました",
            "メッセージの開示が撤回されました",
        ]
    assert not any(verify_all("contracts").values())


def test_nobody_else_discloses(market, negotiation):
    stranger, staff = person(market, "stranger"), market.operator
    stated = {"negotiation": negotiation.public_id, **CASE}
    with pytest.raises(Missing):
        services.disclose_messages(actor=stranger, **stated)
    with pytest.raises(PermissionNeeded):
        services.disclose_messages(actor=staff, **stated)
    reader = person(market, "buyer")
    with pytest.raises(PermissionNeeded):
        services.disclose_messages(actor=replace(reader, permissions=frozenset()), **stated)
    with pytest.raises(Forbidden):
        services.disclose_messages(actor=replace(reader, identifier="app_program"), **stated)
    with pytest.raises(FieldInvalid):
        services.disclose_messages(actor=reader, negotiation=negotiation.public_id, reference=" ")
    row = services.disclose_messages(actor=reader, **stated)
    for actor in (stranger, person(market, "seller")):
        with pytest.raises(Missing):
            services.revoke_disclosure(actor=actor, disclosure=row.public_id)
    assert MessageDisclosure.objects.get().revoked_at is None


COPY = """
    INSERT INTO contracts_messagedisclosure (public_id, negotiation_id, organisation_id, organisation_identifier, reference,
        disclosed_by, disclosed_at)
    SELECT 'mds_raw', id, {organisation}, 'x', '{person}', public.business_now() FROM contracts_negotiation
"""


def test_nobody_discloses_what_others_wrote(market, negotiation):
    actor, other = person(market, "buyer"), person(market, "stranger")
    auditor = people.person_of(market.organisation("buyer"), "auditor", ("auditor",)).public_id
    stranger = f"{other.organisation_id}, '{other.organisation}'"
    for organisation, who, because in (
        ("buyer_id, buyer_identifier", "usr_made_up", "may not disclose"),
        ("buyer_id, buyer_identifier", auditor, "may not disclose"),
        ("buyer_id, buyer_identifier", other.identifier, "may not disclose"),
        ("seller_id, seller_identifier", actor.identifier, "may not disclose"),
        ("buyer_id, seller_identifier", actor.identifier, "is no party"),
        (stranger, other.identifier, "is no party"),
        ("buyer_id, buyer_identifier", "app_program", "disclosure_by_people|may not disclose"),
    ):
        refused(because, COPY.format(organisation=organisation, person=who))
    row = services.disclose_messages(actor=actor, negotiation=negotiation.public_id, **CASE)
    for change, because in (
        ("reference = 'another'", "cannot be changed"),
        ("revoked_at = public.business_now()", "disclosure_by_people"),
        (f"revoked_at = public.business_now(), revoked_by = '{other.identifier}'", "may not revoke"),
        (f"revoked_at = '2020-01-01', revoked_by = '{actor.identifier}'", "not that of the clock"),
    ):
        refused(because, f"UPDATE contracts_messagedisclosure SET {change}")
    refused("are kept", "DELETE FROM contracts_messagedisclosure")
    refused(
        "disclosure_stands_once",
        COPY.format(organisation="buyer_id, buyer_identifier", person=actor.identifier),
    )
    assert REGISTER["contracts.disclosed_by_parties"].check() == []
    with unguarded("contracts_messagedisclosure"):
        MessageDisclosure.objects.filter(pk=row.pk).update(disclosed_by=other.identifier)
    assert len(REGISTER["contracts.disclosed_by_parties"].check()) == 1
