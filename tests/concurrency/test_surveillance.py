"""Races of the surveillance: of agreements that are seen at once, none is overlooked."""

from __future__ import annotations

import pytest

from marketplace.kernel.invariants import verify_all
from marketplace.oversight.reviews.models import Review, SeenAgreement
from tests.oversight.factories import seen_between
from tests.participants.factories import operator, organisation

from .test_holds import at_once

pytestmark = pytest.mark.usefixtures("committed_database")


def test_agreements_back_and_forth_at_once_open_one_review(committed_database):
    operator()
    one = organisation("甲", address="東京都港区1-1", representative="甲野 一郎")
    other = organisation("乙", address="大阪府大阪市2-2", representative="乙山 二郎")
    at_once(
        *[
            lambda buyer=buyer, seller=seller: seen_between(buyer, seller)
            for buyer, seller in ((one, other), (other, one)) * 2
        ]
    )
    assert SeenAgreement.objects.count() == 4
    assert list(Review.objects.values_list("detector", flat=True)) == ["back_and_forth"]
    assert [name for name, breaches in verify_all("oversight").items() if breaches] == []
