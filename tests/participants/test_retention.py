"""What was refused or never accepted leaves with its personal data; what became something stays."""

from __future__ import annotations

import pytest
from django.db import connection

from marketplace.participants import services
from marketplace.participants.models import Invitation, OwnerRecovery, RecoveryContact, RecoveryEvidence
from tests.roles import as_owner
from tests.webhooks.factories import remove_old

from . import factories, recoveries

pytestmark = pytest.mark.django_db


def test_invitations_that_nobody_accepted_leave():
    subject = factories.organisation()
    owner = factories.actor_of(factories.owner_of(subject))
    rows = [services.invite(actor=owner, email=f"{name}@example.jp", roles=["trader"]) for name in "abc"]
    services.revoke_invitation(actor=owner, invitation=rows[0].public_id)
    services.accept_invitation(
        token=factories.token_in_mail(rows[1]), name="x", password="a-long-enough-secret"
    )
    connection.check_constraints()
    with as_owner():
        assert remove_old("unused_invitations") == 0
        assert remove_old("unused_invitations", days=-1) == 1
    assert sorted(Invitation.objects.values_list("state", flat=True)) == ["accepted", "open"]


def test_refused_recoveries_leave_with_their_evidence_and_contacts():
    subject, operator = factories.organisation(), factories.operator()
    factories.owner_of(subject)
    row = recoveries.waiting(subject, operator)
    recoveries.filed(subject)
    staff = factories.actor_of(factories.person_of(operator, "third", ("admission",)))
    services.refuse_recovery(actor=staff, recovery=row.public_id, reason="x")
    connection.check_constraints()
    with as_owner():
        assert remove_old("refused_recoveries") == 0
        assert remove_old("refused_recoveries", days=-1) == 3
    assert (OwnerRecovery.objects.count(), RecoveryEvidence.objects.count()) == (1, 1)
    assert RecoveryContact.objects.count() == 0
