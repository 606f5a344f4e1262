"""Races of one buyer's conclusions: what each may pass alone, they do not pass a limit together."""

from __future__ import annotations

from functools import partial

import pytest

from contracts import services
from contracts.errors import ConclusionRefused
from contracts.models import Agreement
from marketplace.rules.models import Decision
from tests.contracts import factories
from tests.rules import factories as rulebooks

from .test_holds import at_once

pytestmark = pytest.mark.usefixtures("committed_database")

LIMIT = "exposure.buyer_open_minor + negotiation.price_minor > 200000"


def test_conclusions_at_once_do_not_pass_a_limit_together(committed_database):
    market = factories.market()
    limited = [*factories.RULES["rules"], rulebooks.rule("CON-9", LIMIT, "deny", "conclusion")]
    rulebooks.publish({**factories.RULES, "rules": limited, "tariffs": [rulebooks.tariff()]})
    signed = [factories.agreed(market, price_minor=100_000) for _ in range(6)]
    results = at_once(
        *(partial(services.sign, actor=market.buyer, negotiation=one.public_id) for one in signed)
    )
    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(result) for result in refused] == [ConclusionRefused] * 5
    assert Agreement.objects.count() == 1
    owed = Decision.objects.filter(point="conclusion").values_list("facts", flat=True)
    assert sorted(facts["exposure.buyer_open_minor"] for facts in owed) == [0] + [110_000] * 5
