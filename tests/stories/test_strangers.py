"""What belongs to another participant does not exist for a stranger: every route that names something is tried."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver

from clearing.models import (
    BankEntry,
    DebitBooking,
    Obligation,
    ReserveReduction,
    SetOff,
    SettlementInstruction,
)
from clearing.trades.obligation_reference import obligation_reference
from contracts.models import (
    Agreement,
    Attachment,
    DeletionDuty,
    Dispute,
    DisputeFile,
    Ending,
    Proposal,
)
from marketplace.api.openapi import openapi_document
from marketplace.api.permissions import Keyed, declared_by, permissions_in
from marketplace.approvals.models import Approval
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.permissions import RULES
from marketplace.participants import services as participants
from tests.client import KeyedClient
from tests.participants.factories import client_of
from tests.roles import unguarded

# What everybody in the market may read. Everything else belongs to somebody.
PUBLIC = {
    "catalogue-entry-detail",
    "catalogue-entry-permitted-use",
    "contract-clause-detail",
    "contract-template-detail",
    "counterfactual-detail",
    "cycle-detail",
    "cycle-left-out",
    "cycle-progress",
    "document-certificate-detail",
    "evidence-checkpoint-consistency",
    "evidence-checkpoint-detail",
    "halt-detail",
    "kind-of-qualification-detail",
    "key-announcement-detail",
    "funds-regime-detail",
    "listing-stake-detail",
    "neutrality-bundle-content",
    "neutrality-bundle-detail",
    "neutrality-bundle-proof",
    "index-value-detail",
    "on-call-turn-detail",
    "outage-detail",
    "organisation-detail",
    "profile-detail",
    "reserve-reduction-detail",
    "rulebook-detail",
    "segment-detail",
    "witness-detail",
}
READS = ("get", "head")
FORGED = (
    "contracts_ending",
    "contracts_deletionduty",
    "contracts_disputefile",
)
"""Tables of rows that the day has not, which are written past their guards."""
# Commands on what everybody may read, but the operator alone may do.
FORBIDDEN = {"cycle-close", "cycle-dry-run", "cycle-pause", "cycle-resume", "on-call-turn-withdraw"}
# Commands that take files come as a form.
FORMS = {
    "listing-add-version": {
        "files": SimpleUploadedFile("data.csv", b"a,b\n1,2\n", "text/csv"),
        "offer": json.dumps(
            {"price_minor": 1, "rights": {"contract_type": "licence"}, "template": "data-provision"}
        ),
    },
    "registration-add-document": {
        "kind": "identity",
        "file": SimpleUploadedFile("identity.pdf", b"%PDF-1.7", "application/pdf"),
    },
}


def routes() -> list[tuple[str, str, Any]]:
    """Every route of the API that names one thing: (name, path, view class)."""
    found = []

    def walk(patterns: list[Any], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern) and path.startswith("api/v1/") and "(?P<" in path:
                view = getattr(pattern.callback, "cls", None)
                if view is not None and "format" not in path:
                    found.append((pattern.name or path, path, pattern.callback))

    walk(get_resolver().url_patterns, "")
    return sorted(found, key=lambda row: row[:2])


ROUTES = routes()
pytestmark = pytest.mark.usefixtures("bad_fee", "commissions", "index_value")


@pytest.fixture(scope="package")
def stranger(
    report, aside, halt, program, people, webhook, registration, restoration, restraint, books
) -> KeyedClient:
    """A client of an organisation that took no part in the day."""
    organisation = participants.register_organisation(
        actor=SYSTEM,
        name={"ja": "よそ者商会", "en": "Stranger Trading"},
        corporate_number="8999901000099",
        kind="business",
        address="東京都",
        representative="余所 者",
    )
    return client_of(organisation)


@pytest.fixture(scope="module", autouse=True)
def set_off(report) -> Iterator[None]:
    """A forged set-off, because the day has none; it is gone after these tests."""
    payment = SettlementInstruction.objects.order_by("pk").first()
    with unguarded("clearing_setoff"):
        forged = SetOff.objects.create(
            cycle=payment.cycle,
            organisation_id=payment.organisation_id,
            currency=payment.currency,
            instruction=payment,
            amount_minor=1,
            set_off_at=clock.now(),
        )
    yield
    with unguarded("clearing_setoff"):
        SetOff.objects.filter(pk=forged.pk).delete()


@pytest.fixture(scope="module", autouse=True)
def attachment(report) -> Iterator[None]:
    """A forged attachment, because the day has none; it is gone after these tests."""
    proposal, content = Proposal.objects.order_by("pk").first(), b"%PDF-1.7"
    with unguarded("contracts_attachment"):
        forged = Attachment.objects.create(
            proposal=proposal,
            number=1,
            party=proposal.party,
            file_name="scope.pdf",
            media_type="application/pdf",
            content=content,
            size_bytes=len(content),
            sha256=sha256_hex(content),
            added_by=proposal.made_by,
            added_at=clock.now(),
        )
    yield
    with unguarded("contracts_attachment"):
        Attachment.objects.filter(pk=forged.pk).delete()


@pytest.fixture(scope="module", autouse=True)
def reserve_reduction(report) -> Iterator[None]:
    """A forged reduction of the reserve, because the day has no reserve; it is gone after these tests."""
    with unguarded("clearing_reservereduction"):
        forged = ReserveReduction.objects.create(
            currency="JPY",
            amount_minor=1,
            reason="forged",
            approval=Approval.objects.order_by("pk").first(),
            decided_by="usr_second",
            decided_at=clock.now(),
            effective_from=clock.now(),
        )
    yield
    with unguarded("clearing_reservereduction"):
        ReserveReduction.objects.filter(pk=forged.pk).delete()


@pytest.fixture(scope="module", autouse=True)
def ended_agreement(report) -> Iterator[None]:
    """A forged ending, a forged duty to delete and a forged file of a dispute; they are gone after these tests."""
    agreement = Agreement.objects.order_by("pk").first()
    with unguarded(*FORGED):
        file = DisputeFile.objects.create(
            dispute=Dispute.objects.order_by("pk").first(),
            party="buyer",
            file_name="x.pdf",
            media_type="application/pdf",
            content=b"%PDF-1.7",
            size_bytes=8,
            sha256=sha256_hex(b"%PDF-1.7"),
            added_by="usr_first",
            added_at=clock.now(),
        )
        ending = Ending.objects.create(
            agreement=agreement,
            ground="mutual",
            party="buyer",
            refund="none",
            last_day=clock.today(),
            access_until=clock.now(),
            refund_minor=0,
            consequences={},
            digest="0" * 64,
            state="proposed",
            proposed_by="usr_first",
            proposed_at=clock.now(),
            respond_by=clock.now() + timedelta(days=60),
        )
        duty = DeletionDuty.objects.create(
            agreement=agreement, arose_at=clock.now(), due_by=clock.now() + timedelta(days=60)
        )
    yield
    with unguarded(*FORGED):
        DisputeFile.objects.filter(pk=file.pk).delete()
        Ending.objects.filter(pk=ending.pk).delete()
        DeletionDuty.objects.filter(pk=duty.pk).delete()


@pytest.fixture(scope="module", autouse=True)
def debit_booking(report) -> Iterator[None]:
    """A forged booking of a debit, because the day has none; it is gone after these tests."""
    with unguarded("clearing_debitbooking"):
        forged = DebitBooking.objects.create(
            bank_entry=BankEntry.objects.order_by("pk").first(),
            booked_as="reclaimed",
            reason="forged",
            first_person="usr_first",
            decided_by="usr_second",
            decided_at=clock.now(),
        )
    yield
    with unguarded("clearing_debitbooking"):
        DebitBooking.objects.filter(pk=forged.pk).delete()


@pytest.fixture(scope="package")
def examples(report) -> dict[str, Any]:
    """The example body of each command in the OpenAPI document, by path without its parameters' names."""
    paths = json.loads(openapi_document())["paths"]
    bodies = {}
    for path, operations in paths.items():
        content = (
            operations.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        )
        for example in content.get("examples", {}).values():
            bodies[re.sub(r"{[^}]*}", "{}", path)] = example["value"]
    return bodies


