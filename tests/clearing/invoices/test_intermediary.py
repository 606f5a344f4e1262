"""The intermediary rule: the operator issues for a registered seller that has notified it beforehand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearing.invoices.services.correcting import correct_invoice
from clearing.invoices.services.intermediary import give_intermediary_notice, withdraw_intermediary_notice
from clearing.models import IntermediaryNotice, Invoice
from marketplace.events.models import OutboxEvent
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.participants import factories as participants
from tests.participants.factories import actor_for, client_of
from tests.participants.stating import restate
from tests.standing import made_once

from .. import factories


def test_the_application_may_withdraw_a_notice(registered):
    """It may not lock a notice, which is append-only."""
    seller = actor_for(registered.party("seller"))
    notice = give_intermediary_notice(actor=seller, effective_from=clock.today())
    withdraw_intermediary_notice(actor=seller, notice=notice.public_id, effective_from=clock.today())
    assert IntermediaryNotice.objects.filter(withdraws=notice).count() == 1


@made_once
def registered(market):
    """A market whose operator is a registered issuer, on a clock that can be moved."""
    restate(market.operator, invoice_registration_number=f"T{market.operator.corporate_number}")
    clock.move_to(clock.now(), running=False)
    return market


def notify(market, name="seller", days=0):
    return give_intermediary_notice(
        actor=actor_for(market.party(name)), effective_from=clock.today() + timedelta(days=days)
    )


def sale(market):
    """The invoice of one more sale."""
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    return Invoice.objects.filter(purpose="purchase").latest("pk")


def test_the_operator_issues_in_its_own_name_and_number(registered):
    notify(registered)
    invoice = sale(registered)
    operator, seller = registered.operator, registered.party("seller")
    assert (invoice.issuer_id, invoice.supplier_id, invoice.kind) == (
        operator.pk,
        seller.pk,
        "qualified_invoice",
    )
    assert invoice.number == f"{operator.corporate_number}-000001"
    assert invoice.document["issuer"]["registration_number"] == f"T{operator.corporate_number}"
    assert invoice.document["supplier"]["name"]["ja"] == "組織seller"
    told = OutboxEvent.objects.get(type="invoices.issued", subject=seller.public_id).data
    assert told["cycle"] == invoice.cycle.public_id
    assert {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


def test_the_seller_has_its_copy_and_a_stranger_none(registered):
    notify(registered)
    invoice = sale(registered)
    shown = client_of(registered.party("seller")).get(f"/api/v1/invoices/{invoice.public_id}/").json()
    assert shown["supplier"] == registered.party("seller").public_id
    assert shown["document"] == invoice.document
    found = (
        client_of(registered.party("seller")).get(f"/api/v1/invoices/?supplier={shown['supplier']}").json()
    )
    assert [row["id"] for row in found["results"]] == [invoice.public_id]
    stranger = client_of(registered.party("stranger"))
    assert stranger.get(f"/api/v1/invoices/{invoice.public_id}/").status_code == 404


def test_returns_follow_who_issued(registered):
    notice = notify(registered)
    trade = factories.accepted(registered, "buyer", "seller", 10_000)
    factories.clear(registered)
    withdraw_intermediary_notice(
        actor=actor_for(registered.party("seller")), notice=notice.public_id, effective_from=clock.today()
    )
    factories.adjust(registered, trade, "seller", "buyer", 500)
    factories.clear(registered)
    correction = Invoice.objects.get(purpose="correction")
    assert (correction.issuer_id, correction.supplier_id) == (
        registered.operator.pk,
        registered.party("seller").pk,
    )


def test_the_operator_alone_corrects_what_it_issued(registered):
    notify(registered)
    invoice = sale(registered)
    change = {"invoice": invoice.public_id, "changes": {"note": "x"}, "reason": "y"}
    path, body = f"/api/v1/invoices/{invoice.public_id}/correct/", {"changes": {"note": "x"}, "reason": "y"}
    assert client_of(registered.party("seller")).post(path, body, format="json").status_code == 403
    assert Invoice.objects.filter(replaces=invoice).count() == 0
    made = correct_invoice(actor=registered.actor, **change)
    assert made.supplier_id == registered.party("seller").pk


@pytest.mark.parametrize("lacks", ["notice", "operator", "seller"])
def test_without_both_registered_and_a_notice_the_seller_issues(market, lacks):
    clock.move_to(clock.now(), running=False)
    if lacks != "operator":
        restate(market.operator, invoice_registration_number=f"T{market.operator.corporate_number}")
    if lacks != "notice":
        notify(market)
    seller = market.party("seller")
    if lacks == "seller":
        restate(seller, invoice_registration_number="")
    invoice = sale(market)
    assert (invoice.issuer_id, invoice.supplier_id) == (seller.pk, None)


def test_a_notice_works_forward_only(registered):
    factories.accepted(registered, "buyer", "seller", 10_000)
    clock.move_to(clock.now() + timedelta(minutes=1), running=False)
    notice = notify(registered)
    factories.accepted(registered, "buyer", "seller", 20_000)
    clock.move_to(clock.now() + timedelta(minutes=1), running=False)
    withdraw_intermediary_notice(
        actor=actor_for(registered.party("seller")),
        notice=notice.public_id,
        effective_from=clock.today() + timedelta(days=2),
    )
    factories.accepted(registered, "buyer", "seller", 30_000)
    clock.move_to(clock.now() + timedelta(days=2), running=False)
    factories.accepted(registered, "buyer", "seller", 40_000)
    factories.clear(registered)
    issued = Invoice.objects.filter(purpose="purchase").order_by("net_minor")
    assert [row.supplier_id is not None for row in issued] == [False, True, True, False]
    assert {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


def test_a_notice_is_given_and_withdrawn_over_http(registered):
    seller = client_of(registered.party("seller"))
    today, later = clock.today().isoformat(), (clock.today() + timedelta(days=30)).isoformat()
    past = (clock.today() - timedelta(days=1)).isoformat()
    path = "/api/v1/intermediary-notices/"
    assert seller.post(path, {"effective_from": past}).status_code == 422
    made = seller.post(path, {"effective_from": today})
    assert (made.status_code, made.json()["withdrawn_from"]) == (201, None)
    assert seller.post(path, {"effective_from": later}).json()["code"] == "intermediary_notice_stands"
    own = f"{path}{made.json()['id']}/"
    stranger = client_of(registered.party("stranger"))
    assert stranger.get(own).status_code == 404
    assert stranger.post(f"{own}withdraw/", {"effective_from": later}).status_code == 404
    assert stranger.get(path).json()["results"] == []
    assert seller.post(f"{own}withdraw/", {"effective_from": past}).status_code == 422
    assert IntermediaryNotice.objects.count() == 1
    for _ in range(2):
        answer = seller.post(f"{own}withdraw/", {"effective_from": later})
        assert (answer.status_code, answer.json()["withdrawn_from"]) == (200, later)
    assert IntermediaryNotice.objects.count() == 2
    operator = client_of(registered.operator).get(path).json()["results"]
    assert [row["id"] for row in operator] == [made.json()["id"]]


def test_an_unregistered_seller_gives_no_notice(registered):
    registered.parties["plain"] = participants.organisation("plain")
    answer = client_of(registered.party("plain")).post(
        "/api/v1/intermediary-notices/", {"effective_from": clock.today().isoformat()}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not_registered_issuer")
    assert IntermediaryNotice.objects.count() == 0
