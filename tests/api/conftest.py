"""What the tests of the API's conventions share: the operator, and a client that acts for it."""

from __future__ import annotations

import pytest

from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services as participants
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


def bearer(organisation, *scopes: str) -> dict[str, str]:
    application = participants.create_application(
        actor=SYSTEM, organisation=organisation.public_id, name="desk"
    )
    token = participants.issue_token(application=application, scopes=scopes, lifetime_seconds=600)
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


@pytest.fixture
def acting(api, operator):
    """A client that acts for the operator."""
    api.credentials(**bearer(operator, "market:read", "market:write"))
    return api
