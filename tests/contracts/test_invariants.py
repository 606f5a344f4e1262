"""The checks find what got past every guard."""

from __future__ import annotations

import pytest
from django.db import connection

from marketplace.kernel.invariants import REGISTER
from tests.roles import as_owner

from . import factories
from .raw import forced, run


def breaches(name: str) -> int:
    return len(REGISTER[f"contracts.{name}"].check())


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("agreed_is_signed", "UPDATE contracts_agreement SET price_minor = 1"),
        ("agreed_is_signed", "DELETE FROM contracts_signature WHERE party = 'buyer'"),
        ("signed_verifies", "UPDATE contracts_instrument SET text_ja = text_ja || '。'"),
        ("signed_verifies", "UPDATE contracts_instrument SET content = replace(content, 'PO-', 'XX-')"),
        ("signed_verifies", "UPDATE contracts_signature SET signer = 'somebody_else'"),
        ("signed_verifies", "UPDATE contracts_signature SET jws = 'x'"),
        ("proposals_kept", "UPDATE contracts_proposal SET number = 7"),
        ("steps_signed", "UPDATE contracts_negotiation SET state = 'agreed'"),
        ("independent_parties", "UPDATE contracts_negotiation SET buyer_identifier = seller_identifier"),
        ("independent_parties", "UPDATE contracts_agreement SET buyer_id = seller_id"),
        ("ends_explained", "UPDATE contracts_agreement SET state = 'terminated'"),
        ("ends_explained", "UPDATE contracts_negotiation SET respond_by = NULL, state = 'agreed'"),
        (
            "corrections_within_price",
            "UPDATE contracts_instrument SET content = replace(content, '\"price_minor\":100000', '\"price_minor\":999')",
        ),
    ],
)
def test_the_check_finds_what_got_past_every_guard(market, name, statement):
    factories.adjustment(market)
    assert breaches(name) == 0
    connection.check_constraints()
    with as_owner():
        run("ALTER TABLE contracts_agreement DROP CONSTRAINT agreement_terminated_why")
        run("ALTER TABLE contracts_negotiation DROP CONSTRAINT negotiation_respond_by")
    forced(statement)
    assert breaches(name) == 1
