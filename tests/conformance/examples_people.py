"""Requests that succeed, of people and programs: invitations, changes of members, logins, recoveries of owners."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.participants import services
from marketplace.participants.models import Membership, RecoveryEvidence, User
from tests.participants import factories as parties
from tests.participants import recoveries

from .callers import EVERYTHING
from .requests import EVERYBODY, Request, Table
from .world import World

TABLE = Table()
REASON = {"reason": "確認済み"}


def member(world: World, name: str = "colleague", *roles: str) -> str:
    """The membership of a new person of the buyer."""
    person = parties.person_of(world.of("buyer"), name, roles or ("trader",))
    return str(Membership.objects.get(user=person).public_id)


def trader(world: World) -> str:
    return member(world)


def invitation(world: World) -> str:
    """An invitation to the buyer that was sent."""
    return services.invite(
        actor=world.actor("buyer"), email="invited@example.jp", roles=("trader",)
    ).public_id


def unconfirmed(world: World) -> str:
    """An invitation of one more owner, which waits for a second one."""
    return services.invite(actor=world.actor("buyer"), email="invited@example.jp", roles=("owner",)).public_id


def accept(world: World) -> Request:
    """The token that the invited person got by mail."""
    row = services.invite(actor=world.actor("buyer"), email="invited@example.jp", roles=("trader",))
    token = parties.token_in_mail(row)
    return Request(body={"token": token, "name": "招待 太郎", "password": "a long and uncommon passphrase"})


def change(world: World) -> str:
    """A change of a member that is done."""
    made = services.grant_role(actor=world.actor("buyer"), member=trader(world), role="finance")
    return made.public_id


def waiting_change(world: World) -> str:
    """A new owner, for which a second one is needed."""
    made = services.grant_role(actor=world.actor("buyer"), member=trader(world), role="owner")
    assert made.state != "done"
    return made.public_id


def program(world: World) -> str:
    return parties.application_of(world.of("buyer")).public_id


def own_program(world: World) -> str:
    """A program for which the caller with every role answers."""
    person = User.objects.get(email=f"buyer-{EVERYTHING}@example.jp").public_id
    buyer = world.of("buyer")
    return str(services.create_application(actor=parties.actor_for(buyer, person), name="program").public_id)


def offer(world: World) -> Request:
    """A program, and a colleague who may answer for it."""
    colleague = parties.person_of(world.of("buyer"), "colleague")
    return Request((program(world),), {"person": colleague.public_id})


def lock(world: World) -> str:
    """A login that one person locked on suspicion."""
    person = parties.person_of(world.of("buyer"), "suspect", ("trader",))
    made = services.lock_login(actor=world.actor("operator"), person=person.public_id, reason="不審な利用")
    return made.public_id


def lock_login(world: World) -> dict[str, str]:
    person = parties.person_of(world.of("buyer"), "suspect", ("trader",))
    return {"person": person.public_id, **REASON}


def recovery(world: World) -> str:
    """A request to recover the owner of the buyer."""
    return recoveries.filed(world.of("buyer")).public_id


def proposed(world: World) -> str:
    """One that a first person proposed."""
    row = recovery(world)
    services.propose_recovery(actor=world.actor("operator"), recovery=row, reason="登記を確認")
    return row


def file_recovery(world: World) -> Request:
    body = {
        "organisation": world.of("buyer").public_id,
        "email": recoveries.ADDRESS,
        "name": "新 代表",
        "statement": "代表者が死亡しました。",
        "file": SimpleUploadedFile("extract.pdf", recoveries.PDF, "application/pdf"),
    }
    return Request(body=body, form="multipart")


def evidence(world: World) -> str:
    recovery(world)
    return str(RecoveryEvidence.objects.latest("pk").public_id)


TABLE.listed("members/invitations/", "buyer", invitation)
TABLE.sent("members/invitations/", "buyer", {"email": "taro@example.jp", "roles": ["trader"]})
TABLE.of_row("POST members/invitations/{}/confirm/", "buyer", unconfirmed)
TABLE.of_row("POST members/invitations/{}/resend/", "buyer", invitation)
TABLE.of_row("POST members/invitations/{}/revoke/", "buyer", invitation)
TABLE.example("POST invitations/accept/", EVERYBODY)(accept)
TABLE.listed("member-changes/", "buyer", change)
TABLE.of_row("POST member-changes/{}/confirm/", "buyer", waiting_change)
TABLE.of_row("POST member-changes/{}/withdraw/", "buyer", waiting_change)
TABLE.of_row("POST members/{}/end/", "buyer", trader, REASON)
TABLE.of_row("POST members/{}/grant-role/", "buyer", trader, {"role": "finance", **REASON})
TABLE.of_row("POST applications/{}/rotate-secret/", "buyer", own_program, is_narrowed=True)
TABLE.of_row("POST applications/{}/narrow-scopes/", "buyer", program, {"scopes": ["market:read"]})
TABLE.of_row("POST applications/{}/revoke/", "buyer", program)
TABLE.example("POST applications/{}/offer/", "buyer")(offer)
TABLE.listed("login-locks/", "operator", lock)
TABLE.sent("login-locks/", "operator", lock_login)
TABLE.of_row("POST login-locks/{}/release/", "operator", lock)
TABLE.listed("owner-recoveries/", "operator", recovery)
TABLE.example("POST owner-recoveries/", EVERYBODY)(file_recovery)
TABLE.of_row("POST owner-recoveries/{}/propose/", "operator", recovery, REASON)
TABLE.of_row("POST owner-recoveries/{}/confirm/", "operator", proposed)
TABLE.of_row("POST owner-recoveries/{}/refuse/", "operator", recovery, REASON)
TABLE.listed("recovery-evidence/", "operator", evidence)
TABLE.of_row("GET recovery-evidence/{}/content/", "operator", evidence)
