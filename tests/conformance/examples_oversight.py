"""Requests that succeed, of the registers: incidents, consultations, legal holds and activity records."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

from delivery import services as delivering
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.oversight.reviews.services import close_review
from marketplace.oversight.seals.services import end_over
from tests.oversight import factories as oversight
from tests.participants import factories as parties

from .requests import EVERYBODY, Request, Table
from .world import World

TABLE = Table()
MEASURE = {"kind": "measure", "text": "送信を停止した。"}
CONCLUSION = {"conclusion": "再発防止策を実施した。"}
CLOSED = {"outcome": "explained", "reason": "共同事業の精算"}
LIFTED = {"reason": "判決が確定したため"}
OPENED = {"reason": "手続が終了したため"}


def registered(world: World) -> dict[str, Any]:
    """An incident that is known now."""
    return {**oversight.STATED, "known_at": clock.now().isoformat()}


def incident(world: World) -> str:
    """An incident that concerns the buyer."""
    return oversight.opened(world.actor("operator"), world.of("buyer")).public_id


def reported(world: World) -> str:
    """An incident of which law demands no report."""
    opened = oversight.opened(world.actor("operator"), world.of("buyer"), ground="none", persons=1)
    return opened.public_id


def question(world: World) -> str:
    """A question of the buyer's."""
    return oversight.asked(world.actor("buyer")).public_id


def hold(world: World) -> str:
    """A legal hold on the buyer."""
    return oversight.held(world.actor("operator"), world.of("buyer").public_id).public_id


def records(world: World) -> str:
    """Activity records that the buyer asked for, and that are made."""
    row = oversight.records_asked(world.actor("buyer"))
    run_due("documents")
    return row.public_id


def record_seal(world: World) -> str:
    """A seal on a record about the buyer."""
    second = parties.actor_for(world.of("operator"), "usr_second")
    record = oversight.record_about(world.of("buyer"))
    return oversight.sealed(world.actor("operator"), second, record).public_id


def ended_seal(world: World) -> str:
    """A seal on a record about the buyer, over since its review date."""
    made = record_seal(world)
    clock.move_to(clock.now() + timedelta(days=oversight.SEAL["days"]))
    end_over(seal=made)
    return made


def stated_seal(world: World) -> dict[str, Any]:
    return {**oversight.SEAL, "record": oversight.record_about(world.of("buyer"))}


def stated_hold(world: World) -> dict[str, Any]:
    return {**oversight.HOLD, "subject": world.of("buyer").public_id}


def concerned(world: World) -> dict[str, Any]:
    return {"organisations": [world.of("seller").public_id]}


def review(world: World) -> str:
    """A review about the buyer and the seller."""
    return oversight.review_of(world.of("buyer"), world.of("seller")).public_id


def closed_review(world: World) -> str:
    """A review about the buyer that was closed."""
    found = review(world)
    close_review(actor=world.actor("operator"), review=found, **CLOSED)
    return found


def unavailable(world: World) -> str:
    """An incident of unavailability that concerns the buyer."""
    return oversight.opened(
        world.actor("operator"), world.of("buyer"), kind="unavailability", ground="none", persons=0
    ).public_id


def last_minute() -> dict[str, Any]:
    """A minute of the market that is over; the market is of now, so the clock goes on."""
    began = clock.now()
    clock.move_to(began + timedelta(minutes=2))
    return {"since": began, "until": began + timedelta(minutes=1)}


def outage(world: World) -> str:
    """An outage that two people stated."""
    stated = {"incident": unavailable(world), **last_minute()}
    one, other = (
        parties.actor_for(world.of("operator"), name) for name in ("usr_outage_one", "usr_outage_two")
    )
    with contextlib.suppress(SecondPersonNeeded):
        delivering.state_outage(actor=one, **stated)
    return str(delivering.state_outage(actor=other, **stated).public_id)


def stating_outage(world: World) -> dict[str, Any]:
    return {
        "incident": unavailable(world),
        **{name: at.isoformat() for name, at in last_minute().items()},
    }


TABLE.listed("outages/", EVERYBODY, outage)
TABLE.sent("outages/", "operator", stating_outage, takes_two=True)
TABLE.listed("incidents/", "buyer", incident)
TABLE.sent("incidents/", "operator", registered, is_narrowed=True)
TABLE.of_row("POST incidents/{}/entries/", "operator", incident, MEASURE)
TABLE.of_row("POST incidents/{}/close/", "operator", reported, CONCLUSION, takes_two=True)


@TABLE.example("POST incidents/{}/assess/", "operator")
def assess(world: World) -> Request:
    stated = registered(world)
    return Request((incident(world),), {name: stated[name] for name in ("ground", "persons", "known_at")})


@TABLE.example("POST incidents/{}/concern/", "operator")
def concern(world: World) -> Request:
    return Request((incident(world),), concerned(world))


TABLE.listed("consultations/", "buyer", question)
TABLE.sent("consultations/", "buyer", oversight.QUESTION)
TABLE.of_row("POST consultations/{}/withdraw/", "buyer", question)
TABLE.of_row("POST consultations/{}/answer/", "operator", question, oversight.ANSWER)
TABLE.listed("legal-holds/", "operator", hold)
TABLE.sent("legal-holds/", "operator", stated_hold)
TABLE.of_row("POST legal-holds/{}/lift/", "operator", hold, LIFTED, takes_two=True)
TABLE.listed("record-seals/", "buyer", ended_seal, is_shared=True)
TABLE.sent("record-seals/", "operator", stated_seal, takes_two=True)
TABLE.of_row("POST record-seals/{}/end/", "operator", record_seal, OPENED, takes_two=True)
TABLE.listed("activity-records/", "buyer", records)
TABLE.sent("activity-records/", "buyer", {})
TABLE.of_row("GET activity-records/{}/content/", "buyer", records)
TABLE.listed("reviews/", "buyer", closed_review, is_shared=True)
TABLE.of_row("POST reviews/{}/close/", "operator", review, CLOSED)
TABLE.read("oversight-figures/", EVERYBODY)
TABLE.read("retention-schedule/", EVERYBODY)
