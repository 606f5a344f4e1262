"""What the tests of the API's conventions share: the operator, and a client that acts for it."""

from __future__ import annotations

import pytest

from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services as participants
from tests.participants import factories
from tests.standing import made_once

OPERATOR = {"ja": "三方取引所", "en": "Sanpo Exchange"}


@made_once
def operator():
    """The operator of the market."""
    return participants.register_organisation(
        actor=SYSTEM,
        name=OPERATOR,
        corporate_number="7999901000001",
        kind="business",
        address="東京都",
        representative="番匠 一",
        is_operator=True,
    )


def bearer(organisation, roles=None) -> dict[str, str]:
    return factories.client_of(organisation, roles=roles)._credentials


@pytest.fixture
def acting(api, operator):
    """A client that acts for the operator."""
    api.credentials(**bearer(operator))
    return api
