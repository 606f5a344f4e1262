"""Applications of those who were not registered leave with all that belongs to them; others stay."""

from __future__ import annotations

import pytest
from django.db import connection

from marketplace.kernel import clock
from marketplace.registration import bounds, services, tasks
from marketplace.registration.models import BeneficialOwner, Registration, Screening, SupportingDocument
from tests.roles import as_owner
from tests.webhooks.factories import remove_old

from . import factories

pytestmark = pytest.mark.django_db


def counts() -> list[int]:
    tables = (Registration, SupportingDocument, BeneficialOwner, Screening)
    return [table.objects.count() for table in tables]


def test_a_refused_application_leaves_when_its_time_is_over(operator):
    row = factories.screened()
    services.refuse(actor=factories.person_of(operator, "first"), registration=row.public_id, reason="x")
    factories.accepted(operator, email="kept@example.jp")
    factories.filed(email="open@example.jp")
    assert counts() == [3, 3, 3, 2]
    connection.check_constraints()
    with as_owner():
        assert remove_old("refused_registrations") == 0
        assert remove_old("refused_registrations", days=-1) == 4
    assert counts() == [2, 2, 2, 1]
    assert not Registration.objects.filter(pk=row.pk).exists()


def test_a_lapsed_application_leaves_when_its_time_is_over():
    factories.begun()
    clock.move_to(clock.now() + bounds.UNPROVED_LAPSES)
    tasks.sweep()
    connection.check_constraints()
    with as_owner():
        assert remove_old("lapsed_registrations") == 0
        assert remove_old("lapsed_registrations", days=-3) == 1
    assert counts() == [0, 0, 0, 0]
