"""Requests that succeed, of accesses of the operator's staff to participants' affairs."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from contracts import services as contracting
from tests.access import factories as access
from tests.contracts import factories as contracts
from tests.participants import factories as parties

from .requests import Request, Table
from .world import World

TABLE = Table()
PDF = b"%PDF-1.7\nscope\n"
DEFERRED_AGAIN = {"days": 60, "reason": "当局の要請が継続しているため"}


def opened(world: World) -> str:
    """An access to what is the buyer's."""
    return access.opened(world.actor("operator"), world.of("buyer")).public_id


def deferred(world: World) -> str:
    """An access of which the buyer is told later."""
    second = parties.actor_for(world.of("operator"), "usr_second")
    return access.deferred(world.actor("operator"), second, world.of("buyer")).public_id


def stated(world: World) -> dict[str, Any]:
    return {**access.STATED, "organisation": world.of("buyer").public_id}


CASE = {"reference": access.STATED["reference"]}


def negotiation(world: World) -> str:
    return contracts.requested(world.contracts).public_id


def disclosure(world: World) -> str:
    """A disclosure by the buyer."""
    actor = world.actor("buyer")
    return contracting.disclose_messages(actor=actor, negotiation=negotiation(world), **CASE).public_id


def attach(world: World) -> Request:
    file = SimpleUploadedFile("scope.pdf", PDF, "application/pdf")
    return Request((), {"negotiation": negotiation(world), "file": file}, "multipart")


def attachment(world: World) -> str:
    """A file beside the buyer's proposal, which the buyer disclosed with the messages."""
    actor, of = world.actor("buyer"), negotiation(world)
    made = contracting.attach_file(actor=actor, negotiation=of, content=PDF, name="scope.pdf")
    contracting.disclose_messages(actor=actor, negotiation=of, **CASE)
    return made.public_id


def note(world: World) -> str:
    """A private note of the buyer."""
    actor = world.actor("buyer")
    return contracting.write_note(actor=actor, negotiation=negotiation(world), text="上限は9万円。").public_id


TABLE.listed("staff-accesses/", "buyer", opened)
TABLE.sent("staff-accesses/", "operator", stated)
TABLE.of_row("POST staff-accesses/{}/end/", "operator", opened)
TABLE.of_row("POST staff-accesses/{}/tell/", "operator", deferred)
TABLE.of_row("POST staff-accesses/{}/defer/", "operator", deferred, DEFERRED_AGAIN, takes_two=True)
TABLE.of_row("POST negotiations/{}/disclosures/", "buyer", negotiation, CASE, is_narrowed=True)
TABLE.example("POST negotiation-attachments/", "buyer")(attach)
TABLE.listed("negotiation-attachments/", "buyer", attachment)
TABLE.of_row("GET negotiation-attachments/{}/content/", "buyer", attachment)
TABLE.listed("negotiation-notes/", "buyer", note)
TABLE.sent(
    "negotiation-notes/",
    "buyer",
    lambda world: {"negotiation": negotiation(world), "text": "上限は9万円。"},
    is_narrowed=True,
)
TABLE.listed("message-disclosures/", "buyer", disclosure)
TABLE.of_row("POST message-disclosures/{}/revoke/", "buyer", disclosure, is_narrowed=True)
