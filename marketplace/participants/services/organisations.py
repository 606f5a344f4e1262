"""Register, suspend and reinstate organisations, and declare affiliates of the operator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict

from django.db import transaction
from stdnum.jp import cn

from marketplace.events.schemas.participants import (
    OrganisationRegistered,
    ParticipantReinstated,
    ParticipantSuspended,
)
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.states import advance

from ..errors import (
    CorporateNumberTaken,
    HasAdmissions,
    InvoiceNumberTaken,
    NeverATrader,
    OperatorExists,
    OperatorStays,
)
from ..models import Admission, Organisation, Reinstatement
from ..payout_accounts import payout_account as payout_account_of
from ..states import HELD_ADMISSIONS, ORGANISATION, OrganisationKind
from ..uniqueness import translate_duplicates

INVOICE_NUMBER = re.compile(r"T[0-9]{13}")
COUNTRY = re.compile(r"[A-Z]{2}")
REASON_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
REQUIRED = Label("this field is required", "入力してください")


@transaction.atomic
def register_organisation(
    *,
    actor: Actor,
    name: Mapping[str, str],
    corporate_number: str | None,
    kind: str,
    address: str,
    representative: str,
    invoice_registration_number: str | None = None,
    country: str = "JP",
    payout_account: Mapping[str, str] | None = None,
    is_operator: bool = False,
    operator_affiliate: bool = False,
) -> Organisation:
    """Register an organisation. The operator does this after verifying its identity.

    ``name`` is ``{"ja", "en"}``; ``payout_account`` has the fields of PayoutAccount. Only individuals and foreign
    organisations have no ``corporate_number``. Emits organisation.registered. Raises FieldInvalid,
    CorporateNumberTaken, InvoiceNumberTaken, OperatorExists, Forbidden.
    """
    actor.require_operator()
    check_facts(
        name=name,
        kind=kind,
        country=country,
        corporate_number=corporate_number,
        invoice_registration_number=invoice_registration_number,
        address=address,
        representative=representative,
    )
    account = asdict(payout_account_of(payout_account)) if payout_account else {}
    refusals = {
        "organisation_number_once": CorporateNumberTaken(corporate_number=corporate_number),
        "organisation_invoice_number_once": InvoiceNumberTaken(
            invoice_registration_number=invoice_registration_number
        ),
        "organisation_one_operator": OperatorExists(),
    }
    with translate_duplicates(refusals):
        organisation = Organisation.objects.create(
            name_ja=name["ja"].strip(),
            name_en=name["en"].strip(),
            kind=kind,
            corporate_number=corporate_number,
            invoice_registration_number=invoice_registration_number,
            country=country,
            address=address.strip(),
            representative=representative.strip(),
            is_operator=is_operator,
            operator_affiliate=operator_affiliate,
            registered_at=clock.now(),
            **account,
        )
    record(
        kind="participants.organisation_registered",
        subject=organisation.public_id,
        actor=actor,
        payload={
            "kind": kind,
            "country": country,
            "corporate_number": corporate_number,
            "is_operator": is_operator,
            "operator_affiliate": operator_affiliate,
        },
    )
    emit(OrganisationRegistered(organisation=organisation.public_id))
    return organisation


def check_facts(
    *,
    name: Mapping[str, str],
    kind: str,
    country: str,
    corporate_number: str | None,
    invoice_registration_number: str | None,
    address: str,
    representative: str,
) -> None:
    """Check what is stated of an organisation, as its registration does; raises FieldInvalid, which names the field."""
    _check_identity(kind=kind, country=country, corporate_number=corporate_number)
    if invoice_registration_number is not None and not INVOICE_NUMBER.fullmatch(invoice_registration_number):
        raise FieldInvalid(
            "invoice_registration_number",
            Label("use T followed by 13 digits", "Tと数字13桁で指定してください"),
        )
    texts = {"name.ja": name.get("ja"), "name.en": name.get("en"), "address": address}
    for field, text in {**texts, "representative": representative}.items():
        if not text or not text.strip():
            raise FieldInvalid(field, REQUIRED)


def _check_identity(*, kind: str, country: str, corporate_number: str | None) -> None:
    """Check the kind, the country code and the corporate number; raises FieldInvalid."""
    if kind not in OrganisationKind.values:
        known = ", ".join(OrganisationKind.values)
        raise FieldInvalid("kind", Label(f"choose one of {known}", f"{known} から選んでください"))
    if not COUNTRY.fullmatch(country):
        raise FieldInvalid(
            "country",
            Label("use two capital letters (ISO 3166-1)", "ISO 3166-1の英大文字2字で指定してください"),
        )
    if corporate_number is None:
        if country == "JP" and kind != OrganisationKind.INDIVIDUAL:
            raise FieldInvalid(
                "corporate_number",
                Label(
                    "an organisation in Japan must give its 13-digit corporate number",
                    "国内の法人・団体は13桁の法人番号を指定してください",
                ),
            )
    elif cn.compact(corporate_number) != corporate_number or not cn.is_valid(corporate_number):
        raise FieldInvalid(
            "corporate_number",
            Label(
                "use 13 digits with a valid check digit, without hyphens",
                "検査用数字の正しい13桁を、ハイフンなしで指定してください",
            ),
        )


def locked_organisation(public_id: str) -> Organisation:
    """The organisation, locked until the transaction ends; raises Missing."""
    organisation = Organisation.objects.select_for_update().filter(public_id=public_id).first()
    if organisation is None:
        raise Missing(kind="organisation", identifier=public_id)
    return organisation


@transaction.atomic
def suspend_participant(*, actor: Actor, organisation: str, reason_code: str, reason: str) -> Organisation:
    """Suspend an organisation: it can make no new agreements; its claims and obligations remain.

    ``reason_code`` (snake case) goes into the event; only the participant reads ``reason``. Emits
    participant.suspended. Raises Missing, OperatorStays, IllegalTransition, FieldInvalid, Forbidden.
    """
    actor.require_operator()
    if not REASON_CODE.fullmatch(reason_code):
        raise FieldInvalid(
            "reason_code",
            Label(
                "use a code in snake case, at most 40 letters", "40字以内の英小文字と下線で指定してください"
            ),
        )
    if not reason.strip():
        raise FieldInvalid("reason", REQUIRED)
    subject = locked_organisation(organisation)
    if subject.is_operator:
        raise OperatorStays()
    advance(
        subject,
        ORGANISATION,
        command="suspend",
        role=actor.role.value,
        suspension_reason_code=reason_code,
        suspension_reason=reason,
    )
    record(
        kind="participants.participant_suspended",
        subject=subject.public_id,
        actor=actor,
        payload={"reason_code": reason_code, "reason_sha256": sha256_hex(reason.encode())},
    )
    emit(ParticipantSuspended(organisation=subject.public_id, reason_code=reason_code))
    return subject


@transaction.atomic
def reinstate_participant(*, actor: Actor, organisation: str, first_person: str) -> Organisation:
    """End the suspension of an organisation, as the second person of the operator; its admissions are unchanged.

    ``first_person`` is the identifier of who gave the same command first (``clearing.approvals.reinstatements``).
    Emits participant.reinstated. Raises Missing, IllegalTransition, Forbidden.
    """
    subject = suspended_participant(actor=actor, organisation=organisation)
    actor.require_second_to(first_person)
    Reinstatement.objects.create(
        organisation=subject,
        first_person=first_person,
        reinstated_by=actor.identifier,
        reinstated_at=clock.now(),
    )
    advance(
        subject,
        ORGANISATION,
        command="reinstate",
        role=actor.role.value,
        suspension_reason_code="",
        suspension_reason="",
    )
    record(
        kind="participants.participant_reinstated",
        subject=subject.public_id,
        actor=actor,
        payload={"first_person": first_person},
    )
    emit(ParticipantReinstated(organisation=subject.public_id))
    return subject


def suspended_participant(*, actor: Actor, organisation: str) -> Organisation:
    """A suspended organisation, locked until the transaction ends. Raises Missing, IllegalTransition, Forbidden."""
    actor.require_operator()
    subject = locked_organisation(organisation)
    ORGANISATION.target(state=subject.state, command="reinstate", role=actor.role.value)
    return subject


@transaction.atomic
def declare_affiliation(*, actor: Actor, organisation: str, affiliated: bool) -> Organisation:
    """Declare whether an organisation is an affiliate of the operator.

    Raises HasAdmissions while it has an application or admission, NeverATrader for the operator itself, Missing,
    Forbidden.
    """
    actor.require_operator()
    subject = locked_organisation(organisation)
    if subject.is_operator:
        raise NeverATrader(organisation=subject.public_id)
    if affiliated and Admission.objects.filter(organisation=subject, state__in=HELD_ADMISSIONS).exists():
        raise HasAdmissions(organisation=subject.public_id)
    subject.operator_affiliate = affiliated
    subject.save(update_fields=["operator_affiliate"])
    record(
        kind="participants.affiliation_declared",
        subject=subject.public_id,
        actor=actor,
        payload={"affiliated": affiliated},
    )
    return subject
