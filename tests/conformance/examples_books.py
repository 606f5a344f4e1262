"""Requests that succeed, of what is read of clearing: on books with a cycle that is settled (``books`` in ``conftest.py``)."""

from __future__ import annotations

from datetime import timedelta

from clearing.models import (
    Account,
    BankEntry,
    BankStatement,
    ClientAccount,
    Cycle,
    Entry,
    FundsRegime,
    Invoice,
    NetPosition,
    Obligation,
    SegregationCheck,
    SettlementInstruction,
    StatementImport,
    Trade,
    TransferFile,
)
from clearing.safeguarding.services.segregation import check_client_money
from clearing.settlement.services.reserve import announce_reserve_reduction
from clearing.settlement.services.restorations import record_restoration
from clearing.shortfalls.services.restraints import record_restraint
from clearing.trades.obligation_reference import obligation_reference
from clearing.trades.services.supplies import state_supply
from marketplace.kernel import clock
from tests.clearing import factories, guaranteeing

from .requests import EVERYBODY, Table
from .world import World

TABLE = Table()


def first_of(model: type, **conditions: object):
    """The identifier of the oldest row of a model."""
    return lambda _world: str(model.objects.filter(**conditions).earliest("pk").public_id)


def of_seller(model: type, **conditions: object):
    """That of the seller's oldest."""
    return lambda world: str(
        model.objects.filter(organisation=world.of("seller"), **conditions).earliest("pk").public_id
    )


def settled_cycle(_world: World) -> str:
    return str(Cycle.objects.get(state="settled").public_id)


def obligation(world: World) -> str:
    row = Obligation.objects.filter(debtor=world.of("seller")).earliest("pk")
    return str(obligation_reference(row.trade.public_id, row.pk))


def reserve_reduction(world: World) -> str:
    """A part of the reserve that is announced to be taken out."""
    factories.fund_reserve(world.clearing, 5_000)
    announced = factories.by_two(
        world.clearing, announce_reserve_reduction, amount_minor=1_000, reason="見直し"
    )
    return str(announced.public_id)


def restraint(world: World) -> str:
    """An attachment of what the seller is owed."""
    return record_restraint(
        actor=world.actor("operator"),
        organisation=world.of("seller").public_id,
        kind="attachment",
        served_at=clock.now(),
        reference="令和8年(ル)第1号",
    ).public_id


def restoration(_world: World) -> str:
    return record_restoration().public_id


def guarantee(world: World) -> str:
    return guaranteeing.register(world.clearing, "buyer", 1_000_000).public_id


def supply(world: World) -> str:
    return state_supply(actor=world.actor("seller"), listing=world.listing, supply="data").public_id


def check(_world: World) -> str:
    check_client_money()
    return str(SegregationCheck.objects.latest("pk").public_id)


def month() -> str:
    return (clock.today().replace(day=1) - timedelta(days=1)).isoformat()


TABLE.listed("accounts/", "seller", of_seller(Account))
TABLE.read("postings/", "seller")
TABLE.read("balances/", "seller", is_shared=True)
TABLE.read("trial-balance/", "operator")
TABLE.read("client-money/", "operator")
TABLE.read("journal/", "operator")
TABLE.listed("positions/", "seller", of_seller(NetPosition))
TABLE.of_row("GET positions/{}/statement/", "seller", of_seller(NetPosition))
TABLE.read("verification-script/", EVERYBODY)
TABLE.listed("trades/", "buyer", first_of(Trade))
TABLE.of_row("GET trades/{}/proof/", "buyer", first_of(Trade))
TABLE.listed("cycles/", EVERYBODY, settled_cycle)
TABLE.of_row("GET cycles/{}/progress/", EVERYBODY, settled_cycle)
TABLE.of_row("GET cycles/{}/left-out/", "seller", settled_cycle, is_shared=True)
TABLE.of_row("GET cycle-reports/{}/", "operator", settled_cycle)
TABLE.of_row("GET cycle-reports/{}/document.html/", "operator", settled_cycle)
TABLE.listed("journal-entries/", "seller", of_seller(Entry))
TABLE.read("expected-payments/", "seller", may_be_empty=True)
TABLE.listed("settlement-instructions/", "seller", of_seller(SettlementInstruction))
TABLE.listed("transfer-files/", "operator", first_of(TransferFile))
TABLE.of_row("GET transfer-files/{}/content/", "operator", first_of(TransferFile))
TABLE.listed("client-accounts/", "operator", first_of(ClientAccount))
TABLE.listed("funds-regimes/", EVERYBODY, first_of(FundsRegime))
TABLE.listed("reserve-reductions/", EVERYBODY, reserve_reduction)
TABLE.listed("bank-statements/", "operator", first_of(BankStatement))
TABLE.listed("statement-imports/", "operator", first_of(StatementImport))
TABLE.listed("bank-entries/", "operator", first_of(BankEntry))
TABLE.listed("invoices/", "seller", first_of(Invoice))
TABLE.of_row("GET invoices/{}/document.pdf/", "seller", first_of(Invoice), is_costly=True)
TABLE.listed("obligations/", "seller", obligation)
TABLE.read("pay-in-reference/", "buyer", is_shared=True)
TABLE.listed("restorations/", "operator", restoration)
TABLE.read("shortfalls/", "buyer", may_be_empty=True)
TABLE.listed("set-off-restraints/", "operator", restraint)
TABLE.read("monthly-statements/draft/", "seller", is_shared=True)
TABLE.read("bank-reconciliation/", "operator", query="?month=2026-11-01")
TABLE.listed("segregation-checks/", "operator", check)
TABLE.listed("guarantees/", "buyer", guarantee)
TABLE.read("guarantee-exposures/", "operator")
TABLE.listed("supply-statements/", "seller", supply)
TABLE.read("trading-neutrality/", EVERYBODY)
TABLE.read("cut-offs/", EVERYBODY, query="?currency=JPY")
