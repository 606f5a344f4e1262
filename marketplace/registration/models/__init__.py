"""Tables of registration: applications, the lists they are screened against, and screenings."""

from .applications import BeneficialOwner, Registration, SupportingDocument
from .references import RegistryEntry, RegistrySnapshot, ScreeningEntry, ScreeningList
from .screenings import Screening

__all__ = [
    "BeneficialOwner",
    "Registration",
    "RegistryEntry",
    "RegistrySnapshot",
    "Screening",
    "ScreeningEntry",
    "ScreeningList",
    "SupportingDocument",
]
