"""The price of commissioned work is reduced only for a fault that its seller admits, or that a dispute decides."""

from __future__ import annotations

import pytest

from contracts import services
from contracts.commissions import faults
from contracts.commissions.errors import NotCommissioned, ReducedWithoutFault
from contracts.commissions.models import SellerFault
from contracts.commissions.queries import require_reducible
from contracts.ending.consequences import words_of
from contracts.ending.queries import consequences_shown
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.notices.models import Notice
from tests.contracts import factories
from tests.contracts.raw import refused as refused_by_database
from tests.contracts.raw import run
from tests.contracts.refusals import refused
from tests.contracts.test_invariants import breaches
from tests.participants.factories import client_of
from tests.roles import unguarded

from .commissioned import commission, protected

pytestmark = pytest.mark.django_db
FAULT = {"ground": "incomplete", "statement": "3日分が欠けていました。"}
ADJUSTMENT = (
    "INSERT INTO contracts_adjustment (public_id, agreement_id, debtor, charge, amount_minor, currency, reason_code, reason, ordered_by,"
    " ordered_at) SELECT 'adj_forged', id, 'seller', 1, 10, 'JPY', 'quality', 'r', 'system', public.business_now() FROM contracts_agreement"
)


@pytest.fixture
def agreement(market):
    return factories.agreement(protected(market), commission=commission())


def adjust(market, agreement, debtor="seller"):
    return services.adjust_price(
        actor=market.operator,
        agreement=agreement.public_id,
        debtor=str(getattr(market, debtor).organisation),
        amount_minor=1_000,
        reason="欠測のため",
    )


def admit(market, agreement, who="seller", **changes):
    return faults.admit_fault(
        actor=getattr(market, who), agreement=agreement.public_id, **{**FAULT, **changes}
    )


def test_without_a_fault_nothing_is_reduced_and_with_one_it_is(market, agreement):
    with refused(ReducedWithoutFault, agreement=agreement.public_id):
        adjust(market, agreement)
    adjust(market, agreement, debtor="buyer")
    fault = admit(market, agreement)
    assert Notice.objects.get(subject=fault.public_id).organisation_id == agreement.buyer_id
    record = EvidenceRecord.objects.get(kind="contracts.seller_fault_admitted")
    assert (record.subject, "欠けて" in str(record.payload)) == (fault.public_id, False)
    assert adjust(market, agreement).debtor == "seller"
    assert breaches("reduced_for_fault") == 0


def complain(market, agreement):
    return services.open_dispute(
        actor=market.buyer, agreement=agreement.public_id, reason_code="incomplete", text="12月分がない"
    )


def test_a_dispute_that_was_dismissed_records_no_fault(market, agreement):
    factories.resolve(complain(market, agreement), market.operator, "dismissed")
    with refused(ReducedWithoutFault):
        adjust(market, agreement)


@pytest.mark.parametrize(("outcome", "amount_minor"), [("refund", None), ("reduction", 2_000)])
def test_a_dispute_that_is_decided_against_the_seller_records_a_fault(
    market, agreement, outcome, amount_minor
):
    factories.resolve(complain(market, agreement), market.operator, outcome, amount_minor=amount_minor)
    assert adjust(market, agreement).debtor == "seller"
    assert breaches("reduced_for_fault") == 0


@pytest.mark.parametrize(
    ("outcome", "amount_minor"), [("refund", None), ("reduction", 2_000), ("termination", None)]
)
def test_a_settlement_gives_something_back_once_a_fault_is_admitted(market, agreement, outcome, amount_minor):
    wanted = {
        "actor": market.buyer,
        "dispute": complain(market, agreement).public_id,
        "outcome": outcome,
        "amount_minor": amount_minor,
    }
    with refused(ReducedWithoutFault, agreement=agreement.public_id):
        services.propose_settlement(**wanted)
    admit(market, agreement)
    assert services.propose_settlement(**wanted).state == "open"


def test_the_breach_of_the_buyer_gives_it_nothing_back(market, agreement):
    dispute = services.open_against(
        actor=market.seller,
        agreement=agreement.public_id,
        reason_code="use_outside_rights",
        text="目的外の利用",
    )
    ready = factories.ready(dispute, market.operator)
    with refused(ReducedWithoutFault):
        services.resolve_dispute(
            actor=market.operator, dispute=ready, outcome="termination", reason="確認", amount_minor=1_000
        )
    services.resolve_dispute(actor=market.operator, dispute=ready, outcome="termination", reason="確認")
    with refused(ReducedWithoutFault):
        require_reducible(agreement.public_id)


def test_only_a_signatory_of_the_seller_admits(market, agreement):
    with refused(Forbidden):
        admit(market, agreement, who="buyer")
    with refused(Missing):
        admit(market, agreement, who="stranger")
    with refused(FieldInvalid, name="ground"):
        admit(market, agreement, ground="late_payment")
    with refused(FieldInvalid, name="statement"):
        admit(market, agreement, statement=" ")
    plain = factories.agreement(market)
    with refused(NotCommissioned):
        admit(market, plain)
    reader = client_of(market.organisation("seller"), roles=["finance"])
    assert (
        reader.post("/api/v1/seller-faults/", {"agreement": agreement.public_id, **FAULT}).status_code == 403
    )


def test_both_read_it_over_http_and_nobody_else(market, agreement):
    seller = client_of(market.organisation("seller"))
    answer = seller.post("/api/v1/seller-faults/", {"agreement": agreement.public_id, **FAULT}, format="json")
    assert answer.status_code == 201, answer.json()
    path = f"/api/v1/seller-faults/{answer.json()['id']}/"
    assert client_of(market.organisation("buyer")).get(path).json()["ground_label"]["ja"] == "給付の不足"
    assert client_of(market.organisation("stranger")).get(path).status_code == 404


def test_the_database_reduces_nothing_without_a_fault(market, agreement):
    refused_by_database("once a fault of its seller is recorded", ADJUSTMENT)
    refused_by_database(
        "a signatory of the seller",
        "INSERT INTO contracts_sellerfault (public_id, agreement_id, ground, statement, admitted_by, admitted_at)"
        " SELECT 'slf_forged', id, 'late', 'x', %s, public.business_now() FROM contracts_agreement",
        market.buyer.identifier,
    )
    admit(market, agreement)
    refused_by_database("append-only", "UPDATE contracts_sellerfault SET statement = 'x'")
    run(ADJUSTMENT)


def test_a_reduction_that_was_forced_in_is_named(market, agreement):
    with unguarded("contracts_adjustment"):
        run(ADJUSTMENT)
    assert breaches("reduced_for_fault") == 1
    with unguarded("contracts_sellerfault"):
        SellerFault.objects.create(
            agreement=factories.agreement(market), ground="late", statement="x", admitted_by="usr_x",
            admitted_at=agreement.concluded_at,
        )  # fmt: skip
    assert breaches("reduced_for_fault") == 2


def test_an_end_returns_nothing_of_what_was_received_without_a_fault(market, agreement):
    asked = {"ground": "mutual", "last_day": clock.today()}
    with pytest.raises(ReducedWithoutFault):
        consequences_shown(agreement, **asked, refund="pro_rata")
    by_law = consequences_shown(agreement, ground="law", last_day=clock.today(), refund=None)
    assert (by_law["refund"], by_law["refund_minor"]) == ("none", 0)
    assert "受領した給付の代金" in words_of(by_law)["ja"]
    admit(market, agreement)
    assert consequences_shown(agreement, **asked, refund="pro_rata")["refund_minor"] > 0
