"""Queries on evidence."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from .models import EvidenceRecord


def records_about(subject: str) -> QuerySet[EvidenceRecord]:
    """Records of one subject, oldest first."""
    return EvidenceRecord.objects.filter(subject=subject).order_by("id")


def records_about_any(subjects: Collection[str], kinds: Collection[str]) -> QuerySet[EvidenceRecord]:
    """Records of some kinds about any of the subjects, oldest first."""
    return EvidenceRecord.objects.filter(subject__in=subjects, kind__in=kinds).order_by("id")


def all_records() -> QuerySet[EvidenceRecord]:
    """Every record, for the operator and the auditor."""
    return EvidenceRecord.objects.all()
