"""Requests that succeed, of who takes part: organisations, admissions, members, programs, and applications of strangers."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.suspensions import SuspensionKind
from marketplace.participants import services as participants
from marketplace.participants.models import Membership, Segment
from marketplace.participants.views import ORGANISATION_EXAMPLE
from marketplace.registration import services as registration
from marketplace.registration.examples import APPLICATION_EXAMPLE, OWNERS_EXAMPLE
from marketplace.registration.models import Registration, Screening, SupportingDocument
from tests.participants import factories as parties
from tests.registration import factories as applications

from .requests import APPLICANT, EVERYBODY, Request, Table
from .world import World, suspend

TABLE = Table()

REASON = {"reason": "確認済み"}


def organisation(world: World) -> str:
    return world.of("buyer").public_id


def fresh(_world: World) -> str:
    """An organisation that has just been registered."""
    return parties.organisation("新").public_id


def suspended(_world: World) -> str:
    """A suspended organisation."""
    subject = parties.organisation("停止")
    suspend(subject, SuspensionKind.BREACH)
    return subject.public_id


def segment(_world: World) -> str:
    return str(Segment.objects.earliest("pk").code)


def admission(world: World) -> str:
    """An application of the buyer that the rules put on hold."""
    parties.segment("health")
    applied = participants.apply_for_admission(
        actor=world.actor("buyer"), segment="health", capacity="seller", declarations=parties.DECLARATIONS
    )
    held = participants.decide_admission(
        actor=SYSTEM, admission=applied.public_id, outcome="hold", decision="dec_test"
    )
    return held.public_id


def apply(_world: World) -> Request:
    parties.segment("health")
    stated = {"segment": "health", "capacity": "seller", "declarations": parties.DECLARATIONS}
    return Request(body=stated)


def member(world: World) -> str:
    return str(Membership.objects.filter(organisation=world.of("buyer")).earliest("pk").public_id)


def program(world: World) -> str:
    return parties.application_of(world.of("buyer")).public_id


TABLE.read("me/", "buyer", is_shared=True)
TABLE.listed("organisations/", "buyer", organisation, is_shared=True)
TABLE.of_row("GET organisations/{}/profile/", "buyer", organisation)
TABLE.example("POST organisations/", "operator")(lambda _world: Request(body=ORGANISATION_EXAMPLE))
TABLE.of_row(
    "POST organisations/{}/suspend/", "operator", fresh, {"reason_code": "review", "reason": "確認中"}
)
TABLE.of_row("POST organisations/{}/reinstate/", "operator", suspended, takes_two=True)
TABLE.listed("segments/", EVERYBODY, segment)
TABLE.example("POST segments/", "operator")(
    lambda _world: Request(body={"code": "health", "name": {"ja": "健康", "en": "Health"}})
)
TABLE.listed("admissions/", "buyer", admission)
TABLE.example("POST admissions/", "buyer")(apply)
TABLE.of_row("POST admissions/{}/withdraw/", "buyer", admission, REASON)
TABLE.listed("members/", "buyer", member)
TABLE.listed("applications/", "buyer", program)
TABLE.example("POST applications/", "buyer")(lambda _world: Request(body={"name": "trading desk"}))


def of_applicant(row: Registration, body: Any = None, form: str = "json") -> Request:
    """A request of the applicant of a new application."""
    return Request((row.public_id,), body, form, key=str(row.issued_key))


def proved() -> Registration:
    """A new application whose mail address is proved."""
    row = applications.begun()
    registration.prove_email(
        actor=applications.applicant(row), registration=row.public_id, code=applications.code_of(row)
    )
    return row


def send_code(_world: World) -> Request:
    return of_applicant(applications.begun())


def prove_email(_world: World) -> Request:
    row = applications.begun()
    return of_applicant(row, {"code": applications.code_of(row)})


def add_document(_world: World) -> Request:
    file = SimpleUploadedFile("identity.pdf", applications.PDF, "application/pdf")
    return of_applicant(proved(), {"kind": "identity", "file": file}, "multipart")


def state_owners(_world: World) -> Request:
    return of_applicant(proved(), OWNERS_EXAMPLE)


def submit(_world: World) -> Request:
    row = proved()
    applications.complete(row)
    return of_applicant(row)


def screened(_world: World) -> str:
    """An application that waits for the operator."""
    return applications.screened().public_id


def proposed(world: World) -> str:
    """One that a first person proposed to accept."""
    row = screened(world)
    registration.propose(actor=world.actor("operator"), registration=row, **REASON)
    return row


def assess(world: World) -> Request:
    row = screened(world)
    screening = Screening.objects.get(registration__public_id=row)
    return Request((row,), {"screening": screening.public_id, "assessment": "同名別人"})


def document(world: World) -> str:
    row = screened(world)
    return str(SupportingDocument.objects.get(registration__public_id=row).public_id)


TABLE.example("POST registrations/", EVERYBODY)(lambda _world: Request(body=APPLICATION_EXAMPLE))
TABLE.listed("registrations/", "operator", screened)
TABLE.example("POST registrations/{}/send-code/", APPLICANT)(send_code)
TABLE.example("POST registrations/{}/prove-email/", APPLICANT)(prove_email)
TABLE.example("POST registrations/{}/documents/", APPLICANT)(add_document)
TABLE.example("POST registrations/{}/owners/", APPLICANT)(state_owners)
TABLE.example("POST registrations/{}/submit/", APPLICANT)(submit)
TABLE.of_row("POST registrations/{}/propose/", "operator", screened, REASON)
TABLE.of_row("POST registrations/{}/return/", "operator", proposed, REASON)
TABLE.of_row("POST registrations/{}/accept/", "operator", proposed)
TABLE.of_row("POST registrations/{}/refuse/", "operator", screened, REASON)
TABLE.example("POST registrations/{}/assess/", "operator")(assess)
TABLE.listed("supporting-documents/", "operator", document)
TABLE.of_row("GET supporting-documents/{}/content/", "operator", document)
