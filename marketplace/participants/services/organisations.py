"""Register organisations, and declare affiliates of the operator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.db import transaction
from stdnum.jp import cn

from marketplace.approvals.services import require_two_people
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.evidence.witnesses import end_witnesses_of_affiliate
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ..errors import (
    CorporateNumberTaken,
    HasAdmissions,
    InvoiceNumberTaken,
    NeverATrader,
    OperatorExists,
)
from ..interest_queries import require_unrelated, require_unrelated_person
from ..models import Admission, Organisation
from ..payout_accounts import payout_account as payout_account_of
from ..people_fields import REQUIRED
from ..states import HELD_ADMISSIONS, OrganisationKind
from ..uniqueness import translate_duplicates
from .payout_accounts import register_account

INVOICE_NUMBER = re.compile(r"T[0-9]{13}")
AFFILIATION_WITHIN: Final = timedelta(hours=24)
COUNTRY = re.compile(r"[A-Z]{2}")


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
    actor.require(Permission.ADMISSION_WRITE)
    check_facts(
        name=name,
        kind=kind,
        country=country,
        corporate_number=corporate_number,
        invoice_registration_number=invoice_registration_number,
        address=address,
        representative=representative,
    )
    account = payout_account_of(payout_account) if payout_account else None
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
        )
        if account is not None:
            register_account(actor=actor, organisation=organisation, account=account)
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


@record_refusals()
def declare_affiliation(*, actor: Actor, organisation: str, affiliated: bool) -> Organisation:
    """Declare whether an organisation is an affiliate of the operator; its people do so by two, on the server one suffices.

    The witnesses of an affiliate end.

    Raises SecondPersonNeeded, Recused, HasAdmissions while it has an application or admission, NeverATrader for the operator itself, Missing,
    Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    subject = locked_organisation(organisation)
    if subject.is_operator:
        raise NeverATrader(organisation=subject.public_id)
    if affiliated and Admission.objects.filter(organisation=subject, state__in=HELD_ADMISSIONS).exists():
        raise HasAdmissions(organisation=subject.public_id)
    first_person = ""
    if actor.role is Role.OPERATOR:
        require_unrelated(actor, subject.pk)
        approval = require_two_people(
            actor=actor,
            permission=Permission.ADMISSION_WRITE,
            organisation=actor.organisation or "",
            command="participants.declare_affiliation",
            subject=subject.public_id,
            payload={"affiliated": affiliated},
            expires_in=AFFILIATION_WITHIN,
        )
        first_person = approval.first_person
        require_unrelated_person(first_person, subject.pk)
    subject.operator_affiliate = affiliated
    subject.save(update_fields=["operator_affiliate"])
    if affiliated:
        end_witnesses_of_affiliate(actor=actor, organisation=subject.public_id)
    record(
        kind="participants.affiliation_declared",
        subject=subject.public_id,
        actor=actor,
        payload={"affiliated": affiliated, "first_person": first_person},
    )
    return subject
