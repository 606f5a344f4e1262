"""Organisations, the people who act for them and how they join, segments, admissions, programs and sessions."""

from .admissions import Admission, Segment
from .invitations import Invitation
from .logins import LoginLock, SecondFactorReset
from .member_changes import MemberChange
from .organisations import Organisation, Reinstatement
from .people import Membership, RoleGrant, User
from .programs import Application
from .recoveries import OwnerRecovery, RecoveryContact, RecoveryEvidence
from .sessions import Session
from .words import LANGUAGES

__all__ = [
    "LANGUAGES",
    "Admission",
    "Application",
    "Invitation",
    "LoginLock",
    "MemberChange",
    "Membership",
    "Organisation",
    "OwnerRecovery",
    "RecoveryContact",
    "RecoveryEvidence",
    "Reinstatement",
    "RoleGrant",
    "SecondFactorReset",
    "Segment",
    "Session",
    "User",
]
