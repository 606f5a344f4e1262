"""The bank misbehaves by a seed, two people work it off, and at the end the ledger equals the bank to the yen."""

from __future__ import annotations

import os

import pytest
from django.db import connection

from clearing.bank.services import allocate_pay_in
from clearing.models import BankEntry
from marketplace.kernel.invariants import verify_all
from tests.faults.bank import Fate, Reason, Sending
from tests.faults.outside import Outside
from tests.faults.reckoning import differences
from tests.faults.tally import MISDEEDS as HAPPENED
from tests.roles import unguarded

SEED = int(os.environ.get("FAULTS_SEED", "1"))
DAYS = 8
WEEKS_DAYS = 30
SEEDS = range(1_000 * SEED, 1_000 * SEED + 24)
MISDEEDS = {kind.value for kinds in (Reason, Fate, Sending) for kind in kinds}


def broken() -> dict[str, object]:
    return {name: breaches for name, breaches in verify_all().items() if breaches}


def traded(seed: int, days: int) -> Outside:
    outside = Outside(seed)
    outside.run(days)
    return outside


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ledger_equals_a_bank_that_misbehaves(db, seed):
    outside = traded(seed, DAYS)
    assert (differences(outside), broken()) == ([], {})
    missing = MISDEEDS - set(outside.bank.happened)
    assert len(missing) <= 3, missing


def test_what_a_stranger_paid_in_is_nobody_s_until_it_is_given_to_the_wrong_one(db):
    """Two people may book a yen to the wrong client: the market's tables agree, and the outside does not."""
    outside = traded(3, DAYS)
    assert (differences(outside), broken()) == ([], {})
    stray = next(entry for entry in outside.bank.entries if entry.reason is Reason.STRAY)
    entry = BankEntry.objects.get(booked_on=stray.day, entry_reference=stray.reference)
    outside.office.by_two(
        allocate_pay_in, bank_entry=entry.public_id, organisation=outside.market.party("a").public_id
    )
    named = [difference.partition(":")[0] for difference in differences(outside)]
    assert (named, broken()) == (["client a", "in suspense", "suspense account"], {})


def test_a_yen_that_somebody_gives_a_client_behind_the_guards_is_named(db):
    outside = traded(4, DAYS)
    assert differences(outside) == []
    with unguarded("clearing_balance"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clearing_balance SET balance_minor = balance_minor - 1 WHERE account_id ="
            " (SELECT id FROM clearing_account WHERE organisation_id = %s AND kind = 'available')",
            [outside.market.party("a").pk],
        )
    assert [difference.partition(":")[0] for difference in differences(outside)] == ["client a"]
    assert "clearing.balances_equal_postings" in broken()


def test_an_entry_that_the_bank_never_made_is_named(db):
    outside = traded(5, DAYS)
    entry = outside.bank.entries.pop()
    sign = 1 if entry.direction == "debit" else -1
    outside.bank.accounts["7654321"] += sign * entry.amount_minor
    named = [difference.partition(":")[0].split(" (")[0] for difference in differences(outside)]
    assert {"client account", "last statement", "bank entry"} <= set(named)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", SEEDS)
def test_weeks_with_a_bank_that_misbehaves(db, seed):
    outside = traded(seed, WEEKS_DAYS)
    HAPPENED.update(outside.bank.happened)
    assert (differences(outside), broken()) == ([], {})


@pytest.mark.campaign
def test_the_bank_did_everything_that_it_can():
    assert sorted(MISDEEDS - set(HAPPENED)) == []
