"""What the operator's staff may read of participants: the gate of every list and single read. Settings name it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.permissions import SAFE_METHODS

from .principal import Principal


def _is_governed(view: Any) -> bool:
    """Whether somebody of the operator reads; the response of a command shows what was commanded."""
    caller: Principal = view.request.user
    return view.request.method in SAFE_METHODS and bool(getattr(caller, "is_operator", False))


def narrow_for_staff(view: Any, rows: Any) -> Any:
    """Those of ``rows`` that the caller may read, by ``settings.STAFF_READS_NARROWED_BY``."""
    if not _is_governed(view):
        return rows
    return import_string(settings.STAFF_READS_NARROWED_BY)(view.actor, view.basename, rows)


def note_for_staff(view: Any, rows: Sequence[Any]) -> None:
    """Record that the caller reads ``rows``, where it reads them under an access; raises what refuses it."""
    if _is_governed(view):
        import_string(settings.STAFF_READS_NOTED_BY)(view.actor, view.basename, rows, view.lookup_field)
