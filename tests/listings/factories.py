"""Listings for tests, made by the services that make them everywhere."""

from __future__ import annotations

import itertools
from typing import Any

from contracts.models import Template
from listings import services
from listings.models import Listing, ListingVersion
from marketplace.participants.models import Organisation
from marketplace.rules.models import Rulebook
from quality import services as quality
from tests.contracts import library
from tests.participants import factories as participants
from tests.rules import factories as rules

CSV = "日付,気温\n2026-01-01,3.5\n2026-01-02,4.1\n2026-01-03,2.0\n".encode()
RIGHTS = {"contract_type": "licence", "purposes": ["commercial", "research"], "regions": ["JP"]}

_references = itertools.count(1)


def upload(file_name: str = "weather.csv", content: bytes = CSV) -> services.UploadedData:
    """A file as it comes in."""
    return services.UploadedData(file_name, "text/csv", content)


def offer(**changes: Any) -> dict[str, Any]:
    """An offer at 48,000 yen."""
    return {"price_minor": 48_000, "rights": RIGHTS, "template": "data-provision", **changes}


def description(**changes: Any) -> dict[str, Any]:
    """What a listing says of itself."""
    stated = {
        "title": {"ja": "高松市の日別気象", "en": "Daily weather of Takamatsu"},
        "description": {"ja": "降水量と気温の観測値。", "en": "Observed precipitation and temperatures."},
        "keywords": ["気象", "weather"],
        "source": {"name": "高松市", "url": "https://opendata.example/weather", "licence": "CC BY 4.0"},
        "personal_data_class": "none",
    }
    return stated | changes


def seller(label: str = "S", segment: str = "environment") -> Organisation:
    """A business that is admitted to sell in a segment."""
    return participants.admitted(label, segment, "seller")


def listing(of: Organisation, segment: str = "environment", **changes: Any) -> Listing:
    """A listing in preparation."""
    participants.segment(segment)
    stated = {"reference": f"REF-{next(_references)}", "segment": segment, **description(**changes)}
    return services.create_listing(actor=participants.actor_for(of), **stated)


def template() -> None:
    """The contract template that offers name, once."""
    if not Template.objects.filter(code="data-provision").exists():
        clause = {
            "heading": {"ja": "提供", "en": "Provision"},
            "text": {"ja": "提供する。", "en": "It is provided."},
        }
        library.published(
            code="data-provision",
            title={"ja": "契約", "en": "Agreement"},
            clauses=[{"code": "incidents", **clause}],
        )


def draft(of: Organisation, subject: Listing | None = None, **changes: Any) -> ListingVersion:
    """A version in preparation; ``changes`` are to the listing, or ``files`` and ``offer``."""
    files = changes.pop("files", None) or [upload()]
    terms = changes.pop("offer", None) or offer()
    subject = subject or listing(of, **changes)
    template()
    return services.add_version(
        actor=participants.actor_for(of), listing=subject.public_id, files=files, offer=terms
    )


def submitted(of: Organisation, subject: Listing | None = None, **changes: Any) -> ListingVersion:
    """A version that waits for measurement."""
    version = draft(of, subject, **changes)
    return services.submit_version(actor=participants.actor_for(of), listing_version=version.public_id)


def judged(of: Organisation, subject: Listing | None = None, **changes: Any) -> ListingVersion:
    """A version that was measured, and over which the rules in force decided; the demo market's, if none are."""
    if not Rulebook.objects.exists():
        rules.publish()
    version = submitted(of, subject, **changes)
    quality.measure_version(listing_version=version.public_id)
    return services.judge_version(listing_version=version.public_id)


def published(of: Organisation, subject: Listing | None = None, **changes: Any) -> ListingVersion:
    """A version on sale."""
    version = judged(of, subject, **changes)
    assert version.state == "published"
    return version
