"""Organisations, the people who act for them, segments, admissions, programs and sessions."""

from .admissions import Admission, Segment
from .facts import FactChange
from .organisations import Organisation
from .payout_accounts import PayoutAccountChange
from .people import LANGUAGES, Membership, RoleGrant, User
from .programs import Application
from .sessions import Session
from .suspensions import Reinstatement, Suspension
from .trustees import TrusteeAppointment

__all__ = [
    "LANGUAGES",
    "Admission",
    "Application",
    "FactChange",
    "Membership",
    "Organisation",
    "PayoutAccountChange",
    "Reinstatement",
    "RoleGrant",
    "Segment",
    "Session",
    "Suspension",
    "TrusteeAppointment",
    "User",
]
