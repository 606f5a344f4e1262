"""The tables of delivery."""

from .downloads import Download, DownloadWatch, SentParts, Voucher
from .entitlements import AwaitedPayment, EntitledDistribution, Entitlement, Inspection

__all__ = [
    "AwaitedPayment",
    "Download",
    "DownloadWatch",
    "EntitledDistribution",
    "Entitlement",
    "Inspection",
    "SentParts",
    "Voucher",
]
