"""Change the facts of an organisation, by its own people and with history."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from django.db import transaction

from marketplace.events.schemas.participants import OrganisationFactsChanged
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from ..errors import InvoiceNumberTaken, NothingChanges
from ..models import FactChange, Organisation
from ..organisation_facts import LENGTH_MAX, MAY_BE_EMPTY, SCREENED, SIZES, WHOLE_NUMBER, Fact
from ..payout_accounts import is_kana
from ..people_fields import REQUIRED, checked_effective_day, checked_email, checked_sha256, required_text
from ..uniqueness import translate_duplicates
from .organisations import INVOICE_NUMBER


@transaction.atomic
def change_facts(
    *,
    actor: Actor,
    facts: Mapping[str, str],
    document: str,
    document_sha256: str = "",
    effective_on: date | None = None,
) -> list[FactChange]:
    """Change facts of the actor's own organisation; returns one change a fact.

    ``facts``: new values by ``organisation_facts.Fact``; the empty text takes back what need not be stated. ``document`` cites
    what proves the change, ``document_sha256`` is that of its copy, ``effective_on`` the day from which it holds, today
    unless stated. What was agreed, invoiced or sent before keeps what it says. The organisation is screened again. Emits
    organisation.facts_changed. Raises FieldInvalid, NothingChanges, InvoiceNumberTaken, PermissionNeeded, ProofNeeded,
    Forbidden.
    """
    actor.require(Permission.ORGANISATION_WRITE)
    actor.require_person()
    stated = {name: value.strip() for name, value in facts.items()}
    proof = required_text("document", document)
    if document_sha256:
        checked_sha256("document_sha256", document_sha256)
    day = checked_effective_day(effective_on, "effective_on")
    for name, value in stated.items():
        _check_fact(name, value)
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=actor.require_organisation())
    changed = {name: value for name, value in stated.items() if value != (getattr(organisation, name) or "")}
    if not changed:
        raise NothingChanges()
    number = changed.get(Fact.INVOICE_NUMBER)
    with translate_duplicates(
        {"organisation_invoice_number_once": InvoiceNumberTaken(invoice_registration_number=number)}
    ):
        rows = [
            FactChange.objects.create(
                organisation=organisation,
                fact=name,
                old_value=getattr(organisation, name) or "",
                new_value=value,
                effective_on=day,
                document=proof,
                document_sha256=document_sha256,
                changed_by=actor.identifier,
                changed_at=clock.now(),
            )
            for name, value in sorted(changed.items())
        ]
        for name, value in changed.items():
            setattr(organisation, name, value or (None if name == Fact.INVOICE_NUMBER else ""))
        organisation.save(update_fields=sorted(changed))
    _tell(actor, organisation, rows)
    return rows


def _tell(actor: Actor, organisation: Organisation, rows: list[FactChange]) -> None:
    """Record which facts changed, without their values, and emit it."""
    names, day = [row.fact for row in rows], rows[0].effective_on.isoformat()
    for row in rows:
        record(
            kind="participants.fact_changed",
            subject=row.public_id,
            actor=actor,
            payload={
                "organisation": organisation.public_id,
                "fact": row.fact,
                "effective_on": day,
                "document_sha256": row.document_sha256,
            },
        )
    emit(
        OrganisationFactsChanged(
            organisation=organisation.public_id,
            facts=",".join(names),
            effective_on=day,
            is_screened=bool(SCREENED.intersection(names)),
        )
    )


def _check_fact(name: str, value: str) -> None:
    """Check a fact and its new value; raises FieldInvalid."""
    field = f"facts.{name}"
    if name not in Fact.values:
        known = ", ".join(Fact.values)
        raise FieldInvalid(field, Label(f"choose from {known}", f"{known} から選んでください"))
    if not value and name not in MAY_BE_EMPTY:
        raise FieldInvalid(field, REQUIRED)
    if len(value) > LENGTH_MAX[name]:
        raise FieldInvalid(
            field,
            Label(f"use at most {LENGTH_MAX[name]} characters", f"{LENGTH_MAX[name]}字以内にしてください"),
        )
    if not value:
        return
    if name == Fact.INVOICE_NUMBER and not INVOICE_NUMBER.fullmatch(value):
        raise FieldInvalid(field, Label("use T followed by 13 digits", "Tと数字13桁で指定してください"))
    if name in SIZES and not re.fullmatch(WHOLE_NUMBER, value):
        raise FieldInvalid(
            field,
            Label("use a whole number in digits, without signs", "0以上の整数を数字だけで指定してください"),
        )
    if name == Fact.NAME_KANA and not is_kana(value):
        raise FieldInvalid(
            field,
            Label("use katakana, Latin letters and digits", "カタカナ・英数字で指定してください"),
        )
    if name == Fact.CONTACT_EMAIL:
        checked_email(value, field)
