"""Every command that people of the operator alone give leaves a record with who gave it, and why.

A new command without a record fails here. What is excepted is named with the reason; the lists only grow shorter.
"""

from __future__ import annotations

from typing import Any

import pytest

from marketplace.api.permissions import Keyed, permissions_in
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.permissions import RULES

from .matrix import send, undone
from .requests import ROUTES, Example
from .test_matrix import TABLES
from .world import World

pytestmark = pytest.mark.django_db

STATED = ("reason", "commitment", "conclusion", "assessment", "finding", "ground", "cause", "how")
"""What the name of a member of a payload that states why begins with, or ends with before its hash."""
COMPUTES = "It asks the market to compute something, which it records when it is made; it decides nothing."
UNRECORDED = dict.fromkeys(
    (
        "POST counterfactuals/",
        "POST decisions/preview/",
        "POST neutrality-bundles/",
        "POST rulebook-drafts/{}/preview/",
    ),
    COMPUTES,
)
"""Commands without a record of the person who gave them, and why."""
UNRECORDED_MAX = 4
DOCUMENT = "An order, a licence or a bank's document is the reason; the row has its reference or its hash."
MENDS = "It tries again what stood still, and decides nothing about anybody."
SECOND = "The first person stated the reason, and the second confirms it."
MARKET = "It is a rule, a calendar or an account for the whole market, published with what it changes."
STATES = "It states a fact, and chooses nothing."
OWN = "It is about the operator's own money."
NAMES = "It names who decides, for no reason but that somebody must; a side may object, with its reason."
GIVES_BACK = "It gives back what was withheld, or tells whom it concerns."
UNREASONED = {
    "POST outages/": STATES,
    "POST qualification-kinds/": MARKET,
    "POST qualifications/{}/verify/": STATES,
    "POST aside-rows/{}/retry/": MENDS,
    "POST balance-certificates/": DOCUMENT,
    "POST bank-entries/{}/recoup/": STATES,
    "POST bank-statements/": STATES,
    "POST client-accounts/": MARKET,
    "POST clearing-schedules/": MARKET,
    "POST closed-days/": MARKET,
    "POST closed-days/withdraw/": MARKET,
    "POST contract-clauses/": MARKET,
    "POST contract-templates/": MARKET,
    "POST cycles/": MARKET,
    "POST cycles/{}/close/": MARKET,
    "POST deliveries/{}/resume/": GIVES_BACK,
    "POST disputes/{}/assign-mediator/": NAMES,
    "POST events/inbox/{}/retry/": MENDS,
    "POST funds-regimes/": MARKET,
    "POST guarantees/": DOCUMENT,
    "POST incidents/{}/concern/": GIVES_BACK,
    "POST index-values/": DOCUMENT,
    "POST jobs/{}/retry/": MENDS,
    "POST ledger-periods/": MARKET,
    "POST login-locks/{}/release/": SECOND,
    "POST organisations/": STATES,
    "POST organisations/{}/reinstate/": GIVES_BACK,
    "POST owner-recoveries/{}/confirm/": SECOND,
    "POST registrations/{}/accept/": SECOND,
    "POST restorations/{}/open-sending/": DOCUMENT,
    "POST rulebook-drafts/": MARKET,
    "POST rulebook-drafts/{}/publish/": MARKET,
    "POST rulebook-drafts/{}/revise/": MARKET,
    "POST rulebook-drafts/{}/withdraw/": MARKET,
    "POST segments/": MARKET,
    "POST set-off-restraints/": DOCUMENT,
    "POST set-off-restraints/{}/pay-creditor/": DOCUMENT,
    "POST settlement-instructions/own-money/": OWN,
    "POST settlement-instructions/{}/permit/": DOCUMENT,
    "POST settlement-instructions/{}/retry/": MENDS,
    "POST settlement-instructions/{}/withdraw/": OWN,
    "POST staff-accesses/{}/end/": GIVES_BACK,
    "POST staff-accesses/{}/tell/": GIVES_BACK,
    "POST statement-imports/{}/confirm/": STATES,
    "POST statement-imports/{}/withdraw/": STATES,
    "POST transfer-files/": STATES,
    "POST trustee-appointments/": DOCUMENT,
    "POST trustee-appointments/{}/appoint/": DOCUMENT,
    "POST trustee-appointments/{}/withdraw/": GIVES_BACK,
}
"""Commands whose record has no reason, and why."""
UNREASONED_MAX = 49


def is_decision(name: str) -> bool:
    """Whether a route is a command that nobody but the operator's people may give."""
    route = ROUTES[name]
    if not route.changes or route.needs is None or isinstance(route.needs, Keyed):
        return False
    needed = permissions_in(route.needs)
    return bool(needed) and all(RULES[each].operator and not RULES[each].participant for each in needed)


DECISIONS: dict[str, Example] = {
    name: example
    for table in TABLES
    for name, example in table.examples.items()
    if is_decision(name) and example.side == "operator"
}


def states_why(payload: Any) -> bool:
    """Whether a payload has a reason, or a commitment to one."""
    if not isinstance(payload, dict):
        return False
    plain = (name.removesuffix("_sha256").removesuffix("_commitment") for name in payload)
    return any(name.endswith(STATED) and payload for name in plain)


def records_of(name: str, world: World) -> list[EvidenceRecord]:
    """The records that a person leaves who gives the command of the table."""
    example = DECISIONS[name]
    with undone():
        request = example.arrange(world)
        if example.takes_two:
            send(name, request, world.first)
        last = EvidenceRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        answer = send(name, request, world.everything("operator"))
        assert 200 <= answer.status < 300, answer.text
        # The approval of the second person says that it took two, not why.
        made = EvidenceRecord.objects.filter(pk__gt=last, actor__startswith="usr_")
        # What is given back says by what it was lost, not why it is given back.
        return list(made.exclude(kind__startswith="approvals.").exclude(kind="delivery.restored"))


@pytest.mark.parametrize("name", [name for name in DECISIONS if not DECISIONS[name].stands_alone])
def test_a_decision_of_the_operator_is_a_record_with_its_reason(name, world):
    made = records_of(name, world)
    assert (name, bool(made)) == (name, name not in UNRECORDED)
    why = any(states_why(record.payload) for record in made)
    assert (name, why) == (name, bool(made) and name not in UNREASONED)


def test_the_exceptions_are_commands_and_say_why():
    for excepted in (UNRECORDED, UNREASONED):
        assert sorted(set(excepted) - set(DECISIONS)) == []
        assert [name for name, why in excepted.items() if len(why) < 20] == []
    assert (len(UNRECORDED), len(UNREASONED)) <= (UNRECORDED_MAX, UNREASONED_MAX)
    assert len(DECISIONS) > 60
