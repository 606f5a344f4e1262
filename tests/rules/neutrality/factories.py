"""Days with decisions, and what their bundles hold."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.participants.models import Organisation
from marketplace.rules import services as rules
from marketplace.rules.neutrality import services
from marketplace.rules.neutrality.models import NeutralityBundle
from tests.participants import factories as participants
from tests.rules.factories import document, fixture_document, publish, rule, tariff

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
DAY = date(2030, 4, 1)
DAYS = {"first_day": DAY, "last_day": DAY}


def decide(subject: Organisation, capacity: str = "buyer") -> rules.DecisionView:
    """The rules decide on an application of an organisation."""
    admission = participants.application_for(subject, capacity=capacity)
    return rules.evaluate(point="admission", subject=admission.public_id)


def begin(stated: dict[str, Any] | None = None) -> None:
    """Noon of the day, under the demo market's rulebook or another one."""
    clock.move_to(NOON, running=False)
    publish(stated or fixture_document())


def traded_day(count: int = 4) -> list[Organisation]:
    """A day on which the rules decided on so many organisations that look alike, and on one that does not."""
    begin()
    alike = [participants.organisation(f"同{at}") for at in range(count)]
    for organisation in alike:
        decide(organisation)
    alone = participants.organisation("独", kind="individual", corporate_number=None)
    decide(alone)
    return [*alike, alone]


def naming(subject: Organisation) -> dict[str, Any]:
    """A rulebook that refuses whoever has the identifier of one organisation."""
    return document(
        rule("NAME", f"applicant.organisation == '{subject.public_id}'", "deny", point="admission"),
        rule("ALL", "applicant.active", "allow", point="admission"),
        tariffs=[tariff()],
    )


def end_day() -> None:
    """The day is over."""
    clock.move_to(NOON + timedelta(days=1), running=False)


def made(**days: Any) -> NeutralityBundle:
    """The bundle of the day, which the job made."""
    asked = services.ask_for_bundle(actor=SYSTEM, **(days or DAYS))
    run_due("documents")
    asked.refresh_from_db()
    return asked


def unpacked(content: bytes) -> dict[str, Any]:
    """The files of a bundle: lists of rows, and objects."""
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        return {
            name: [json.loads(line) for line in archive.read(name).splitlines()]
            if name.endswith(".jsonl")
            else json.loads(archive.read(name))
            for name in archive.namelist()
        }
