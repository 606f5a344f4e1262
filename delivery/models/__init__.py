"""The tables of delivery."""

from .downloads import Download, DownloadWatch, SentParts, Voucher
from .entitlements import AwaitedPayment, EntitledDistribution, Entitlement, Inspection
from .outages import Outage
from .recipients import DeclaredRecipient
from .refusals import RefusedDownloads
from .restitutions import Restitution

__all__ = [
    "AwaitedPayment",
    "DeclaredRecipient",
    "Download",
    "DownloadWatch",
    "EntitledDistribution",
    "Entitlement",
    "Inspection",
    "Outage",
    "RefusedDownloads",
    "Restitution",
    "SentParts",
    "Voucher",
]
