"""What other applications read of organisations."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from marketplace.kernel import clock
from marketplace.participants import queries
from marketplace.participants.payout_queries import payout_accounts_on

from . import factories

pytestmark = pytest.mark.django_db


def test_an_organisation_is_the_same_alone_and_among_many():
    operator = factories.operator()
    paid = factories.organisation("paid", payout_account=factories.PAYOUT_ACCOUNT)
    plain = factories.organisation("plain")
    found = queries.organisations_by_id([operator.pk, paid.pk, plain.pk, 0])
    assert found == {row.pk: queries.get_organisation(row.public_id) for row in (operator, paid, plain)}
    accounts = payout_accounts_on(clock.today(), [paid.pk, plain.pk])
    assert {key: asdict(account) for key, account in accounts.items()} == {paid.pk: factories.PAYOUT_ACCOUNT}
