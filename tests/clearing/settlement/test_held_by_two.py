"""Where client money is held, and by what right: two people say so, and what weakens a control is announced first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearing.ledger.queries import regime_in_force
from clearing.models import ClientAccount, FundsRegime, SetOffRestraint
from clearing.settlement.held_by_two import (
    ACCOUNT_FIELDS,
    DECLARE_REGIME,
    REGIME_FIELDS,
    REGISTER_ACCOUNT,
)
from clearing.settlement.queries import client_account
from clearing.settlement.services.client_accounts import register_client_account
from clearing.settlement.services.funds_regimes import declare_funds_regime
from clearing.shortfalls.services.restraints import lift_restraint, record_restraint
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden
from tests.participants.factories import actor_for

from .. import factories
from ..raw import refused
from ..test_invariants import broken, changed_behind_the_guards

HELD = "clearing.client_money_held_by_two"
ANOTHER = factories.CLIENT_ACCOUNT | {"account_number": "1111111"}
WEAKER = [
    {"balance_cap_minor": factories.FUNDS_REGIME["balance_cap_minor"] + 1},
    {"idle_days": 6},
    {"regime": "trust"},
    {"cross_border_allowed": True, "cross_border_basis": "資金決済法の適用除外"},
]


def later(days: int = 4):
    return clock.now() + timedelta(days=days)


def rows() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (FundsRegime, ClientAccount, SetOffRestraint))


@pytest.fixture
def frozen(market):
    clock.move_to(clock.now(), running=False)
    return market


@pytest.mark.parametrize("change", WEAKER)
def test_a_regime_that_protects_less_takes_two_people_and_notice(frozen, change):
    stated = factories.FUNDS_REGIME | change
    before = rows()
    for effective_from in (None, later(2)):
        with pytest.raises(FieldInvalid) as early:
            declare_funds_regime(actor=frozen.actor, currency="JPY", effective_from=effective_from, **stated)
        assert early.value.name == "effective_from"
    announced = {**stated, "effective_from": later(3)}
    with pytest.raises(SecondPersonNeeded):
        declare_funds_regime(actor=frozen.actor, currency="JPY", **announced)
    assert rows() == before
    made = declare_funds_regime(actor=frozen.second, currency="JPY", **announced)
    assert (regime_in_force("JPY") == made, regime_in_force("JPY", later(3)) == made) == (False, True)
    assert broken() == {}


def test_one_person_twice_and_a_program_declare_nothing(market):
    stated = {"currency": "JPY", **factories.FUNDS_REGIME}
    before = rows()
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            declare_funds_regime(actor=market.second, **stated)
    with pytest.raises(Forbidden):
        declare_funds_regime(actor=market.program, **stated)
    with pytest.raises(SecondPersonNeeded):
        declare_funds_regime(
            actor=actor_for(market.operator, "usr_other"), **stated | {"legal_reference": "信託契約"}
        )
    assert (rows(), Approval.objects.filter(state="pending").count()) == (before, 2)


def test_a_later_version_is_compared_with_the_one_in_force_then(frozen):
    """A stronger version that is announced is weakened only after a notice of its own."""
    cap = factories.FUNDS_REGIME["balance_cap_minor"]
    strict = factories.FUNDS_REGIME | {"balance_cap_minor": cap // 2}
    factories.by_two(frozen, declare_funds_regime, currency="JPY", effective_from=later(1), **strict)
    with pytest.raises(FieldInvalid):
        declare_funds_regime(
            actor=frozen.actor, currency="JPY", effective_from=later(2), **factories.FUNDS_REGIME
        )
    assert regime_in_force("JPY", later(2)).balance_cap_minor == cap // 2
    assert broken() == {}


def test_another_account_takes_two_people_and_notice(frozen):
    before, in_force = rows(), client_account("JPY")
    with pytest.raises(FieldInvalid) as early:
        register_client_account(actor=frozen.actor, currency="JPY", **ANOTHER)
    assert early.value.name == "effective_from"
    announced = {"currency": "JPY", "effective_from": later(3), **ANOTHER}
    with pytest.raises(SecondPersonNeeded):
        register_client_account(actor=frozen.second, **announced)
    with pytest.raises(SecondPersonNeeded):
        register_client_account(actor=frozen.second, **announced)
    assert rows() == before
    made = register_client_account(actor=actor_for(frozen.operator, "usr_other"), **announced)
    assert (client_account("JPY"), made.registered_by) == (in_force, "usr_other")
    kept = EvidenceRecord.objects.get(subject=made.public_id)
    assert (kept.actor, kept.payload["first_person"]) == ("usr_other", frozen.second.identifier)
    clock.move_to(later(3), running=False)
    assert client_account("JPY") == made
    assert broken() == {}


def test_a_name_of_the_same_account_changes_without_notice(market):
    renamed = factories.CLIENT_ACCOUNT | {"requester_name": "ｻﾝﾎﾟｳ"}
    made = factories.by_two(market, register_client_account, currency="JPY", **renamed)
    assert client_account("JPY") == made
    assert broken() == {}


REGIME = (
    "INSERT INTO clearing_fundsregime (public_id, currency, regime, legal_reference, registration_number,"
    " balance_cap_minor, idle_days, cross_border_allowed, cross_border_basis, effective_from, approval, declared_by,"
    " declared_at) SELECT 'fnr_raw', currency, regime, legal_reference, registration_number, {}, idle_days,"
    " cross_border_allowed, cross_border_basis, {}, {}, declared_by, statement_timestamp() FROM clearing_fundsregime"
    " WHERE currency = 'JPY'"
)
ACCOUNT = (
    "INSERT INTO clearing_clientaccount (public_id, currency, requester_code, requester_name, bank_code, bank_name,"
    " branch_code, branch_name, account_type, account_number, effective_from, approval_id, registered_by,"
    " registered_at) SELECT 'cla_raw', currency, requester_code, requester_name, bank_code, bank_name, branch_code,"
    " branch_name, account_type, {}, {}, {}, registered_by, statement_timestamp() FROM clearing_clientaccount"
)


def approve(market, command: str, row, fields: tuple[str, ...], **changes) -> Approval:
    """What two people approved of the content of ``row``, and no service carried out."""
    made = Approval.objects.create(
        command=command,
        subject="JPY",
        digest="0" * 64,
        payload={name: getattr(row, name) for name in fields} | changes,
        organisation=market.operator.public_id,
        permission="clearing:write",
        first_person=market.actor.identifier,
        first_responsible=market.actor.identifier,
        asked_at=clock.now(),
        expires_at=later(1),
    )
    made.state, made.ended_by, made.ended_at = "approved", market.second.identifier, clock.now()
    made.save()
    return made


def restrain(market) -> SetOffRestraint:
    return record_restraint(
        actor=market.actor,
        organisation=market.party("seller").public_id,
        kind="attachment",
        served_at=clock.now(),
        reference="x",
    )


def test_one_person_declares_and_registers_nothing_in_the_database(market):
    regime, account = FundsRegime.objects.get(currency="JPY"), ClientAccount.objects.get()
    cap = regime.balance_cap_minor
    restraint = restrain(market)
    before = rows()
    nobody = "no second person approved this for JPY"
    refused(REGIME.format(cap, "statement_timestamp()", "'apv_none'"), because=nobody)
    declared = approve(market, DECLARE_REGIME, regime, REGIME_FIELDS, balance_cap_minor=cap + 1)
    refused(REGIME.format(cap, "statement_timestamp()", f"'{declared.public_id}'"), because=nobody)
    refused(
        REGIME.format(cap + 1, "statement_timestamp()", f"'{declared.public_id}'"),
        because="takes effect before its notice is over",
    )
    registered = approve(market, REGISTER_ACCOUNT, account, ACCOUNT_FIELDS, account_number="1111111")
    refused(ACCOUNT.format("'2222222'", "statement_timestamp()", registered.pk), because=nobody)
    refused(ACCOUNT.format("'1111111'", "statement_timestamp()", declared.pk), because=nobody)
    refused(
        ACCOUNT.format("'1111111'", "statement_timestamp()", registered.pk),
        because="takes effect before its notice is over",
    )
    refused(
        ACCOUNT.format("'1111111'", "statement_timestamp() - interval '1 day'", registered.pk),
        because="client_account_not_backdated",
    )
    lift = (
        "INSERT INTO clearing_setoffrestraint (public_id, organisation_id, currency, kind, served_at, reference,"
        " lifts_id, approval_id, noted_at, recorded_by) SELECT 'sor_raw', organisation_id, currency, kind, served_at,"
        f" 'x', id, {{}}, now(), 'usr_x' FROM clearing_setoffrestraint WHERE id = {restraint.pk}"
    )
    for approval in ("NULL", str(registered.pk)):
        refused(lift.format(approval), because="was lifted by no second person")
    assert rows() == before


def test_a_regime_that_nobody_approved_is_named(market):
    regime = FundsRegime.objects.get(currency="JPY")
    changed_behind_the_guards(
        "clearing_fundsregime",
        f"UPDATE clearing_fundsregime SET balance_cap_minor = 1 WHERE id = {regime.pk}",
    )
    assert [row["public_id"] for row in broken()[HELD]] == [regime.public_id]


def test_an_account_that_nobody_approved_is_named(market):
    account = ClientAccount.objects.get()
    changed_behind_the_guards(
        "clearing_clientaccount", "UPDATE clearing_clientaccount SET bank_code = '0009'"
    )
    assert [row["public_id"] for row in broken()[HELD]] == [account.public_id]


def test_a_lift_that_nobody_approved_is_named(market):
    restraint = restrain(market)
    factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取下げ")
    assert broken() == {}
    changed_behind_the_guards(
        "clearing_setoffrestraint",
        "UPDATE clearing_setoffrestraint SET recorded_by = 'usr_x' WHERE lifts_id IS NOT NULL",
    )
    assert len(broken()[HELD]) == 1
