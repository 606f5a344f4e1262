"""Builds the two files of a bundle: the public one, and the auditor's that opens it."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.canonical import sha256_hex
from marketplace.participants.class_queries import applied_at
from marketplace.participants.queries import sellers_by_segment

from ..models import Rulebook
from .aimed import aimed_entries
from .contributions import FIGURES, ORDER, RANKING, Processed
from .decisions import Progress, count_decisions, decisions_of, show_decisions
from .fees import show_fees, show_rebates
from .figures import class_figures
from .order import show_order
from .parts import Part
from .periods import Period
from .sealing import SALT_BYTES, Seal
from .suppression import PARTIES_MIN

FORMAT = "sanpo-neutrality/2"
FILE_BYTES_MAX = 64 * 1024 * 1024
_UNDATED = (1980, 1, 1, 0, 0, 0)
ADMISSION = "admission"


class BundleTooLarge(Exception):
    """A file of a bundle is larger than ``FILE_BYTES_MAX``: shorter windows are asked for instead."""


@dataclass(frozen=True, slots=True)
class Built:
    """Both files of a bundle, and the figures that are shown without them."""

    content: bytes
    auditors_content: bytes
    figures: dict[str, Any]

    @property
    def sha256(self) -> str:
        """The hash of the public file."""
        return sha256_hex(self.content)

    @property
    def auditors_sha256(self) -> str:
        """The hash of the auditor's file."""
        return sha256_hex(self.auditors_content)


def build(bundle: str, period: Period, progress: Progress) -> Built:
    """Build the files of a period. Raises PartTooLarge, BundleTooLarge."""
    salt = secrets.token_bytes(SALT_BYTES)
    seal = Seal(salt)
    decisions, followed = show_decisions(period, seal, progress)
    parts = [decisions, show_fees(period, seal), show_rebates(period, seal), show_order(period, seal)]
    figures = {
        "classes": class_figures(period),
        "decisions": count_decisions(period),
        **{name: read(period) for name, read in FIGURES.items()},
        "names_replaced": followed.figures(),
        "aimed": aimed_entries(sellers_by_segment(before=period.ends_at), before=period.ends_at),
        "parts": {part.name: {"rows": len(part.rows), "withheld": dict(part.withheld)} for part in parts},
    }
    files = {f"{part.name}.jsonl": _lines(part.rows) for part in parts}
    files["rulebooks.jsonl"] = _lines(_rulebooks(period, parts))
    files["ranking.jsonl"] = _lines(sample for read in RANKING for sample in read(period))
    files["figures.json"] = _text(figures)
    about = {
        "format": FORMAT,
        "bundle": bundle,
        "first_day": period.first_day.isoformat(),
        "last_day": period.last_day.isoformat(),
        "time_zone": str(clock.market_zone()),
        "parties_min": PARTIES_MIN,
    }
    content = _zipped(about, files)
    opened = {"openings.jsonl": _lines(opening for part in parts for opening in part.openings)}
    secret = {"salt": salt.hex(), "public_sha256": sha256_hex(content), "followed": followed.decisions}
    return Built(content, _zipped({**about, **secret}, opened), figures)


def _rulebooks(period: Period, parts: list[Part]) -> list[dict[str, Any]]:
    """Every version that took effect before the end of the period; with its text, if it was in force in it or a row names it."""
    versions = list(Rulebook.objects.filter(effective_from__lt=period.ends_at).order_by("number"))
    named = {
        opening["content"]["rulebook"]
        for part in parts
        for opening in part.openings
        if "rulebook" in opening["content"]
    }
    rows = []
    for row in versions:
        later = [other.effective_from for other in versions if other.number > row.number]
        is_used = row.public_id in named or not later or min(later) > period.starts_at
        stated = {"document": row.document, "vocabulary": row.vocabulary} if is_used else {}
        rows.append(
            {
                "rulebook": row.public_id,
                "number": row.number,
                "published_at": row.published_at.isoformat(),
                "effective_from": row.effective_from.isoformat(),
                "digest": row.digest,
                "vocabulary_digest": row.vocabulary_digest,
                **stated,
            }
        )
    return rows


def _order_of_admissions(period: Period) -> Iterable[Processed]:
    """Applications that the rules decided in a period: received when made, processed at their first decision."""
    first: dict[str, Any] = {}
    for decision in decisions_of(period):
        if decision.point == ADMISSION:
            first.setdefault(decision.subject, decision)
    applied = applied_at(list(first))
    for subject, decision in first.items():
        if subject in applied:
            yield Processed(
                ADMISSION,
                subject,
                applied[subject].isoformat(),
                decision.decided_at.isoformat(),
                tuple(decision.parties),
            )


ORDER.append(_order_of_admissions)


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(_text(row) + b"\n" for row in rows)


def _zipped(about: dict[str, Any], files: dict[str, bytes]) -> bytes:
    """A zip archive of ``files`` with a manifest of their hashes; the same files give the same bytes."""
    listed = {name: {"sha256": sha256_hex(content), "bytes": len(content)} for name, content in files.items()}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in {"manifest.json": _text({**about, "files": listed}), **files}.items():
            target.writestr(zipfile.ZipInfo(name, _UNDATED), content, zipfile.ZIP_DEFLATED)
    if archive.tell() > FILE_BYTES_MAX:
        raise BundleTooLarge(f"{archive.tell()} bytes")
    return archive.getvalue()
