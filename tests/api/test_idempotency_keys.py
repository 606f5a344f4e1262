"""Commands that move or promise money take no effect without an Idempotency-Key."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from contracts.models import Negotiation
from marketplace.api.models import IdempotencyRecord
from marketplace.api.openapi import openapi_document
from marketplace.api.permissions import permissions_in
from marketplace.kernel.permissions import RULES
from tests.participants.factories import organisation

from .conftest import bearer

MOVES_NO_MONEY = {
    "AttachmentViewSet.create",
    "PrivateNoteViewSet.create",
    "BalanceCertificateViewSet.create",
    "CounterfactualViewSet.create",
    "NeutralityBundleViewSet.create",
    "RulebookDraftViewSet.create",
    "RulebookDraftViewSet.preview",
    "RulebookDraftViewSet.publish",
    "RulebookDraftViewSet.revise",
    "RulebookDraftViewSet.withdraw",
    "RegistrationViewSet.accept",
    "RegistrationViewSet.add_document",
    "RegistrationViewSet.assess",
    "RegistrationViewSet.create",
    "RegistrationViewSet.propose",
    "RegistrationViewSet.prove_email",
    "RegistrationViewSet.refuse",
    "RegistrationViewSet.return_to_review",
    "RegistrationViewSet.send_code",
    "RegistrationViewSet.state_owners",
    "RegistrationViewSet.submit",
    "AuthorityLimitViewSet.create",
    "ClauseViewSet.create",
    "FactChangeViewSet.create",
    "DeletionDutyViewSet.certify",
    "DisputeViewSet.answer",
    "DisputeViewSet.assign_mediator",
    "DisputeViewSet.create",
    "DisputeViewSet.end_remedy",
    "DisputeViewSet.object_to_mediator",
    "DisputeViewSet.propose_settlement",
    "DisputeViewSet.refuse_settlement",
    "DisputeViewSet.relieve_mediator",
    "DisputeViewSet.reply",
    "DisputeFileViewSet.create",
    "DeliveryViewSet.declare_recipient",
    "DeliveryViewSet.withdraw_recipient",
    "EndingViewSet.refuse",
    "EndingViewSet.withdraw",
    "PoolVersionViewSet.sign",
    "PoolVersionViewSet.withdraw",
    "PoolViewSet.create",
    "PoolViewSet.leave",
    "PoolViewSet.propose",
    "PriceTalkViewSet.create",
    "SellerFaultViewSet.create",
    "MandateViewSet.create",
    "MandateViewSet.revoke",
    "OrganisationKeyViewSet.challenge",
    "OrganisationKeyViewSet.create",
    "OrganisationKeyViewSet.revoke",
    "PayoutAccountChangeViewSet.confirm",
    "PayoutAccountChangeViewSet.create",
    "PayoutAccountChangeViewSet.stop",
    "SettlementInstructionViewSet.permit",
    "TrusteeAppointmentViewSet.appoint",
    "TrusteeAppointmentViewSet.create",
    "TrusteeAppointmentViewSet.withdraw",
    "SupplyStatementViewSet.create",
    "AdmissionViewSet.create",
    "CaseViewSet.carry_out",
    "CaseViewSet.create",
    "CaseViewSet.resolve",
    "CaseViewSet.withdraw",
    "AdmissionViewSet.withdraw",
    "ApplicationViewSet.create",
    "ApprovalViewSet.withdraw",
    "AsideRowViewSet.retry",
    "ClearingScheduleViewSet.create",
    "ClientAccountViewSet.create",
    "ClosedDayViewSet.create",
    "ClosedDayViewSet.withdraw",
    "CosignatureViewSet.create",
    "CycleViewSet.create",
    "WitnessViewSet.create",
    "WitnessViewSet.end",
    "CycleViewSet.dry_run",
    "DecisionViewSet.preview",
    "DeliveryViewSet.receipts",
    "DisclosureViewSet.revoke",
    "NegotiationViewSet.disclosures",
    "ActivityRecordViewSet.create",
    "ConsultationViewSet.create",
    "ConsultationViewSet.give_answer",
    "ConsultationViewSet.withdraw",
    "IncidentViewSet.assess",
    "IncidentViewSet.close",
    "IncidentViewSet.concern",
    "IncidentViewSet.create",
    "IncidentViewSet.write",
    "LegalHoldViewSet.create",
    "LegalHoldViewSet.lift",
    "RecordSealViewSet.create",
    "RecordSealViewSet.end",
    "ReviewViewSet.close",
    "StaffAccessViewSet.create",
    "StaffAccessViewSet.defer",
    "StaffAccessViewSet.end",
    "StaffAccessViewSet.tell",
    "DisqualificationViewSet.create",
    "DisqualificationViewSet.end",
    "DeliveryViewSet.resume",
    "DeliveryViewSet.suspend",
    "FundsRegimeViewSet.create",
    "KeyAnnouncementViewSet.create",
    "KeyAnnouncementViewSet.emergency",
    "HaltViewSet.create",
    "HaltViewSet.lift",
    "IntermediaryNoticeViewSet.create",
    "IntermediaryNoticeViewSet.withdraw",
    "JobViewSet.abandon",
    "JobViewSet.retry",
    "LedgerPeriodViewSet.create",
    "StaffInterestViewSet.create",
    "StaffInterestViewSet.end",
    "ListingVersionViewSet.submit",
    "ListingViewSet.add_version",
    "ListingViewSet.create",
    "ListingViewSet.resume",
    "ListingViewSet.revise",
    "ListingViewSet.withdraw",
    "ApplicationViewSet.narrow_scopes",
    "ApplicationViewSet.offer",
    "ApplicationViewSet.revoke",
    "ApplicationViewSet.rotate_secret",
    "ApplicationViewSet.take_over",
    "InvitationViewSet.confirm",
    "InvitationViewSet.create",
    "InvitationViewSet.resend",
    "InvitationViewSet.revoke",
    "JoiningViewSet.accept",
    "JoiningViewSet.join",
    "JoiningViewSet.object_to_recovery",
    "LoginLockViewSet.create",
    "LoginLockViewSet.release",
    "MemberChangeViewSet.confirm",
    "MemberChangeViewSet.withdraw",
    "MemberViewSet.end",
    "MemberViewSet.grant_role",
    "MemberViewSet.leave",
    "MemberViewSet.revoke_role",
    "OwnerRecoveryViewSet.create",
    "OwnerRecoveryViewSet.confirm",
    "OwnerRecoveryViewSet.object_to",
    "OwnerRecoveryViewSet.propose",
    "OwnerRecoveryViewSet.refuse",
    "SecondFactorResetViewSet.create",
    "SecondFactorResetViewSet.stop",
    "SecondFactorResetViewSet.confirm",
    "NegotiationViewSet.terminate",
    "NoticeViewSet.read",
    "OutageViewSet.create",
    "OnCallTurnViewSet.create",
    "OnCallTurnViewSet.withdraw",
    "OrganisationRelationViewSet.create",
    "OrganisationRelationViewSet.end",
    "OrganisationViewSet.create",
    "OrganisationViewSet.reinstate",
    "OrganisationViewSet.suspend",
    "ParkedEntryViewSet.abandon",
    "ParkedEntryViewSet.retry",
    "QualificationKindViewSet.create",
    "QualificationViewSet.create",
    "QualificationViewSet.refuse",
    "QualificationViewSet.revoke",
    "QualificationViewSet.verify",
    "QualificationViewSet.withdraw",
    "RestraintViewSet.create",
    "RestraintViewSet.lift",
    "SegmentViewSet.create",
    "SettlementInstructionViewSet.withdraw",
    "StatementImportViewSet.withdraw",
    "StakeViewSet.create",
    "StakeViewSet.end",
    "TemplateViewSet.create",
    "WebhookViewSet.create",
    "WebhookViewSet.delete",
    "WebhookViewSet.disable",
    "WebhookViewSet.enable",
    "WebhookViewSet.ping",
    "WebhookViewSet.replay",
    "WebhookViewSet.revise",
    "WebhookViewSet.rotate_secret",
}
"""Every other command moves or promises money. Whoever adds one states here that it does neither, or it needs a key."""


def posts() -> dict[str, tuple[str, Any]]:
    """Every POST of the API: ``<view set>.<method>`` → a path to it, and the method."""
    found: dict[str, tuple[str, Any]] = {}

    def walk(patterns: list[Any], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern) and "format" not in path:
                method = (getattr(pattern.callback, "actions", None) or {}).get("post")
                if method is not None:
                    view = pattern.callback.cls
                    address = re.sub(r"\(\?P<[^>]*>[^)]*\)", "none", path)
                    address = re.sub(r"[\^$]", "", address)
                    found[f"{view.__name__}.{method}"] = (f"/{address}", getattr(view, method))

    walk(get_resolver().url_patterns, "")
    return found


POSTS = posts()
MONEY = sorted(set(POSTS) - MOVES_NO_MONEY)


def test_every_command_says_whether_it_moves_money():
    assert MOVES_NO_MONEY - set(POSTS) == set()
    moving = {name for name, (_, method) in POSTS.items() if getattr(method, "moves_money", False)}
    assert sorted(moving) == MONEY


@pytest.mark.parametrize("name", MONEY)
def test_a_command_on_money_without_a_key_is_refused(name, operator):
    path, method = POSTS[name]
    of_participants = any(RULES[permission].participant for permission in permissions_in(method.needs))
    keyless = APIClient()
    keyless.credentials(**bearer(organisation() if of_participants else operator))
    answer = keyless.post(path, {}, HTTP_ACCEPT_LANGUAGE="en")
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_needed")
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]
    assert "Send the header Idempotency-Key" in answer.json()["detail"]
    assert IdempotencyRecord.objects.count() == Negotiation.objects.count() == 0


def test_a_command_without_money_needs_no_key(operator):
    keyless = APIClient()
    keyless.credentials(**bearer(operator))
    body = {"code": "mobility", "name": {"ja": "交通", "en": "Mobility"}}
    assert keyless.post("/api/v1/segments/", body).status_code == 201


def test_the_openapi_document_requires_the_key_where_the_market_does():
    required = {}
    for path, operations in json.loads(openapi_document())["paths"].items():
        for parameter in operations.get("post", {}).get("parameters", []):
            if parameter["name"] == "Idempotency-Key":
                required[path.replace("{id}", "none")] = parameter.get("required", False)
    for name, (path, _) in POSTS.items():
        if path in required:
            assert required[path] == (name in MONEY), name
    assert {path for name, (path, _) in POSTS.items() if name in MONEY} <= set(required)
