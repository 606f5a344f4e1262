"""Services ask for the permission again, whoever calls them: HTTP is not the only caller."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import contracts.library.services as library
import contracts.services as contracting
import delivery.services as delivering
import listings.services as listings
from contracts.adjusting import services as adjusting
from contracts.amending.services import amend_agreement
from contracts.commissions import faults, talks
from contracts.pools import services as pools
from contracts.renewing.services import refuse_renewal
from marketplace.access import services as access
from marketplace.cases import services as cases
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs import services as jobs
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Forbidden, PermissionNeeded, ProofNeeded
from marketplace.kernel.permissions import PROOF_MINUTES, RULES, Permission
from marketplace.notices import pipe
from marketplace.notices import services as notices
from marketplace.participants import services as participants
from marketplace.registration import services as registration
from marketplace.rules import services as rules
from marketplace.rules.drafts import services as drafts

pytestmark = pytest.mark.django_db

ASKED: list[tuple[Callable[..., Any], tuple[Permission, ...]]] = [
    (service, (permission,))
    for permission, services in {
        Permission.LISTINGS_WRITE: (
            listings.create_listing,
            listings.revise_listing,
            listings.store_version_files,
            listings.add_stored_version,
            listings.submit_version,
        ),
        Permission.ADMISSION_WRITE: (
            listings.decide_version,
            listings.end_stake,
            cases.carry_out,
            participants.disqualify,
            participants.end_disqualification,
            participants.end_relation,
            participants.refuse_qualification,
            participants.revoke_qualification,
            participants.verify_qualification,
            registration.propose,
            registration.return_to_review,
            registration.accept,
            registration.refuse,
            registration.assess,
        ),
        Permission.NEGOTIATIONS_WRITE: (
            contracting.request_negotiation,
            contracting.make_offer,
            contracting.counter_request,
            contracting.accept_offer,
            talks.ask_for_talk,
            talks.answer_talk,
            amend_agreement,
        ),
        Permission.CONTRACTS_SIGN: (
            contracting.propose_settlement,
            contracting.accept_settlement,
            contracting.sign,
            contracting.sign_mandate,
            contracting.end_early,
            contracting.accept_ending,
            contracting.certify_deletion,
            refuse_renewal,
            faults.admit_fault,
            pools.open_pool,
            pools.propose_version,
            pools.sign_version,
            pools.leave_pool,
            pools.withdraw_version,
        ),
        Permission.CONTRACTS_SUBMIT: (contracting.submit_signature,),
        Permission.MEMBERS_WRITE: (participants.state_authority_limit,),
        Permission.ORGANISATION_WRITE: (
            cases.file_appeal,
            cases.publish_turn,
            cases.withdraw_appeal,
            cases.withdraw_turn,
            participants.state_qualification,
            participants.withdraw_qualification,
        ),
        Permission.KEYS_WRITE: (
            contracting.revoke_mandate,
            participants.challenge_key,
            participants.register_key,
            participants.revoke_key,
        ),
        Permission.RULEBOOK_WRITE: (
            library.publish_clause,
            library.publish_template,
            participants.open_qualification_kind,
            rules.publish_rulebook,
            drafts.save_draft,
            drafts.revise_draft,
            drafts.preview_draft,
            drafts.publish_draft,
            drafts.withdraw_draft,
            rules.lift_halt,
            rules.standing_halt,
        ),
        Permission.TRADING_HALT: (rules.halt_trading,),
        Permission.DELIVERIES_READ: (delivering.authorise_download, delivering.download),
        Permission.DELIVERIES_ANSWER: (
            contracting.open_dispute,
            contracting.open_against,
            contracting.answer_dispute,
            contracting.reply_in_dispute,
            contracting.file_in_dispute,
            contracting.withdraw_dispute,
            contracting.object_to_mediator,
            delivering.report_receipt,
            delivering.accept_delivery,
            delivering.dispute_delivery,
        ),
        Permission.DISPUTES_WRITE: (
            contracting.resolve_dispute,
            contracting.check_resolution,
            contracting.assign_mediator,
            contracting.relieve_mediator,
            contracting.end_remedy,
            contracting.adjust_price,
            contracting.end_by_law,
            adjusting.enter_index_value,
            delivering.suspend_access,
            delivering.resume_access,
        ),
        Permission.SUPPORT_WRITE: (
            jobs.retry_parked,
            jobs.abandon_parked,
            pipe.retry_parked_event,
            pipe.retry_aside_row,
        ),
        Permission.NOTICES_WRITE: (notices.mark_read,),
        Permission.ACCESS_OPEN: (
            access.open_access,
            access.end_access,
            access.defer_notice,
            access.tell_participant,
        ),
    }.items()
    for service in services
] + [
    (listings.withdraw_listing, (Permission.LISTINGS_WRITE, Permission.ADMISSION_WRITE)),
    (listings.resume_listing, (Permission.LISTINGS_WRITE, Permission.ADMISSION_WRITE)),
    (listings.state_stake, (Permission.ORGANISATION_WRITE, Permission.ADMISSION_WRITE)),
    (participants.state_relation, (Permission.ORGANISATION_WRITE, Permission.ADMISSION_WRITE)),
    (participants.end_interest, (Permission.ADMISSION_WRITE, Permission.ORGANISATION_WRITE)),
    (cases.resolve_case, (Permission.ADMISSION_WRITE, Permission.DISPUTES_WRITE)),
    (rules.preview, (Permission.RULEBOOK_WRITE, Permission.ADMISSION_READ)),
    (contracting.refuse_settlement, (Permission.NEGOTIATIONS_SETTLE, Permission.CONTRACTS_SIGN)),
    (contracting.refuse_ending, (Permission.NEGOTIATIONS_SETTLE, Permission.CONTRACTS_SIGN)),
    (contracting.withdraw_ending, (Permission.NEGOTIATIONS_SETTLE, Permission.CONTRACTS_SIGN)),
    (contracting.terminate, (Permission.NEGOTIATIONS_SETTLE, Permission.DISPUTES_WRITE)),
]
OF_THE_MARKET = (
    delivering.grant_access,
    delivering.await_payment,
    delivering.extend_payment,
    delivering.record_payment,
    delivering.withdraw_access,
    delivering.withdraw_agreement,
    delivering.follow_ending,
    delivering.apply_dispute_outcome,
)


def call(service: Callable[..., Any], actor: Actor) -> None:
    """Call a service about things that there are not: whoever is refused is refused before they are looked for."""
    needed = {
        name: "x"
        for name, parameter in inspect.signature(service).parameters.items()
        if parameter.default is inspect.Parameter.empty and name != "actor"
    }
    service(actor=actor, **needed)


def somebody(
    *, without: tuple[Permission, ...] = (), minutes: int = 0, role: Role = Role.PARTICIPANT
) -> Actor:
    """A person who holds every permission but some."""
    return Actor(
        "usr_somebody",
        role,
        1,
        "org_somebody",
        frozenset(Permission) - frozenset(without),
        proved_at=clock.real_now() - timedelta(minutes=minutes),
    )


@pytest.mark.parametrize(("service", "permissions"), ASKED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_service_asks_for_its_permission(service, permissions):
    with pytest.raises(PermissionNeeded) as refusal:
        call(service, somebody(without=permissions))
    assert refusal.value.fields["permission"] == permissions[0].value
    if all(RULES[permission].fresh for permission in permissions):
        with pytest.raises(ProofNeeded):
            call(service, somebody(minutes=PROOF_MINUTES + 1))
    assert EvidenceRecord.objects.count() == 0


@pytest.mark.parametrize("service", OF_THE_MARKET, ids=lambda value: value.__name__)
@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.OPERATOR])
def test_what_follows_from_events_is_a_command_of_nobody(service, role):
    with pytest.raises(Forbidden):
        call(service, somebody(role=role))
    assert EvidenceRecord.objects.count() == 0
