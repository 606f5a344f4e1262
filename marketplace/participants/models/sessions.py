"""Sessions of people."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from marketplace.kernel.columns import MomentField

from .people import User


class Session(AbstractBaseSession):
    """A session of a person, or of somebody who is about to sign in (``user`` is null).

    ``session_key`` is the SHA-256 of the token that the person holds, in hexadecimal; the token itself is not stored.
    ``proved_at``: the real time of the last proof of a second factor in this session. Invariant: a new password, and
    the end of the account, end every session of the person.
    """

    session_key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", null=True)
    proved_at = MomentField(null=True)
    expire_date = MomentField(db_index=True)
    created_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(session_key__regex=r"^[0-9a-f]{64}$"), name="session_key_digest"
            ),
            models.CheckConstraint(
                condition=models.Q(proved_at__isnull=True) | models.Q(user__isnull=False),
                name="session_proof_of_somebody",
            ),
        ]

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that reads and writes these rows."""
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")
