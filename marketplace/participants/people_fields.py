"""Checks of what commands about people state."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import OPERATOR_ROLES, PARTICIPANT_ROLES

from .models import LANGUAGES, Organisation
from .states import MemberRole

REQUIRED = Label("this field is required", "入力してください")


def checked_email(email: str) -> str:
    """The mail address in lower case; raises FieldInvalid."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise FieldInvalid(
            "email", Label("specify an e-mail address", "メールアドレスを指定してください")
        ) from None
    return address


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
