"""Checks of what commands about organisations and their people state: each rule once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import OPERATOR_ROLES, PARTICIPANT_ROLES

from .models import LANGUAGES, Organisation
from .states import MemberRole

REQUIRED = Label("this field is required", "入力してください")
CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
SHA256 = re.compile(r"[0-9a-f]{64}")
EFFECTIVE_DAYS_MAX = 3652


def checked_email(email: str, field: str = "email") -> str:
    """The mail address in lower case; raises FieldInvalid."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise FieldInvalid(
            field, Label("specify an e-mail address", "メールアドレスを指定してください")
        ) from None
    return address


def checked_sha256(field: str, digest: str) -> str:
    """The SHA-256 of a document; raises FieldInvalid."""
    if not SHA256.fullmatch(digest):
        raise FieldInvalid(
            field, Label("use 64 hexadecimal digits in lower case", "16進小文字64桁で指定してください")
        )
    return digest


def checked_effective_day(day: date | None, field: str) -> date:
    """The day from which something holds: today unless stated, at most ten years ago; raises FieldInvalid for ``field``."""
    today = clock.today()
    if day is None:
        return today
    if not 0 <= (today - day).days <= EFFECTIVE_DAYS_MAX:
        raise FieldInvalid(
            field,
            Label(
                "state a day that has come, within the last ten years",
                "本日以前で過去10年以内の日を指定してください",
            ),
        )
    return day


def checked_roles(organisation: Organisation, roles: Collection[str], field: str = "roles") -> list[str]:
    """The roles, sorted and each once; raises FieldInvalid unless members of the organisation can hold them."""
    # Trustees are appointed (``services.trustees``).
    known = OPERATOR_ROLES if organisation.is_operator else PARTICIPANT_ROLES - {MemberRole.TRUSTEE}
    if not roles or not known.issuperset(roles):
        listed = ", ".join(sorted(known))
        raise FieldInvalid(field, Label(f"choose from {listed}", f"{listed} から選んでください"))
    return sorted({str(role) for role in roles})


def checked_language(language: str) -> str:
    """The language in which a person is written to; raises FieldInvalid."""
    known = [code for code, _ in LANGUAGES]
    if language not in known:
        listed = ", ".join(known)
        raise FieldInvalid("language", Label(f"choose from {listed}", f"{listed} から選んでください"))
    return language


def checked_password(password: str) -> str:
    """The password, long enough and not common; raises FieldInvalid."""
    try:
        validate_password(password)
    except ValidationError:
        raise FieldInvalid(
            "password",
            Label(
                "choose a longer, less common password", "より長く、推測されにくいパスワードにしてください"
            ),
        ) from None
    return password


def required_text(field: str, text: str) -> str:
    """The text without spaces around it; raises FieldInvalid where nothing is left."""
    if not text.strip():
        raise FieldInvalid(field, REQUIRED)
    return text.strip()


def checked_code_and_name(code: str, name: Mapping[str, str]) -> dict[str, str]:
    """The name ``{"ja", "en"}``, without spaces around it, of what is published with a code; raises FieldInvalid for either."""
    if not CODE.fullmatch(code):
        raise FieldInvalid(
            "code",
            Label(
                "use lower-case letters, digits, - and _, at most 40",
                "英小文字・数字・-・_ の40字以内で指定してください",
            ),
        )
    return {language: required_text(f"name.{language}", name.get(language, "")) for language in ("ja", "en")}
