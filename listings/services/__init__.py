"""Services of listings."""

from .drafts import UploadedData, add_version, create_listing, revise_listing
from .sale import (
    decide_version,
    judge_version,
    resume_listing,
    submit_version,
    suspend_listings,
    withdraw_listing,
)

__all__ = [
    "UploadedData",
    "add_version",
    "create_listing",
    "decide_version",
    "judge_version",
    "resume_listing",
    "revise_listing",
    "submit_version",
    "suspend_listings",
    "withdraw_listing",
]
