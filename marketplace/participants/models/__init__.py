"""Organisations, the people who act for them and how they join, segments, admissions, programs and sessions."""

from . import approvals as approvals
from . import witnesses as witnesses
from .admissions import Admission, AdmissionCondition, Segment
from .authority import AuthorityLimit, Commitment
from .disqualifications import Disqualification
from .facts import FactChange
from .interests import StaffInterest
from .invitations import Invitation
from .keys import OrganisationKey
from .logins import LoginLock, SecondFactorReset
from .member_changes import MemberChange
from .organisations import Organisation
from .payout_accounts import PayoutAccountChange
from .people import Membership, RoleGrant, User
from .programs import Application
from .qualifications import Qualification, QualificationKind
from .recoveries import OwnerRecovery, RecoveryContact, RecoveryEvidence
from .relations import OrganisationRelation
from .sessions import Session
from .suspensions import Reinstatement, Suspension
from .trustees import TrusteeAppointment
from .words import LANGUAGES

__all__ = [
    "LANGUAGES",
    "Admission",
    "AdmissionCondition",
    "Application",
    "AuthorityLimit",
    "Commitment",
    "Disqualification",
    "FactChange",
    "Invitation",
    "LoginLock",
    "MemberChange",
    "Membership",
    "Organisation",
    "OrganisationKey",
    "OrganisationRelation",
    "OwnerRecovery",
    "PayoutAccountChange",
    "Qualification",
    "QualificationKind",
    "RecoveryContact",
    "RecoveryEvidence",
    "Reinstatement",
    "RoleGrant",
    "SecondFactorReset",
    "Segment",
    "Session",
    "StaffInterest",
    "Suspension",
    "TrusteeAppointment",
    "User",
]
