"""How bearer tokens are read: with all that a principal is made of, in one query."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import SettingsScopes

from marketplace.kernel import clock
from marketplace.kernel.prepared import fetch_prepared

from .models import Application, Organisation, User

_OF_TOKEN = ("id", "application_id", "user_id", "expires", "scope", "resource")
_OF_APPLICATION = ("id", "public_id", "organisation_id", "scopes", "responsible_id")
_OF_ORGANISATION = ("id", "public_id", "is_operator")
_OF_RESPONSIBLE = ("id", "public_id")
"""What a principal is made of; other columns are read when somebody asks for them."""

_FIND = """
    SELECT t.id, t.application_id, t.user_id, t.expires, t.scope, t.resource,
           a.id, a.public_id, a.organisation_id, a.scopes, a.responsible_id,
           o.id, o.public_id, o.is_operator, u.id, u.public_id,
           ARRAY(SELECT g.role FROM participants_membership m
                   JOIN participants_rolegrant g ON g.membership_id = m.id AND g.revoked_at IS NULL
                  WHERE m.user_id = u.id AND m.organisation_id = o.id AND m.ended_at IS NULL AND u.is_active),
           CASE WHEN o.state = 'suspended' THEN ARRAY(
                SELECT k.kind FROM participants_suspension k WHERE k.organisation_id = o.id AND NOT EXISTS (
                SELECT FROM participants_reinstatement l WHERE l.suspension_id = k.id)) END
      FROM oauth2_provider_accesstoken t
      JOIN participants_application a ON a.id = t.application_id
      JOIN participants_organisation o ON o.id = a.organisation_id
      JOIN participants_user u ON u.id = a.responsible_id
     WHERE t.token_checksum = %s AND t.user_id IS NULL AND a.revoked_at IS NULL AND a.expires_at > now()
"""


class MarketTokenValidator(OAuth2Validator):
    """The library's validator; every request reads the token with its program and what that may do now."""

    def _load_access_token(self, token: str) -> Any:
        """The token of this value, or None. Tokens are found by their SHA-256, as the library stores them."""
        checksum = hashlib.sha256(token.encode()).hexdigest()
        # Every request reads its token, so this skips the ORM.
        for row in fetch_prepared(_FIND, [checksum]):
            return _token_of(row)
        return None

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        """Whether it is the program's secret, or the one before while both are good."""
        if super()._check_secret(provided_secret, stored_secret):
            return True
        # A stored secret is salted, so it belongs to one program.
        both_good = Application.objects.filter(
            client_secret=stored_secret, previous_until__gt=clock.real_now()
        )
        before = both_good.values_list("previous_secret", flat=True).first()
        return before is not None and bool(super()._check_secret(provided_secret, before))

    def save_bearer_token(self, token: Any, request: Any, *args: Any, **options: Any) -> Any:
        """Issue a token, and remember that the program was used."""
        issued = super().save_bearer_token(token, request, *args, **options)
        Application.objects.filter(pk=request.client.pk).update(last_used_at=clock.real_now())
        return issued


class ProgramScopes(SettingsScopes):
    """The scopes that a program may ask for: its own."""

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *_: Any, **__: Any
    ) -> list[str]:
        """The program's scopes; all that programs may have, where no program is known yet."""
        return list(application.scopes) if application is not None else sorted(self.get_all_scopes())

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *_: Any, **__: Any
    ) -> list[str]:
        """What a program gets that names no scope: all that it has."""
        return self.get_available_scopes(application)


def _token_of(row: Sequence[Any]) -> Any:
    """The token of a row, with its program, the program's organisation, and the roles of the person responsible."""
    found = _loaded(get_access_token_model(), _OF_TOKEN, [*row[:5], json.loads(row[5])])
    found.application = _loaded(Application, _OF_APPLICATION, row[6:11])
    found.application.organisation = _loaded(Organisation, _OF_ORGANISATION, row[11:14])
    found.application.responsible = _loaded(User, _OF_RESPONSIBLE, row[14:16])
    found.responsible_roles = row[16]
    found.suspended = row[17] or ()
    return found


def _loaded(model: type[Model], names: Sequence[str], values: Sequence[Any]) -> Any:
    """The object of a row of which these columns were read."""
    read = dict(zip(names, values, strict=True))
    ordered = [field.attname for field in model._meta.concrete_fields if field.attname in read]
    return model.from_db(connection.alias, ordered, [read[name] for name in ordered])
