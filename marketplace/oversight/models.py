"""Every table of oversight, from its rooms."""

from .activity.models import ActivityRecord
from .consultations.models import Consultation
from .holds.models import LegalHold
from .incidents.models import (
    Incident,
    IncidentAssessment,
    IncidentConcern,
    IncidentDeadline,
    IncidentEntry,
)
from .reviews.models import Review, SeenAgreement, SeenNegotiation
from .seals.models import RecordSeal

__all__ = [
    "ActivityRecord",
    "Consultation",
    "Incident",
    "IncidentAssessment",
    "IncidentConcern",
    "IncidentDeadline",
    "IncidentEntry",
    "LegalHold",
    "RecordSeal",
    "Review",
    "SeenAgreement",
    "SeenNegotiation",
]
