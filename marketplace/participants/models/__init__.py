"""Organisations, the people who act for them, segments, admissions, programs and sessions."""

from . import approvals as approvals
from .admissions import Admission, Segment
from .organisations import Organisation, Reinstatement
from .people import LANGUAGES, Membership, RoleGrant, User
from .programs import Application
from .sessions import Session

__all__ = [
    "LANGUAGES",
    "Admission",
    "Application",
    "Membership",
    "Organisation",
    "Reinstatement",
    "RoleGrant",
    "Segment",
    "Session",
    "User",
]
