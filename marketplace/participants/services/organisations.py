"""Register organisations."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db import transaction
from stdnum.jp import cn

from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission

from ..errors import (
    CorporateNumberTaken,
    InvoiceNumberTaken,
    OperatorExists,
)
from ..models import Organisation
from ..payout_accounts import payout_account as payout_account_of
from ..people_fields import REQUIRED
from ..states import OrganisationKind
from ..uniqueness import translate_duplicates
from .payout_accounts import register_account

INVOICE_NUMBER = re.compile(r"T[0-9]{13}")
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
