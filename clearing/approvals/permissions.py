"""Which permission both people need for each command that takes two. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from marketplace.kernel.permissions import Permission

PREFIX: Final = "clearing."
DEFAULT: Final = Permission.CLEARING_WRITE

PERMISSIONS: Mapping[str, Permission] = {
    "clearing.abandon_event": Permission.SUPPORT_WRITE,
    "clearing.adjustment": Permission.DISPUTES_WRITE,
    "clearing.lift_halt": Permission.RULEBOOK_WRITE,
    "clearing.reinstate_participant": Permission.ADMISSION_WRITE,
    "clearing.resolution": Permission.DISPUTES_WRITE,
    "clearing.weaken_controls": Permission.RULEBOOK_WRITE,
}
"""Commands that are not the work of clearing itself; every other one needs ``DEFAULT``."""


def permission_of(command: str) -> Permission:
    """What both people must hold who give ``command``."""
    return PERMISSIONS.get(command, DEFAULT)
