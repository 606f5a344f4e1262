"""Two identities swapped: outcomes follow facts, and what follows a name is named."""

from __future__ import annotations

import pytest

from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.runner import run_due
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.rules.neutrality import services
from marketplace.rules.neutrality.errors import SameOrganisation, TooManyCounterfactuals
from marketplace.rules.neutrality.models import Counterfactual
from tests.participants import factories as participants

from .factories import DAYS, begin, decide, end_day, naming

pytestmark = pytest.mark.django_db


def swapped(first, second) -> Counterfactual:
    end_day()
    asked = services.ask_for_counterfactual(
        actor=SYSTEM, first=first.public_id, second=second.public_id, **DAYS
    )
    run_due("documents")
    asked.refresh_from_db()
    return asked


def test_outcomes_follow_facts():
    begin()
    one, other = (participants.organisation(label) for label in ("一", "二"))
    individual = participants.organisation("三", kind="individual", corporate_number=None)
    outcomes = {decide(organisation).outcome for organisation in (one, other, individual)}
    assert outcomes == {"allow", "hold"}
    found = swapped(one, individual)
    assert (found.decisions, found.followed, found.rules) == (3, [], [])


def test_decisions_that_followed_a_name_are_named():
    aimed, stranger = (participants.organisation(label) for label in ("狙", "他"))
    begin(naming(aimed))
    decided = [decide(organisation) for organisation in (aimed, stranger)]
    assert [each.outcome for each in decided] == ["deny", "allow"]
    found = swapped(aimed, stranger)
    assert found.decisions == 2
    assert set(found.followed) == {each.public_id for each in decided}
    assert found.rules == ["NAME"]
    record = EvidenceRecord.objects.get(kind="rules.counterfactual_made")
    assert (record.payload["followed"], record.payload["rules"]) == (2, ["NAME"])


def test_an_affiliate_swapped_with_a_stranger_keeps_its_facts():
    begin()
    stranger = participants.organisation("他")
    decide(stranger)
    affiliate = participants.organisation("関係", operator_affiliate=True)
    found = swapped(affiliate, stranger)
    assert (found.decisions, found.followed) == (1, [])


def test_it_takes_two_that_exist_and_an_auditor():
    begin()
    one = participants.organisation("一")
    end_day()
    with pytest.raises(SameOrganisation):
        services.ask_for_counterfactual(actor=SYSTEM, first=one.public_id, second=one.public_id, **DAYS)
    with pytest.raises(Missing):
        services.ask_for_counterfactual(actor=SYSTEM, first=one.public_id, second="org_none", **DAYS)
    with pytest.raises(Forbidden):
        services.ask_for_counterfactual(
            actor=participants.actor_for(one), first=one.public_id, second="org_none", **DAYS
        )
    assert not Counterfactual.objects.exists()


def test_one_that_waits_is_not_asked_for_twice_and_ten_wait_at_most():
    begin()
    one, *others = (participants.organisation(f"組織{number}") for number in range(services.WAITING_MAX + 2))
    end_day()
    *first, late = others
    ask = [{"actor": SYSTEM, "first": one.public_id, "second": other.public_id, **DAYS} for other in first]
    made = [services.ask_for_counterfactual(**each) for each in ask]
    assert [services.ask_for_counterfactual(**each).pk for each in ask] == [row.pk for row in made]
    with pytest.raises(TooManyCounterfactuals):
        services.ask_for_counterfactual(actor=SYSTEM, first=one.public_id, second=late.public_id, **DAYS)
    assert Counterfactual.objects.count() == services.WAITING_MAX
    run_due("documents")
    services.ask_for_counterfactual(actor=SYSTEM, first=one.public_id, second=late.public_id, **DAYS)
    assert Counterfactual.objects.filter(made_at=None).count() == 1
