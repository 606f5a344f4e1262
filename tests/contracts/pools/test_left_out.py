"""Members for which nobody may sign hold up no version of their pool; a person signs for its own organisation alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from contracts.pools import services
from contracts.pools.content import text_of
from contracts.pools.errors import MembersCannotSign, SignedForAnother
from contracts.pools.models import PoolVersion
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.notices.models import Notice
from marketplace.participants.models import Organisation, RoleGrant
from tests.contracts import factories
from tests.contracts.raw import run
from tests.contracts.test_invariants import breaches
from tests.participants import factories as participants
from tests.roles import unguarded

from .test_pools import Members, attacked, members

pytestmark = pytest.mark.django_db
__all__ = ["members"]


def without_signatory(actor: Actor) -> None:
    """Nobody may sign for the organisation of the actor any more."""
    with unguarded("participants_rolegrant"):
        RoleGrant.objects.filter(membership__organisation=actor.organisation_id, role="signatory").update(
            revoked_at=clock.now()
        )


def with_signatory(actor: Actor) -> Actor:
    row = Organisation.objects.get(pk=actor.organisation_id)
    back = participants.actor_for(row, participants.person_of(row, "back").public_id)
    participants.keep_proved(back.identifier)
    return back


def test_a_member_without_a_signatory_is_named_and_can_be_left_out(members: Members):
    first = members.sign(members.open())
    without_signatory(members.third)
    with pytest.raises(MembersCannotSign) as refused:
        members.propose(first, 2, lead="1/3", second="1/3", third="1/3")
    assert members.third.organisation in str(refused.value.message)
    version = members.propose(first, 2, lead="1/2", second="1/2", third=None)
    assert [one["organisation"] for one in version.content["left_out"]] == [members.third.organisation]
    assert "三人目" in text_of(version.content, "ja")
    assert Notice.objects.filter(
        subject=version.public_id, organisation_id=members.third.organisation_id
    ).exists()
    assert members.sign(version, members.lead, members.second).state == "signed"
    assert members.shares(2) == {"lead": "1/2", "second": "1/2"}
    factories.check_deferred()
    # Who has a signatory again later changes nothing that was signed.
    with_signatory(members.third)
    assert (breaches("pool_shares_whole"), breaches("pool_versions_verify")) == (0, 0)


def test_who_may_sign_again_before_the_version_begins_must(members: Members):
    first = members.sign(members.open())
    without_signatory(members.third)
    version = members.propose(first, 2, lead="1/2", second="1/2", third=None)
    back = with_signatory(members.third)
    assert members.sign(version, members.lead, members.second).state == "proposed"
    assert members.sign(version, back).state == "signed"


def test_a_member_that_became_an_affiliate_is_left_out_and_keeps_nobody(members: Members):
    first = members.sign(members.open())
    with unguarded("participants_organisation"):
        Organisation.objects.filter(pk=members.third.organisation_id).update(operator_affiliate=True)
    left = services.leave_pool(
        actor=members.second, pool=first.pool.public_id, effective_on=clock.today() + timedelta(days=2)
    )
    assert left.state == "signed"
    version = members.propose(first, 3, lead="1/1", second=None, third=None)
    assert members.sign(version, members.lead).state == "signed"
    factories.check_deferred()
    assert breaches("pool_shares_whole") == 0


def test_one_person_signs_for_one_organisation(members: Members):
    version = members.open()
    members.sign(version, members.lead)
    lead = members.lead.identifier
    second = Organisation.objects.get(pk=members.second.organisation_id)
    both = participants.actor_for(second, lead)
    with pytest.raises(SignedForAnother):
        members.sign(version, both)
    forge = (
        "INSERT INTO contracts_poolsignature (public_id, version_id, organisation_id, organisation_identifier, signer, signed_hash, jws,"
        " signed_at) SELECT 'pls_forged', version_id, %s, %s, signer, signed_hash, jws, signed_at FROM contracts_poolsignature"
    )
    with (
        unguarded("contracts_poolsignature"),
        pytest.raises(IntegrityError, match="pool_signer_once"),
        transaction.atomic(),
    ):
        run(forge, second.pk, second.public_id)


def test_the_database_lets_nobody_join_that_is_not_admitted_and_leaves_out_nobody_that_may_sign(
    members: Members,
):
    first = members.sign(members.open())
    outside = participants.organisation("未承認")
    version = members.propose(first, 2, lead="1/3", second="1/3", third="1/3")
    attacked(
        "active and admitted",
        "INSERT INTO contracts_poolshare (version_id, organisation_id, organisation_identifier, numerator) VALUES (%s, %s, %s, 1)",
        version.pk,
        outside.pk,
        outside.public_id,
    )
    left_out = f'[{{"organisation": "{members.third.organisation}", "name": {{}}}}]'
    services.withdraw_version(actor=members.lead, version=version.public_id)
    attacked(
        "leaves out only who cannot sign",
        "INSERT INTO contracts_poolversion (public_id, pool_id, number, cause, effective_on, lead_decides, denominator, content, content_hash,"
        " state, proposed_by, proposed_at) SELECT 'plv_forged', pool_id, number + 1, cause, effective_on, lead_decides, denominator,"
        " jsonb_set(jsonb_set(content, '{number}', to_jsonb(number + 1)), '{members}', '[]') || jsonb_build_object('left_out', %s::jsonb),"
        " 'f', 'proposed', proposed_by, public.business_now() FROM contracts_poolversion WHERE id = %s",
        left_out,
        version.pk,
    )
    assert PoolVersion.objects.filter(public_id="plv_forged").count() == 0
    run("SELECT 1")
