"""Begin an application, and prove its mail address."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from stdnum import lei as lei_number

from marketplace.evidence.services import record
from marketplace.jobs.services import enqueue
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.participants.payout_accounts import payout_account as payout_account_of
from marketplace.participants.services import check_facts

from ..bounds import (
    CODES_MAX,
    DRAFTS_PER_ADDRESS_MAX,
    OPEN_PER_EMAIL_ANYWHERE_MAX,
    OPEN_PER_EMAIL_MAX,
    WRONG_CODES_MAX,
)
from ..codes import address_digest, code_digest, key_digest, new_key
from ..errors import CodesUsedUp, CodeWrong, TooManyDrafts
from ..jobs import SEND_CODE
from ..locks import APPLY_LOCK
from ..models import Registration
from ..rows import lock_own, require_draft
from ..states import ENDED, RegistrationState

REQUIRED = Label("this field is required", "入力してください")


@transaction.atomic
def apply(
    *,
    client_address: str,
    email: str,
    applicant_name: str,
    name: Mapping[str, str],
    kind: str,
    corporate_number: str | None,
    address: str,
    representative_name: str,
    representative_title: str = "",
    country: str = "JP",
    lei: str | None = None,
    invoice_registration_number: str | None = None,
    payout_account: Mapping[str, str] | None = None,
    language: str = "ja",
) -> Registration:
    """Begin an application for registration, and send a code to ``email``; anybody may.

    ``issued_key`` of the returned object is the key by which the applicant acts, in clear text. The answer is the same
    whether the mail address or the organisation is known to the market or not: nobody learns it here. ``client_address``
    is kept as a digest alone. Raises FieldInvalid, TooManyDrafts.
    """
    facts: dict[str, Any] = {
        "kind": kind,
        "country": country,
        "corporate_number": corporate_number,
        "invoice_registration_number": invoice_registration_number,
        "address": address.strip(),
    }
    mail_address = _checked_email(email)
    stated = {
        "applicant_name": _checked_person("applicant_name", applicant_name),
        "representative_name": _checked_person("representative_name", representative_name),
        "representative_title": representative_title.strip(),
        "lei": _checked_lei(lei),
        "payout_account": asdict(payout_account_of(payout_account)) if payout_account else None,
        "language": language,
    }
    check_facts(name=name, representative=representative_name, **facts)
    APPLY_LOCK.acquire()
    sender = address_digest(client_address)
    drafts = Registration.objects.filter(address_digest=sender, state=RegistrationState.DRAFT)
    if drafts.count() >= DRAFTS_PER_ADDRESS_MAX:
        raise TooManyDrafts(count=DRAFTS_PER_ADDRESS_MAX)
    key = new_key()
    row = Registration.objects.create(
        key_digest=key_digest(key),
        address_digest=sender,
        name_ja=name["ja"].strip(),
        name_en=name["en"].strip(),
        is_quiet=_is_written_to_enough(mail_address, sender),
        email=mail_address,
        begun_at=clock.now(),
        **facts,
        **stated,
    )
    row.issued_key = key
    record(
        kind="registration.begun",
        subject=row.public_id,
        actor=Actor(row.public_id, Role.PARTICIPANT),
        payload={"kind": kind, "country": country, "corporate_number": corporate_number},
    )
    _send_code(row)
    return row


def _is_written_to_enough(mail_address: str, sender: str) -> bool:
    """Whether so many applications with the mail address are open that nobody is written to about another one."""
    open_ones = Registration.objects.filter(email=mail_address).exclude(state__in=ENDED)
    senders = list(open_ones.values_list("address_digest", flat=True))
    return len(senders) >= OPEN_PER_EMAIL_ANYWHERE_MAX or senders.count(sender) >= OPEN_PER_EMAIL_MAX


def _checked_person(field: str, name: str) -> str:
    """The name of a person without spaces around it; raises FieldInvalid."""
    if not name.strip():
        raise FieldInvalid(field, REQUIRED)
    return name.strip()


def _checked_lei(lei: str | None) -> str | None:
    """The LEI (ISO 17442) as it is; raises FieldInvalid."""
    if lei is not None and (lei_number.compact(lei) != lei or not lei_number.is_valid(lei)):
        raise FieldInvalid(
            "lei", Label("use 20 characters with valid check digits", "検査用数字の正しい20桁にしてください")
        )
    return lei


def _checked_email(email: str) -> str:
    """The mail address in lower case; raises FieldInvalid."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise FieldInvalid(
            "email", Label("specify an e-mail address", "メールアドレスを指定してください")
        ) from None
    return address


@transaction.atomic
def send_code(*, actor: Actor, registration: str) -> Registration:
    """Send another code to the mail address of the applicant's own application; the codes before it are void.

    Nothing is sent once the address is proved. Raises CodesUsedUp, IllegalTransition, Missing.
    """
    row = lock_own(actor, registration)
    require_draft(row, "send_code")
    if row.email_proved_at is None:
        if row.codes_sent >= CODES_MAX:
            raise CodesUsedUp(count=CODES_MAX)
        _send_code(row)
    return row


def _send_code(row: Registration) -> None:
    """Count a further code, and have it sent, unless nobody is written to about this application."""
    row.codes_sent += 1
    row.save(update_fields=["codes_sent"])
    if not row.is_quiet:
        arguments = {"registration": row.public_id, "number": row.codes_sent}
        enqueue(kind=SEND_CODE, subject=f"{row.public_id}:{row.codes_sent}", arguments=arguments)


def prove_email(*, actor: Actor, registration: str, code: str) -> Registration:
    """Prove the mail address of the applicant's own application by the code sent to it; idempotent.

    A wrong code is counted, also where the command is refused. Raises CodeWrong, IllegalTransition, Missing.
    """
    with transaction.atomic():
        row = lock_own(actor, registration)
        require_draft(row, "prove_email")
        is_right = row.email_proved_at is not None or _is_right(row, code)
        if is_right and row.email_proved_at is None:
            row.email_proved_at = clock.now()
            row.save(update_fields=["email_proved_at"])
            record(kind="registration.email_proved", subject=row.public_id, actor=actor, payload={})
        elif not is_right:
            row.wrong_codes = min(row.wrong_codes + 1, WRONG_CODES_MAX)
            row.save(update_fields=["wrong_codes"])
    if not is_right:
        raise CodeWrong()
    return row


def _is_right(row: Registration, code: str) -> bool:
    """Whether the code is the one last sent, in time, and not too many were tried before."""
    if row.code_digest is None or row.code_expires_at is None or row.wrong_codes >= WRONG_CODES_MAX:
        return False
    matches = hmac.compare_digest(row.code_digest, code_digest(row.public_id, code.strip()))
    return matches and clock.real_now() < row.code_expires_at
