"""Two people accept an application, and the organisation with its first owner is there; one refuses it with a reason."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from django.core import mail

from marketplace.evidence.models import EvidenceRecord, RecordParty
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition, Missing
from marketplace.participants import services as participation
from marketplace.participants.errors import CorporateNumberTaken
from marketplace.participants.models import Invitation, Membership, Organisation, RoleGrant
from marketplace.participants.payout_queries import payout_account_now
from marketplace.registration import services
from marketplace.registration.errors import ProposerMayNoMore
from marketplace.registration.models import Registration
from marketplace.registration.states import REASON_LENGTH_MAX
from tests.participants import factories as parties

from . import factories

pytestmark = pytest.mark.django_db


def registered() -> int:
    """How many organisations there are beside the operator."""
    return Organisation.objects.filter(is_operator=False).count()


def test_two_people_register_the_organisation_with_its_first_owner(operator):
    row = factories.accepted(operator, payout_account=parties.PAYOUT_ACCOUNT)
    organisation = Organisation.objects.get(is_operator=False)
    assert (row.state, row.organisation) == ("accepted", organisation)
    assert (organisation.name_ja, organisation.corporate_number) == (row.name_ja, row.corporate_number)
    assert organisation.representative == "代表取締役 讃岐 花子"
    account = payout_account_now(organisation.pk)
    assert account is not None
    assert asdict(account) == parties.PAYOUT_ACCOUNT
    invitation = Invitation.objects.get(organisation=organisation)
    assert (invitation.email, invitation.roles, invitation.invited_by) == (row.email, ["owner"], "system")
    payload = EvidenceRecord.objects.get(kind="registration.accepted").payload
    assert (payload["proposed_by"], payload["invitation"]) == ("usr_first", invitation.public_id)
    own = RecordParty.objects.filter(record__subject=row.public_id)
    assert own.count() == EvidenceRecord.objects.filter(subject=row.public_id).count() > 3
    assert set(own.values_list("organisation", flat=True)) == {organisation.public_id}
    assert Membership.objects.filter(organisation=organisation).count() == 0
    owner = participation.accept_invitation(
        token=parties.token_in_mail(invitation), name=row.applicant_name, password="a-long-enough-secret"
    )
    assert (owner.organisation, owner.user.email) == (organisation, row.email)


def test_the_applicant_is_told_in_its_language(operator):
    factories.accepted(operator, language="en")
    run_due("mail")
    titles = [told.subject for told in mail.outbox if told.to == ["hanako@sanuki.example.jp"]]
    assert [title.partition(" ")[0] for title in titles[-2:]].count("Invitation") == 1
    assert any("your organisation is registered" in title for title in titles)


def test_one_person_alone_accepts_nothing(operator):
    row = factories.proposed(operator)
    with pytest.raises(Forbidden):
        services.accept(actor=factories.person_of(operator, "first"), registration=row.public_id)
    assert (Registration.objects.get().state, registered()) == ("confirming", 0)


def test_a_proposal_of_who_lost_the_role_meanwhile_counts_no_more(operator):
    row = factories.proposed(operator)
    RoleGrant.objects.filter(membership__user__public_id="usr_first", role="admission").update(
        revoked_at=clock.now()
    )
    with pytest.raises(ProposerMayNoMore):
        services.accept(actor=factories.person_of(operator, "second"), registration=row.public_id)
    assert (Registration.objects.get().state, registered()) == ("confirming", 0)
    services.return_to_review(
        actor=factories.person_of(operator, "second"), registration=row.public_id, reason="住所を再確認"
    )
    services.propose(
        actor=factories.person_of(operator, "second"), registration=row.public_id, reason="再確認"
    )
    row = services.accept(actor=factories.person_of(operator, "third"), registration=row.public_id)
    assert (row.state, registered()) == ("accepted", 1)


@pytest.mark.parametrize("who", ["program", "participant", "system", "applicant"])
@pytest.mark.parametrize("command", ["propose", "accept", "return_to_review", "refuse"])
def test_only_people_of_the_operator_decide(operator, who, command):
    row = factories.screened() if command == "propose" else factories.proposed(operator)
    before = Registration.objects.values().get()
    actor = {
        "program": parties.actor_for(operator, "app_x"),
        "participant": parties.actor_for(parties.organisation(), "usr_x"),
        "system": SYSTEM,
        "applicant": factories.applicant(row),
    }[who]
    words = {} if command == "accept" else {"reason": "x"}
    with pytest.raises(Forbidden):
        getattr(services, command)(actor=actor, registration=row.public_id, **words)
    assert Registration.objects.values().get() == before


def test_what_the_screening_found_is_answered_before_anybody_accepts(operator):
    row = factories.screened()
    with pytest.raises(FieldInvalid):
        services.propose(actor=factories.person_of(operator, "first"), registration=row.public_id)
    assert Registration.objects.get().state == "in_review"


def test_a_clear_application_needs_no_reason(operator):
    row = factories.submitted()
    factories.registry(row)
    factories.sanctions("Ivan Petrov")
    run_due("default")
    services.propose(actor=factories.person_of(operator, "first"), registration=row.public_id)
    row = services.accept(actor=factories.person_of(operator, "second"), registration=row.public_id)
    assert row.state == "accepted"


def test_nothing_is_accepted_before_it_is_screened_and_proposed(operator):
    row = factories.submitted()
    for command, words in (("propose", {"reason": "x"}), ("accept", {}), ("refuse", {"reason": "x"})):
        with pytest.raises(IllegalTransition):
            getattr(services, command)(
                actor=factories.person_of(operator, "first"), registration=row.public_id, **words
            )
    assert (Registration.objects.get().state, registered()) == ("submitted", 0)


def test_a_proposal_that_is_returned_can_be_made_again(operator):
    row = factories.proposed(operator)
    with pytest.raises(FieldInvalid):
        services.return_to_review(
            actor=factories.person_of(operator, "second"), registration=row.public_id, reason=" "
        )
    assert Registration.objects.get().state == "confirming"
    services.return_to_review(
        actor=factories.person_of(operator, "second"), registration=row.public_id, reason="住所を再確認"
    )
    row.refresh_from_db()
    record = EvidenceRecord.objects.filter(subject=row.public_id).latest("pk")
    assert (row.return_reason, record.payload["reason_commitment"]) == (
        "住所を再確認",
        commitment_to(row.salt, "住所を再確認"),
    )
    services.propose(
        actor=factories.person_of(operator, "second"), registration=row.public_id, reason="再確認済み"
    )
    row = services.accept(actor=factories.person_of(operator, "first"), registration=row.public_id)
    assert (row.proposed_by, row.closed_by) == ("usr_second", "usr_first")


def test_a_refusal_tells_the_applicant_why(operator):
    row = factories.screened()
    services.refuse(
        actor=factories.person_of(operator, "first"),
        registration=row.public_id,
        reason="代表者が一致しません",
    )
    run_due("mail")
    row.refresh_from_db()
    assert (row.state, row.refusal_reason, registered()) == ("refused", "代表者が一致しません", 0)
    assert "代表者が一致しません" in mail.outbox[-1].body


def test_a_refusal_without_a_reason_is_none(operator):
    row = factories.screened()
    for reason in (" ", "x\x00", "x" * (REASON_LENGTH_MAX + 1)):
        with pytest.raises(FieldInvalid):
            services.refuse(
                actor=factories.person_of(operator, "first"), registration=row.public_id, reason=reason
            )
    assert Registration.objects.get().state == "in_review"


def test_a_number_that_was_registered_meanwhile_stops_the_acceptance(operator):
    row = factories.proposed(operator)
    parties.organisation(corporate_number=row.corporate_number)
    with pytest.raises(CorporateNumberTaken):
        services.accept(actor=factories.person_of(operator, "second"), registration=row.public_id)
    assert (Registration.objects.get().state, registered()) == ("confirming", 1)


def test_the_applicant_may_have_a_login_of_another_organisation(operator):
    known = parties.person_of(parties.organisation("B"), "known")
    row = factories.accepted(operator, email=known.email)
    token = parties.token_in_mail(Invitation.objects.get())
    owner = participation.join_organisation(actor=parties.actor_of(known), token=token)
    assert (owner.organisation, owner.user) == (row.organisation, known)


def test_an_unknown_application_is_missing(operator):
    with pytest.raises(Missing):
        services.refuse(actor=factories.person_of(operator, "first"), registration="reg_none", reason="x")
