"""Measure the quality of listing versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from django.db import transaction

from listings import queries as listings
from listings.errors import StoredFileDamaged
from listings.queries import DistributionView, StatedListing
from listings.states import PersonalDataClass
from marketplace.events.schemas.quality import QualityProfiled
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.jobs.kinds import Progress, report_nothing
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.outside import require_no_transaction

from .errors import AlreadyMeasured
from .measures import MeasuredValue, Subject, measure
from .models import Measurement, Profile
from .profiling import FileProfile, profile_file

UNOPENED = "the stored file is missing or damaged"


def measure_version(
    *, listing_version: str, actor: Actor = SYSTEM, report_progress: Progress = report_nothing
) -> Profile:
    """Profile every file of a version and measure its quality; the rules read the result next.

    Reads whole files, so call it outside transactions; ``report_progress`` hears the files done and their number. Only
    counts and column names are stored of the content of the files. Emits quality.profiled. Raises AlreadyMeasured,
    Missing.
    """
    require_no_transaction("measuring a listing version")
    stated = listings.stated_listing(listing_version)
    _require_unmeasured(listing_version)
    distributions = listings.distributions(listing_version)
    anonymised = stated.personal_data_class == PersonalDataClass.ANONYMISED
    files: list[FileProfile] = []
    for distribution in distributions:
        report_progress(len(files), len(distributions))
        files.append(_profile_distribution(distribution, anonymised=anonymised))
    earlier = listings.earlier_distributions(listing_version)
    now = clock.now()
    subject = Subject(
        files=files,
        personal_data_class=stated.personal_data_class,
        source=stated.source,
        update_interval_days=stated.update_interval_days,
        age_days=max(0, (now - stated.added_at).days),
        opened=sum(file.unreadable != UNOPENED for file in files),
        stored=len(files),
        earlier_intact=_count_intact(earlier),
        earlier_files=len(earlier),
    )
    return _save_profile(stated, subject, distributions, measured_at=now, actor=actor)


def _require_unmeasured(listing_version: str) -> None:
    """Raise AlreadyMeasured if the version has a profile."""
    known = Profile.objects.filter(listing_version_id=listing_version).first()  # type: ignore[misc]
    if known is not None:
        raise AlreadyMeasured(listing_version=listing_version, profile=known.public_id)


@transaction.atomic
def _save_profile(
    stated: StatedListing,
    subject: Subject,
    distributions: Sequence[DistributionView],
    *,
    measured_at: datetime,
    actor: Actor,
) -> Profile:
    """Save what was measured, with its evidence and event. A second measurement of the version is refused."""
    listing_version, files = stated.listing_version, subject.files
    _require_unmeasured(listing_version)
    groups = [file.k_anonymity for file in files if file.k_anonymity is not None]
    profile = Profile.objects.create(
        listing_version_id=listing_version,
        measured_at=measured_at,
        tabular=all(file.table is not None for file in files),
        row_count=sum(file.row_count for file in files),
        files=[file.as_dict() for file in files],
        personal_data=_findings(files),
        k_anonymity=min(groups, default=None),
    )
    measured = list(measure(subject))
    _save_measurements(profile, measured)
    record(
        kind="quality.version_measured",
        subject=listing_version,
        actor=actor,
        payload={
            "profile": profile.public_id,
            "sha256": [distribution.sha256 for distribution in distributions],
            "row_count": profile.row_count,
            "personal_data_rules": sorted({finding["rule"] for finding in profile.personal_data}),
            "values": {value.characteristic.value: str(value.value) for value in measured},
        },
    )
    emit(QualityProfiled(listing=stated.listing, listing_version=listing_version, profile=profile.public_id))
    return profile


def _profile_distribution(distribution: DistributionView, *, anonymised: bool) -> FileProfile:
    try:
        with listings.open_distribution(distribution.public_id) as file:
            content = file.read()
    except StoredFileDamaged:
        return FileProfile(distribution.file_name, unreadable=UNOPENED)
    return profile_file(
        content, distribution.file_name, distribution.media_type, measure_anonymity=anonymised
    )


def _count_intact(distributions: Iterable[DistributionView]) -> int:
    """How many files open with their hash intact."""
    intact = 0
    for distribution in distributions:
        with suppress(StoredFileDamaged), listings.open_distribution(distribution.public_id):
            intact += 1
    return intact


def _findings(files: Iterable[FileProfile]) -> list[dict[str, object]]:
    return [
        {"file_name": file.file_name, "suspected": file.personal_data_suspected, **finding.as_dict()}
        for file in files
        for finding in file.findings
    ]


def _save_measurements(profile: Profile, measured: Iterable[MeasuredValue]) -> None:
    Measurement.objects.bulk_create(
        Measurement(
            profile=profile,
            characteristic=value.characteristic,
            value=value.value,
            formula_ja=value.formula.ja,
            formula_en=value.formula.en,
        )
        for value in measured
    )
