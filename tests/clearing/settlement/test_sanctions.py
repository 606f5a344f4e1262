"""Nothing is paid to a participant under sanctions, unless an authority permits the payment and two people say so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearing.approvals.reinstatements import reinstate_by_two
from clearing.models import PaymentPermission, StuckMoney, TransferFile
from clearing.safeguarding.services.idle_money import return_idle_money
from clearing.settlement.errors import NotUnderSanctions
from clearing.settlement.services.permissions import permit_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Missing, PermissionNeeded
from marketplace.participants.interest_errors import Recused
from marketplace.participants.services import declare_interest, suspend_participant
from tests.participants.factories import actor_for, client_of
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import refused, run
from ..test_invariants import broken

SANCTIONED = "clearing.sanctioned_are_not_paid"
PERMISSION = {"number": "財国第1234号", "authority": "財務大臣"}


def sanction(market, name: str, kind: str = "sanctions") -> None:
    suspend_participant(
        actor=SYSTEM,
        organisation=market.party(name).public_id,
        kind=kind,
        reason_code="listed",
        reason="告示",
        reference="財務省告示第45号",
    )


@made_once
def held(market):
    """The payment to a seller that is put under sanctions before it is sent; another seller's is beside it."""
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.accepted(market, "buyer", "other", 20_000)
    cycle = factories.clear(market)
    sanction(market, "seller")
    payments = {row.organisation_id: row for row in factories.instructions(cycle)}
    return payments[market.party("seller").pk]


def permit(market, payment, **changes):
    stated = PERMISSION | changes
    with pytest.raises(SecondPersonNeeded):
        permit_payment(actor=market.actor, instruction=payment.public_id, **stated)
    return permit_payment(actor=market.second, instruction=payment.public_id, **stated)


def test_who_is_related_to_the_payee_permits_no_payment(market, held):
    stated = {
        "organisation": market.party("seller").public_id,
        "kind": "family",
        "statement": "親族が勤務しています。",
    }
    declare_interest(actor=market.second, **stated)
    with pytest.raises(Recused):
        permit(market, held)
    assert PaymentPermission.objects.count() == 0


def send(market, payment):
    made = create_transfer_file(actor=market.actor, cycle=payment.cycle.public_id)
    payment.refresh_from_db()
    return made


def test_a_payment_to_a_participant_under_sanctions_stays_planned(market, held):
    made = send(market, held)
    assert made.left_out == [{"reference": held.reference, "reason": "sanctioned"}]
    assert (held.state, held.held_back) == ("planned", "sanctioned")
    shown = client_of(market.party("seller")).get("/api/v1/settlement-instructions/").json()["results"]
    assert shown[0]["waiting"]["code"] == "payment.sanctioned"
    assert factories.balance(market, "seller", "receivable") == held.amount_minor
    assert send(market, held) == made
    assert TransferFile.objects.count() == 1
    assert broken() == {}


def test_a_permission_by_two_releases_one_payment(market, held):
    send(market, held)
    permit(market, held)
    held.refresh_from_db()
    assert held.held_back == ""
    assert send(market, held).records == 1
    assert held.state == "sending"
    kept = EvidenceRecord.objects.get(kind="clearing.payment_permitted")
    assert (kept.actor, kept.payload["first_person"]) == (market.second.identifier, market.actor.identifier)
    assert kept.payload["number"] == PERMISSION["number"]
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    (later,) = [row for row in factories.instructions(cycle) if row.organisation_id == held.organisation_id]
    assert later.held_back == "sanctioned"
    assert broken() == {}


def test_the_end_of_the_sanctions_releases_all(market, held):
    send(market, held)
    organisation = market.party("seller").public_id
    with pytest.raises(SecondPersonNeeded):
        reinstate_by_two(actor=market.actor, organisation=organisation)
    reinstate_by_two(actor=market.second, organisation=organisation)
    assert send(market, held).records == 1
    assert broken() == {}


def test_other_kinds_hold_nothing_back(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    for kind in ("breach", "insolvency", "attachment"):
        sanction(market, "seller", kind)
    made = create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert made.left_out == []


def test_who_may_permit_what(market, held):
    for actor, instruction, changes, refusal in (
        (actor_for(market.party("seller")), held.public_id, {}, PermissionNeeded),
        (market.actor, "stl_nothing", {}, Missing),
        (market.actor, held.public_id, {"number": " "}, FieldInvalid),
        (market.actor, held.public_id, {"authority": ""}, FieldInvalid),
    ):
        with pytest.raises(refusal):
            permit_payment(actor=actor, instruction=instruction, **(PERMISSION | changes))
    (other,) = [
        row for row in factories.instructions(held.cycle) if row.organisation_id == market.party("other").pk
    ]
    with pytest.raises(NotUnderSanctions):
        permit_payment(actor=market.actor, instruction=other.public_id, **PERMISSION)
    permit(market, held)
    with pytest.raises(NotUnderSanctions):
        permit_payment(actor=market.second, instruction=held.public_id, **PERMISSION)
    assert PaymentPermission.objects.count() == 1


def test_idle_money_of_a_participant_under_sanctions_stays(market):
    factories.pay_in(market, "buyer", 5_000)
    sanction(market, "buyer")
    clock.move_to(clock.now() + timedelta(days=6), running=False)
    assert return_idle_money() == 0
    assert [row.reason_code for row in StuckMoney.objects.all()] == ["sanctioned"]
    assert factories.available(market, "buyer") == 5_000
    assert broken() == {}


def test_the_database_sends_nothing_to_somebody_under_sanctions(market, held):
    (file,) = TransferFile.objects.all() or [send(market, held)]
    sending = (
        "UPDATE clearing_settlementinstruction SET state = 'sending', held_back = '', transfer_file_id = %s,"
        " value_date = %s WHERE id = %s"
    )
    refused(sending, file.pk, file.value_date, held.pk, because="under sanctions")
    refused(
        "INSERT INTO clearing_paymentpermission (public_id, payment_id, number, authority, approval_id, permitted_by,"
        " permitted_at) SELECT 'ppm_raw', %s, 'x', 'y', max(id), 'usr_x', public.business_now() FROM approvals_approval",
        held.pk,
        because="no second person",
    )


def test_a_payment_forced_to_somebody_under_sanctions_is_named(market, held):
    file = send(market, held)
    assert SANCTIONED not in broken()
    with unguarded("clearing_settlementinstruction"):
        run(
            "UPDATE clearing_settlementinstruction SET state = 'sending', held_back = '', transfer_file_id = %s,"
            " value_date = %s WHERE id = %s",
            file.pk,
            file.value_date,
            held.pk,
        )
    assert SANCTIONED in broken()
