"""Requests that succeed, of held cases, appeals and declared interests."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from listings import services as listings
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases import services as cases
from marketplace.kernel import clock
from marketplace.participants import services as participants
from tests.cases import factories
from tests.participants import factories as parties

from .requests import EVERYBODY, Request, Table
from .world import World

TABLE = Table()
DECIDED = {"outcome": "allow", "reason": factories.REASON}
ENDED = {"reason": "利害関係が解消したため"}


def _judges(world: World) -> tuple[Any, Any]:
    of = world.of("operator")
    return parties.actor_for(of, "usr_case_one"), parties.actor_for(of, "usr_case_two")


def held(world: World) -> str:
    """A case of the buyer that waits."""
    return factories.opened(world.of("buyer"), "health", "seller").public_id


def denied(world: World) -> str:
    """A case that was decided against the buyer."""
    case = factories.opened(world.of("buyer"), "health", "seller")
    return factories.resolved(case, "deny", by=_judges(world)).public_id


def appealed(world: World) -> str:
    """An appeal of the buyer that waits."""
    return factories.appealed(world.actor("buyer"), denied(world)).public_id


def changed(world: World) -> str:
    """An appeal of the buyer that changed the first decision: its suspension was ended."""
    buyer, (first, second) = world.of("buyer"), _judges(world)
    case = cases.file_appeal(actor=world.actor("buyer"), subject=factories.suspended(buyer), statement="x")
    factories.resolved(case, "changed", by=(first, second))
    factories.reinstated(buyer, first, second)
    return case.public_id


def stated(world: World) -> Request:
    """An appeal of the buyer."""
    body = {"subject": denied(world), "statement": factories.STATEMENT, "documents": factories.DOCUMENTS}
    return Request(body=body)


def interest(world: World) -> str:
    """An interest of a person of the operator in the stranger."""
    actor = parties.actor_for(world.of("operator"), "usr_related")
    made = participants.declare_interest(
        actor=actor,
        organisation=world.of("stranger").public_id,
        kind="family",
        statement="親族が勤務しています。",
    )
    return made.public_id


def declaring(world: World) -> dict[str, Any]:
    return {
        "organisation": world.of("stranger").public_id,
        "kind": "holding",
        "statement": "株式を保有しています。",
    }


TABLE.listed("cases/", "buyer", held)
TABLE.example("POST cases/", "buyer")(stated)
TABLE.of_row("POST cases/{}/resolve/", "operator", held, DECIDED, takes_two=True, is_narrowed=True)
TABLE.of_row("POST cases/{}/carry-out/", "operator", changed, {"how": "停止を解除しました。"})
TABLE.of_row("POST cases/{}/withdraw/", "buyer", appealed)
TABLE.listed("staff-interests/", "operator", interest)
TABLE.sent("staff-interests/", "operator", declaring, is_narrowed=True)
TABLE.of_row("POST staff-interests/{}/end/", "operator", interest, ENDED, takes_two=True, is_narrowed=True)


def relation(world: World) -> str:
    """A relation that the buyer declared to somebody new."""
    made = participants.state_relation(
        actor=world.actor("buyer"),
        related=parties.organisation("新").public_id,
        kind="parent",
        document="報告書",
    )
    return made.public_id


def relating(_world: World) -> dict[str, Any]:
    return {"related": parties.organisation("親").public_id, "kind": "parent", "document": "報告書"}


def _times() -> dict[str, Any]:
    return {"since": clock.now(), "until": clock.now() + timedelta(days=7)}


def turn(world: World) -> str:
    """A turn of a person of the operator who is on call."""
    owner = parties.actor_for(world.of("operator"), "usr_on_call")
    return cases.publish_turn(actor=owner, person=owner.identifier, **_times(), duty="rulebook").public_id


def taking_turns(world: World) -> dict[str, Any]:
    person = parties.actor_for(world.of("operator"), "usr_on_call").identifier
    return {"duty": "admission", "person": person, **{name: at.isoformat() for name, at in _times().items()}}


TABLE.listed("on-call/", EVERYBODY, turn)
TABLE.sent("on-call/", "operator", taking_turns)
TABLE.of_row("POST on-call/{}/withdraw/", "operator", turn)
TABLE.listed("organisation-relations/", "buyer", relation)
TABLE.sent("organisation-relations/", "buyer", relating)
TABLE.of_row("POST organisation-relations/{}/end/", "operator", relation, ENDED, takes_two=True)


def qualification(world: World) -> str:
    """A qualification that the buyer stated."""
    actor = parties.member_for(world.of("buyer"), "usr_qualified")
    return participants.state_qualification(actor=actor, **_stated_qualification()).public_id


def verified_qualification(world: World) -> str:
    """A qualification of the buyer that the operator verified."""
    actor = parties.actor_for(world.of("operator"), "usr_verifier")
    return participants.verify_qualification(actor=actor, qualification=qualification(world)).public_id


def qualifying(_world: World) -> dict[str, Any]:
    stated = _stated_qualification()
    return stated | {"valid_from": stated["valid_from"].isoformat()}


def _stated_qualification() -> dict[str, Any]:
    return {
        "kind": "isms",
        "issuer": "日本品質認証機構",
        "reference": parties.corporate_number(),
        "valid_from": clock.today() - timedelta(days=30),
        "document_sha256": "9f" * 32,
    }


def kind_of_qualification(world: World) -> str:
    """A kind of qualification that the operator added."""
    code = f"kind_{parties.corporate_number()}"
    return participants.open_qualification_kind(
        actor=world.actor("operator"), code=code, name={"ja": "認証", "en": "certification"}
    ).code


def naming_kind(_world: World) -> dict[str, Any]:
    return {"code": f"kind_{parties.corporate_number()}", "name": {"ja": "認証", "en": "certification"}}


TABLE.listed("qualifications/", "buyer", qualification)
TABLE.sent("qualifications/", "buyer", qualifying)
TABLE.of_row("POST qualifications/{}/withdraw/", "buyer", qualification, ENDED)
TABLE.of_row("POST qualifications/{}/verify/", "operator", qualification)
TABLE.of_row("POST qualifications/{}/refuse/", "operator", qualification, ENDED)
TABLE.of_row("POST qualifications/{}/revoke/", "operator", verified_qualification, ENDED)
TABLE.listed("qualification-kinds/", EVERYBODY, kind_of_qualification)
TABLE.sent("qualification-kinds/", "operator", naming_kind)


def disqualification(world: World) -> str:
    """A disqualification of the buyer that two people stated."""
    stated = {"organisation": world.of("buyer").public_id, **_disqualified()}
    first, second = _judges(world)
    with suppress(SecondPersonNeeded):
        participants.disqualify(actor=first, **stated)
    return participants.disqualify(actor=second, **stated).public_id


def disqualifying(world: World) -> dict[str, Any]:
    stated = _disqualified()
    return {"organisation": world.of("seller").public_id, **stated, "until": stated["until"].isoformat()}


def _disqualified() -> dict[str, Any]:
    return {"ground": "revoked", "source": "告示", "until": clock.today() + timedelta(days=90)}


TABLE.listed("disqualifications/", "buyer", disqualification)
TABLE.sent("disqualifications/", "operator", disqualifying, takes_two=True, is_narrowed=True)
TABLE.of_row("POST disqualifications/{}/end/", "operator", disqualification, ENDED, takes_two=True)


def stake(world: World) -> str:
    """An interest that a third party states in a listing on sale."""
    actor = parties.actor_for(world.of("operator"), "usr_stakes")
    return listings.state_stake(actor=actor, **_staked(world)).public_id


def _staked(world: World) -> dict[str, Any]:
    return {"listing": world.contracts.listing, "holder": parties.corporate_number(), "kind": "licensor"}


TABLE.listed("listing-stakes/", "seller", stake, is_shared=True)
TABLE.sent("listing-stakes/", "seller", _staked)
TABLE.of_row("POST listing-stakes/{}/end/", "operator", stake, ENDED, takes_two=True)
