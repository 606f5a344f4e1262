"""Publishing contract templates."""

from __future__ import annotations

import pytest

from contracts import queries, services
from contracts.models import Template
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Missing, PermissionNeeded
from tests.participants import factories as people

from . import factories
from .refusals import refused

pytestmark = pytest.mark.django_db


def test_a_template_is_published_and_read_by_its_code():
    template = services.publish_template(actor=SYSTEM, **factories.template_document())
    assert (template.code, template.version, template.contract_type) == (
        "data-provision",
        1,
        "data_provision",
    )
    assert len(template.clauses) == 23
    assert queries.latest_template("data-provision") == template
    record = EvidenceRecord.objects.get(subject=template.public_id)
    assert record.payload == {"code": "data-provision", "version": 1, "digest": template.digest}


def test_what_is_unchanged_is_not_published_again():
    first = services.publish_template(actor=SYSTEM, **factories.brief_template())
    assert services.publish_template(actor=SYSTEM, **factories.brief_template()) == first
    title = {"ja": "契約書（改）", "en": "Agreement, revised"}
    second = services.publish_template(actor=SYSTEM, **factories.brief_template(title=title))
    assert (second.version, queries.latest_template("brief")) == (2, second)
    third = services.publish_template(actor=SYSTEM, **factories.brief_template())
    assert (third.version, third.digest) == (3, first.digest)
    other = services.publish_template(actor=SYSTEM, **factories.brief_template(code="other"))
    assert other.version == 1
    assert Template.objects.count() == 4


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "No Code"}, "code"),
        ({"code": ""}, "code"),
        ({"contract_type": "marriage"}, "contract_type"),
        ({"title": {"ja": "契約書"}}, "title"),
        ({"clauses": []}, "clauses"),
    ],
)
def test_a_faulty_template_is_refused_by_name(changes, field):
    with refused(FieldInvalid, name=field):
        services.publish_template(actor=SYSTEM, **factories.brief_template(**changes))


def test_only_the_operator_publishes():
    participant = people.actor_for(people.organisation())
    with refused(PermissionNeeded, permission="rulebook:write"):
        services.publish_template(actor=participant, **factories.brief_template())


def test_a_code_that_was_never_published_is_missing():
    with pytest.raises(Missing):
        queries.latest_template("unheard-of")