def test_there_are_routes_to_try():
    assert len(ROUTES) > 20


@pytest.mark.parametrize(
    ("name", "path", "callback"), ROUTES, ids=[f"{name} {path}" for name, path, _ in ROUTES]
)
def test_a_stranger_finds_nothing(name, path, callback, stranger, guarantee, examples):
    view = callback.cls
    model = view.queryset.model
    lookup = model._default_manager.order_by("pk").values_list(view.lookup_field, flat=True).first()
    assert lookup is not None, f"the day left no {model.__name__}: nothing would be tried"
    if model is Obligation:
        lookup = obligation_reference(Obligation.objects.get(pk=lookup).trade.public_id, lookup)
    url = "/" + re.sub(r"\(\?P<[^>]*>[^)]*\)", str(lookup), path).replace("^", "").replace("$", "").replace(
        "\\Z", ""
    )
    template = re.sub(r"\(\?P<[^>]*>[^)]*\)", "{}", "/" + path.replace("^", "").replace("$", ""))
    for method in tuple(callback.actions):
        if method in READS:
            answer = getattr(stranger, method)(url)
        else:
            form = "multipart" if name in FORMS else "json"
            body = FORMS.get(name) or examples.get(template, {})
            answer = getattr(stranger, method)(url, body, format=form)
        expected = 404
        if name in PUBLIC and method in READS:
            expected = 200
        elif name in FORBIDDEN or _operators_only(view, callback, method):
            expected = 403
        assert answer.status_code == expected, (method, url, answer.content)


def _operators_only(view: Any, callback: Any, method: str) -> bool:
    """Whether no participant may call the route, by its declaration."""
    needs = declared_by(view, callback.actions[method], method.upper())
    if isinstance(needs, Keyed):
        return False
    return not any(RULES[permission].participant for permission in permissions_in(needs))
