"""The database itself holds signatures and mandates to the limits of authority of who answers for them."""

from __future__ import annotations

from datetime import timedelta

from contracts.models import Mandate, Signature
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.participants.authority import colleague, limit
from tests.roles import unguarded

from .. import factories, mandates
from ..raw import copied, refused, run
from .test_mandate_guards import forged

STEP = timedelta(minutes=1)


def found(name: str) -> list[dict[str, object]]:
    return verify_all("contracts")[f"contracts.{name}"]


def test_the_database_takes_no_signature_without_authority(market):
    desk = mandates.desk(market)
    mandate = mandates.mandated(market, desk)
    limit(market.seller, role="signatory", per_act_minor=50_000)
    person = {"signer": market.seller.identifier, "mandate_id": None}
    for changes in (
        {},
        person,
        {**person, "method": "market_side", "key_id": None},
    ):
        statement, parameters = forged(factories.requested(market), desk, mandate, **changes)
        refused("without a commitment", statement, *parameters)
    assert Signature.objects.count() == 0
    clock.move_to(clock.now() + STEP)
    statement, parameters = forged(factories.requested(market), desk, mandate, **person)
    with unguarded("contracts_signature"):
        run(statement, *parameters)
    assert found("signed_with_authority") == [{"public_id": Signature.objects.get().public_id}]


def test_the_database_takes_no_mandate_above_its_signers_limits(market):
    desk = mandates.desk(market)
    mandate = mandates.mandated(market, desk)
    assert found("mandates_with_authority") == []
    second = colleague(market.organisation("seller"), "second")
    limit(market.seller, person=second.identifier, per_act_minor=100_000, per_month_minor=200_000)
    clock.move_to(clock.now() + STEP)
    now = {"signed_at": clock.now(), "signed_by": second.identifier}
    for changes in (
        {"price_max_minor": 100_001, "total_max_minor": 200_000},
        {"price_max_minor": 100_000, "total_max_minor": 200_001},
        {"price_max_minor": 1, "total_max_minor": 1, "currency": "USD"},
    ):
        statement, parameters = copied("contracts_mandate", mandate.pk, public_id="mdt_raw", **now, **changes)
        refused("limits of authority of its signer", statement, *parameters)
    statement, parameters = copied("contracts_mandate", mandate.pk, public_id="mdt_raw", **now)
    with unguarded("contracts_mandate"):
        run(statement, *parameters)
    assert Mandate.objects.count() == 2
    assert found("mandates_with_authority") == [{"public_id": "mdt_raw"}]
