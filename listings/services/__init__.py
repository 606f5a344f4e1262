"""Services of listings."""

from .drafts import (
    StoredUpload,
    UploadedData,
    add_stored_version,
    add_version,
    create_listing,
    revise_listing,
    store_version_files,
)
from .sale import (
    decide_version,
    judge_version,
    resume_listing,
    submit_version,
    suspend_listings,
    suspend_listings_in,
    withdraw_listing,
)
from .shown_searches import keep_shown_search
from .stakes import end_stake, state_stake

__all__ = [
    "StoredUpload",
    "UploadedData",
    "add_stored_version",
    "add_version",
    "create_listing",
    "decide_version",
    "end_stake",
    "judge_version",
    "keep_shown_search",
    "resume_listing",
    "revise_listing",
    "state_stake",
    "store_version_files",
    "submit_version",
    "suspend_listings",
    "suspend_listings_in",
    "withdraw_listing",
]
