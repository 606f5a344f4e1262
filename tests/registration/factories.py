"""Applications for registration in each state, made by the services that make them everywhere."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.core import mail

from marketplace.jobs.runner import run_due
from marketplace.kernel.actors import Actor, Role
from marketplace.participants.models import Organisation
from marketplace.registration import services
from marketplace.registration.models import Registration
from marketplace.registration.published_files import ListedEntry, PublishedEntry, normal_name
from tests.participants import factories as parties

PDF = b"%PDF-1.7 a document"
NAME = {"ja": "讃岐データ株式会社", "en": "Sanuki Data Co., Ltd."}
ADDRESS = "香川県高松市番町1-8-15"
OWNER: dict[str, Any] = {
    "name": "讃岐 花子",
    "country": "JP",
    "born_on": date(1975, 4, 1),
    "basis": "ownership",
    "share_bp": 6_000,
}


def facts(**changes: Any) -> dict[str, Any]:
    """What an applicant states: a business in Japan with a number of its own."""
    return {
        "email": "hanako@sanuki.example.jp",
        "applicant_name": "讃岐 花子",
        "name": NAME,
        "kind": "business",
        "corporate_number": parties.corporate_number(),
        "address": ADDRESS,
        "representative_title": "代表取締役",
        "representative_name": "讃岐 花子",
    } | changes


def begun(client_address: str = "192.0.2.1", **changes: Any) -> Registration:
    """An application that has just been begun."""
    return services.apply(client_address=client_address, **facts(**changes))


def applicant(row: Registration) -> Actor:
    """Its applicant."""
    return Actor(row.public_id, Role.PARTICIPANT)


def code_of(row: Registration) -> str:
    """The code that was last sent to its mail address."""
    run_due("mail")
    sent = [each for each in mail.outbox if row.public_id in each.subject]
    (code,) = re.findall(r"^(\d{8})$", sent[-1].body, re.MULTILINE)
    return str(code)


def proved(**changes: Any) -> Registration:
    """One whose mail address is proved."""
    row = begun(**changes)
    return services.prove_email(actor=applicant(row), registration=row.public_id, code=code_of(row))


def filed(**changes: Any) -> Registration:
    """One that has all it needs to be submitted."""
    row = proved(**changes)
    complete(row)
    return row


def complete(row: Registration) -> None:
    """Add what an application needs to be submitted."""
    act = {"actor": applicant(row), "registration": row.public_id}
    services.add_document(**act, kind="identity", content=PDF, name="identity.pdf")
    services.state_owners(**act, owners=[OWNER])


def submitted(**changes: Any) -> Registration:
    """One that waits for its screening."""
    row = filed(**changes)
    return services.submit(actor=applicant(row), registration=row.public_id)


def screened(**changes: Any) -> Registration:
    """One that waits for the operator."""
    row = submitted(**changes)
    run_due("default")
    row.refresh_from_db()
    return row


def registry(row: Registration, **changes: Any) -> None:
    """Load a registry in which the organisation stands as it was stated, but for ``changes``."""
    entry = {
        "corporate_number": row.corporate_number,
        "name": row.name_ja,
        "address": row.address,
        "published_on": date(2025, 4, 1),
        "closed_on": None,
    } | changes
    digest = f"{abs(hash(repr(sorted(entry.items(), key=str)))):064x}"
    services.load_registry(sha256=digest, entries=[PublishedEntry(**entry)])


def sanctions(*names: str, version: str = "1", born_on: date | None = None) -> None:
    """Load a version of a sanctions list with these names."""
    entries = [
        ListedEntry(f"S-{number}", "person", normal_name(name), born_on) for number, name in enumerate(names)
    ]
    services.load_screening_list(code="mof", version=version, sha256="0" * 64, entries=entries)


def person_of(operator: Organisation, name: str) -> Actor:
    """A person of the operator."""
    return parties.actor_for(operator, f"usr_{name}")


def proposed(operator: Organisation, **changes: Any) -> Registration:
    """One that a person of the operator proposed to accept."""
    row = screened(**changes)
    first = person_of(operator, "first")
    return services.propose(actor=first, registration=row.public_id, reason="確認済み")


def accepted(operator: Organisation, **changes: Any) -> Registration:
    """One that two people accepted."""
    row = proposed(operator, **changes)
    return services.accept(actor=person_of(operator, "second"), registration=row.public_id)
