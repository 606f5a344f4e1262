"""Expired tokens and sessions that leave."""

from __future__ import annotations

from datetime import datetime

from oauth2_provider.models import clear_expired

from marketplace.kernel.retention import OldRows

from .models import Session


def remove_expired(before: datetime) -> int:
    """Delete expired tokens in the library's own batches, and sessions that expired ``before``; returns the sessions."""
    clear_expired()
    return Session.objects.filter(expire_date__lt=before).delete()[0]


OldRows(name="tokens", remove=remove_expired)
