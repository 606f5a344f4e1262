"""What other applications read of organisations."""

from __future__ import annotations

import pytest

from marketplace.participants import queries

from . import factories

pytestmark = pytest.mark.django_db


def test_an_organisation_is_the_same_alone_and_among_many():
    operator = factories.operator()
    paid = factories.organisation("paid", payout_account=factories.PAYOUT_ACCOUNT)
    plain = factories.organisation("plain")
    found = queries.organisations_by_id([operator.pk, paid.pk, plain.pk, 0])
    assert found == {row.pk: queries.get_organisation(row.public_id) for row in (operator, paid, plain)}
    assert (found[paid.pk].payout_account is None, found[plain.pk].payout_account) == (False, None)
