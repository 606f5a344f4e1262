"""PDFs on request: small ones at once, large ones by a job that is counted, resumed and parked like any other."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from marketplace.documents.errors import DocumentFailed, DocumentNotReady, LanguageUnknown
from marketplace.documents.models import RenderedDocument
from marketplace.documents.rendering import DIRECT_SIZE_MAX, is_small, read_pdf, request_pdf
from marketplace.documents.services import render_pdf
from marketplace.jobs import services as jobs
from marketplace.jobs.models import Job
from marketplace.jobs.services import EnqueuedOutsideTransaction
from marketplace.jobs.states import JobState
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.outside import OutsideWorkInTransaction
from tests.processes import environment

from .probe.kinds import PROBE, data_of

SMALL, LARGE = "lines_3", "lines_300"


def read(subject: str, language: str = "ja") -> bytes:
    return read_pdf(kind=PROBE, subject=subject, data=data_of(subject), language=language)


def request(subject: str) -> None:
    with transaction.atomic():
        request_pdf(kind=PROBE, subject=subject, data=data_of(subject), organisation="org_1")


def make_due() -> None:
    Job.objects.filter(state=JobState.QUEUED).update(due_at=timezone.now())


def start_worker() -> subprocess.Popen[bytes]:
    """A process that runs what is due in the queue ``documents``, then ends."""
    program = (
        "import django; django.setup();"
        "import tests.documents.probe.kinds;"
        "from marketplace.jobs.runner import run_due;"
        "run_due('documents')"
    )
    return subprocess.Popen([sys.executable, "-c", program], env=environment())


def work() -> None:
    """Run what is due in a worker, and wait for its end.

    A process of its own, because one that is forked from a process that has rendered cannot render.
    """
    assert start_worker().wait(60) == 0


def test_a_small_document_is_rendered_at_once(committed_database):
    request(SMALL)
    assert read(SMALL) == render_pdf(template="clearing/invoice", data=data_of(SMALL), language="ja")
    assert (Job.objects.count(), RenderedDocument.objects.count()) == (0, 0)


def test_a_large_document_is_rendered_by_the_job_of_the_transaction_that_records_it(committed_database):
    request(LARGE)
    job = Job.objects.get()
    assert (job.kind, job.queue, job.subject, job.organisation) == (
        "probe.render_invoice",
        "documents",
        LARGE,
        "org_1",
    )
    with pytest.raises(DocumentNotReady) as refusal:
        read(LARGE)
    assert refusal.value.fields == {
        "job": job.public_id,
        "state_of_job": "queued",
        "progress": {"done": 0, "total": None},
        "retry_after_seconds": 5,
    }
    work()
    for language in ("ja", "en"):
        expected = render_pdf(template="clearing/invoice", data=data_of(LARGE), language=language)
        assert read(LARGE, language) == expected
        assert RenderedDocument.objects.get(language=language).sha256 == sha256_hex(expected)
    assert Job.objects.count() == 1
    call_command("check_invariants")


def test_a_large_document_that_nobody_requested_is_rendered_once_it_is_asked_for(committed_database):
    for _ in range(2):
        with pytest.raises(DocumentNotReady):
            read(LARGE)
    work()
    assert read(LARGE)[:5] == b"%PDF-"


def test_an_unknown_language_makes_no_job(committed_database):
    with pytest.raises(LanguageUnknown):
        read(LARGE, "fr")
    assert Job.objects.count() == 0


def test_nothing_is_requested_outside_and_nothing_rendered_inside_a_transaction(committed_database):
    with pytest.raises(EnqueuedOutsideTransaction):
        request_pdf(kind=PROBE, subject=LARGE, data=data_of(LARGE))
    with pytest.raises(OutsideWorkInTransaction), transaction.atomic():
        read(SMALL)
    assert Job.objects.count() == 0


def test_a_document_that_cannot_be_rendered_parks_its_job_and_says_so(committed_database):
    request("unprintable")
    for _ in PROBE.job.backoff_seconds:
        work()
        make_due()
        with pytest.raises(DocumentNotReady):
            read("unprintable")
    work()
    job = Job.objects.get()
    assert (job.state, job.attempts) == (JobState.PARKED, 3)
    assert job.error.startswith("IsolatedFailure: TextUnprintable")
    with pytest.raises(DocumentFailed) as refusal:
        read("unprintable")
    assert refusal.value.fields == {"job": job.public_id, "state_of_job": "parked"}
    assert RenderedDocument.objects.count() == 0


def test_a_job_that_is_killed_goes_on_where_it_was(committed_database):
    """The worker is killed once the first language is stored; the next attempt renders the other one only."""
    subject = "lines_1500"
    request(subject)
    worker = start_worker()
    ends_at = time.monotonic() + 60
    while not RenderedDocument.objects.exists() and time.monotonic() < ends_at:
        time.sleep(0.01)
    worker.kill()
    worker.wait(10)
    (first,) = RenderedDocument.objects.values("language", "sha256", "rendered_at")
    assert first["language"] == "ja"
    assert Job.objects.get().state == JobState.RUNNING
    Job.objects.update(lease_until=timezone.now())
    assert jobs.recover_lost() == 1
    make_due()
    work()
    again, other = RenderedDocument.objects.order_by("id").values("language", "sha256", "rendered_at")
    assert (again, other["language"]) == (first, "en")
    assert (Job.objects.get().state, Job.objects.get().attempts) == (JobState.DONE, 2)
    assert sha256_hex(read(subject)) == first["sha256"]


def test_size_is_judged_without_reading_everything():
    assert is_small({"text": "x" * (DIRECT_SIZE_MAX - 20)})
    assert not is_small({"text": "x" * (DIRECT_SIZE_MAX - 19)})
    assert not is_small({"lines": [None] * (DIRECT_SIZE_MAX // 10)})
    assert not is_small({"lines": [{"words": {"ja": "長" * 10}}] * 1_000})
