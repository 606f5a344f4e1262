"""PDF documents on request: a small one is rendered at once, a large one by a job, before or when it is asked for.

One that the operator seals is kept when it is made; it waits for a job too where an authority is asked for a timestamp.

An application declares each of its documents as a ``DocumentKind`` in its ``jobs.py``. What a document shows must never
change, so that its PDF does not either: what can change is a subject of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from marketplace.evidence.timestamps import is_configured
from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.models import Job
from marketplace.jobs.services import enqueue
from marketplace.jobs.states import JobState, Queue
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.labels import Label

from .errors import DocumentFailed, DocumentNotReady, LanguageUnknown, TextUnprintable
from .models import RenderedDocument, SealedDocument
from .presentation import LOCALES, Language
from .sealing import seal_and_keep
from .seals import Ask
from .services import render_pdf

DIRECT_SIZE_MAX = 30_000
"""The largest size of data (``is_small``) that is rendered while a client waits: an invoice of 170 lines, in 0.1 s."""
VALUE_SIZE = 10
"""What a value weighs beside the characters of its text."""
RETRY_AFTER_SECONDS = 5
SECONDS_MAX = 540
MEMORY_MB_MAX = 2_000


@dataclass(frozen=True)
class DocumentKind:
    """A kind of document, and the job that renders it.

    ``name``: ``<app>.<noun>``. ``template``: that of ``render_pdf``. ``data_of``: the data that a subject shows, the same
    whenever it is called. ``label``: what the job does. ``direct_size_max``: up to which size no job is needed. ``is_sealed``: the operator signs the PDF (PAdES), which is then kept;
    ``ask`` asks the timestamp authority about that, if the market has one.
    """

    name: str
    template: str
    data_of: Callable[[str], dict[str, Any]]
    label: Label
    direct_size_max: int = DIRECT_SIZE_MAX
    is_sealed: bool = False
    ask: Ask | None = None
    job: JobKind = field(init=False)

    def __post_init__(self) -> None:
        """Register the job kind ``<app>.render_<noun>``."""
        application, _, noun = self.name.partition(".")
        job = JobKind(
            name=f"{application}.render_{noun}",
            queue=Queue.DOCUMENTS,
            label=self.label,
            run=partial(_render, self),
            seconds_max=SECONDS_MAX,
            memory_mb_max=MEMORY_MB_MAX,
            backoff_seconds=(10, 60),
            isolated=True,
        )
        object.__setattr__(self, "job", job)


def request_pdf(*, kind: DocumentKind, subject: str, data: dict[str, Any], organisation: str = "") -> None:
    """Have a large document rendered in both languages; call it in the transaction that records its data.

    A small one needs no job: ``read_pdf`` renders it. ``organisation``: who may see the job (public identifier).
    """
    if not is_small(data, kind.direct_size_max):
        enqueue(kind=kind.job, subject=subject, organisation=organisation)


def read_pdf(
    *, kind: DocumentKind, subject: str, data: dict[str, Any], language: Language, organisation: str = ""
) -> bytes:
    """The document as PDF; call it outside transactions. The same bytes every time.

    ``data`` is what ``kind.data_of(subject)`` gives. Raises DocumentNotReady while a job renders a large document,
    DocumentFailed once that job has failed, and what ``render_pdf`` raises.
    """
    if language not in LOCALES:
        raise LanguageUnknown(language=language)
    content = _kept(kind).filter(subject=subject, language=language).values_list("content", flat=True).first()
    if content is not None:
        return bytes(content)
    if is_small(data, kind.direct_size_max) and not (kind.is_sealed and is_configured()):
        return _make(kind, subject, data, language)
    with transaction.atomic():
        job = enqueue(kind=kind.job, subject=subject, organisation=organisation)
    raise _unrendered(job)


def is_small(data: dict[str, Any], size_max: int = DIRECT_SIZE_MAX) -> bool:
    """Whether the size of ``data``, its characters and ``VALUE_SIZE`` for each value, is at most ``size_max``."""
    left = size_max
    waiting: list[Any] = [data]
    while waiting:
        value = waiting.pop()
        left -= VALUE_SIZE + (len(value) if isinstance(value, str) else 0)
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            left -= VALUE_SIZE * len(value)
            waiting.extend(value if left >= 0 else ())
        if left < 0:
            return False
    return True


def _unrendered(job: Job) -> DocumentNotReady | DocumentFailed:
    """Why a document is not there, by the state of its job."""
    if job.state in (JobState.PARKED, JobState.ABANDONED):
        return DocumentFailed(job=job.public_id, state_of_job=job.state)
    return DocumentNotReady(
        job=job.public_id,
        state_of_job=job.state,
        progress={"done": job.progress_done, "total": job.progress_total or None},
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )


def _kept(kind: DocumentKind) -> QuerySet[Any]:
    """The documents of a kind that are kept."""
    model = SealedDocument if kind.is_sealed else RenderedDocument
    return model.objects.filter(kind=kind.name)


def _make(kind: DocumentKind, subject: str, data: dict[str, Any], language: Language) -> bytes:
    """Render a document, and seal and keep it if its kind says so."""
    if not kind.is_sealed:
        return render_pdf(template=kind.template, data=data, language=language)
    content = _render_signed(kind, data, language)
    return seal_and_keep(kind=kind.name, subject=subject, language=language, content=content, ask=kind.ask)


def _render_signed(kind: DocumentKind, data: dict[str, Any], language: Language) -> bytes:
    """Render what was signed, which nobody can change any more: a character that no font has becomes its code, as ``[U+1F600]``."""
    while True:
        try:
            return render_pdf(template=kind.template, data=data, language=language)
        except TextUnprintable as error:
            spelled = _spell_out(data, set(error.fields["characters"]) - {" "})
            if spelled == data:
                raise
            data = spelled


def _spell_out(value: Any, characters: set[str]) -> Any:
    """``value`` with the code of each of ``characters`` in its place."""
    if isinstance(value, dict):
        return {name: _spell_out(inner, characters) for name, inner in value.items()}
    if isinstance(value, list):
        return [_spell_out(inner, characters) for inner in value]
    if not isinstance(value, str):
        return value
    return "".join(f"[U+{ord(each):04X}]" if each in characters else each for each in value)


def _render(kind: DocumentKind, work: Work) -> None:
    """Make what the job is about in each language that an earlier attempt did not, and store each in a transaction."""
    rendered = _kept(kind).filter(subject=work.subject)
    there = set(rendered.values_list("language", flat=True))
    data = kind.data_of(work.subject)
    for done, language in enumerate(LOCALES):
        if language not in there:
            work.report_progress(done, len(LOCALES))
            content = _make(kind, work.subject, data, language)
            if not kind.is_sealed:
                _store(kind, work.subject, language, content)


def _store(kind: DocumentKind, subject: str, language: Language, content: bytes) -> None:
    """Store a rendered document, unless another attempt did: its bytes are the same."""
    document = RenderedDocument(
        kind=kind.name, subject=subject, language=language, content=content, sha256=sha256_hex(content)
    )
    RenderedDocument.objects.bulk_create([document], ignore_conflicts=True)
