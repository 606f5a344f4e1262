"""The document of an agreement is sealed once, and timestamped by a job where the market has an authority."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from django.utils import timezone

from contracts.document.rendering import AGREEMENT
from marketplace.documents.models import SealedDocument
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.models import Job
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.invariants import verify_all
from tests.evidence.authorities import Signer, serving
from tests.participants import factories as people
from tests.processes import environment

from .. import factories

WORK = "import django; django.setup();from marketplace.jobs.runner import run_due;run_due('documents')"


def test_a_document_has_the_same_bytes_for_both_parties_and_its_record_is_theirs(market):
    agreement = factories.agreement(market)
    path = f"/api/v1/agreements/{agreement.public_id}/document.pdf/"
    seller, buyer = (people.client_of(market.organisation(name)) for name in ("seller", "buyer"))
    first = seller.get(path).content
    assert buyer.get(path).content == first
    row = SealedDocument.objects.get()
    assert (row.kind, row.subject, row.sha256) == (AGREEMENT.name, agreement.public_id, sha256_hex(first))
    record = EvidenceRecord.objects.get(kind="documents.sealed")
    assert record.payload["sha256"] == row.sha256
    parties = sorted(record.parties.values_list("organisation", flat=True))
    assert parties == sorted([agreement.buyer_identifier, agreement.seller_identifier])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed on this machine")
def test_a_job_has_the_seal_timestamped(committed_database, settings, tmp_path):
    market = factories.market()
    agreement = factories.agreement(market)
    buyer = people.client_of(market.organisation("buyer"))
    path = f"/api/v1/agreements/{agreement.public_id}/document.pdf/"
    signer = Signer(tmp_path / "authority")
    with serving(signer) as authority:
        settings.TIMESTAMP_AUTHORITY_URL = authority.url
        settings.TIMESTAMP_AUTHORITY_CERTIFICATES = str(signer.pinned)
        waiting = buyer.get(path)
        assert (waiting.status_code, waiting.json()["code"]) == (409, "document_not_ready")
        assert "Retry-After" in waiting
        Job.objects.update(due_at=timezone.now())
        stated = {
            "TIMESTAMP_AUTHORITY_URL": authority.url,
            "TIMESTAMP_AUTHORITY_CERTIFICATES": str(signer.pinned),
        }
        worker = subprocess.run([sys.executable, "-c", WORK], env={**environment(), **stated}, check=False)
        assert worker.returncode == 0
        assert len(authority.asked) == 2
    assert list(SealedDocument.objects.order_by("language").values_list("language", "level")) == [
        ("en", "B-T"),
        ("ja", "B-T"),
    ]
    assert buyer.get(path).content == bytes(SealedDocument.objects.get(language="ja").content)
    assert {name: found for name, found in verify_all("documents").items() if found} == {}
