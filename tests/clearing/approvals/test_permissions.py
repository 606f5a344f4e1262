"""Each command of clearing that takes two people is given with its own permission, for the operator."""

from __future__ import annotations

import pytest
from django.db import connection

from clearing.approvals.halts import lift_halt_by_two
from clearing.approvals.permissions import PERMISSIONS, permission_of
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.permissions import RULES, Permission
from marketplace.rules.services import halt_trading
from tests.participants.factories import known_person
from tests.roles import unguarded

from ..raw import refused
from ..test_invariants import broken

WHY = {"ja": "解消", "en": "Solved"}
AGAIN = (
    "INSERT INTO approvals_approval (public_id, organisation, permission, command, subject, digest, payload, currency,"
    " state, first_person, first_responsible, asked_at, expires_at) SELECT 'apv_raw', %s, %s, command, 'another', digest,"
    " payload, '', 'pending', %s, %s, now(), now() + interval '1 day' FROM approvals_approval WHERE command = 'clearing.lift_halt'"
)


def test_no_role_of_a_participant_gives_a_command_of_clearing():
    assert permission_of("clearing.transfer_file") == Permission.CLEARING_WRITE
    for permission in {Permission.CLEARING_WRITE, *PERMISSIONS.values()}:
        assert RULES[permission].participant == frozenset()


def test_a_command_takes_its_own_permission(market):
    halt = halt_trading(actor=market.actor, scope="market", reason=WHY)
    with pytest.raises(SecondPersonNeeded):
        lift_halt_by_two(actor=market.actor, halt=halt.public_id, reason=WHY)
    asked = Approval.objects.get(command="clearing.lift_halt")
    assert (asked.organisation, asked.permission) == (market.operator.public_id, "rulebook:write")
    party = market.party("buyer")
    known_person(party, "usr_buyer")
    for organisation, permission, person in (
        (market.operator.public_id, "clearing:write", "usr_desk"),
        (party.public_id, "money:write", "usr_buyer"),
    ):
        refused(AGAIN, organisation, permission, person, person, because="takes another permission")
    assert broken() == {}
    with unguarded("approvals_approval"), connection.cursor() as cursor:
        cursor.execute("UPDATE approvals_approval SET permission = 'money:write' WHERE id = %s", [asked.pk])
    assert [row["public_id"] for row in REGISTER["clearing.commanded_by_right"].check()] == [asked.public_id]
