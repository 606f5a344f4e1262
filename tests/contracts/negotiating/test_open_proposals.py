"""What the seller has signed is open until the day that it states; a listing is only an invitation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from contracts import services
from contracts.clauses import LANGUAGES
from contracts.errors import NegotiationExpired, ProposalOpen
from contracts.queries import contract_of
from contracts.states import RESERVED_GROUNDS
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import verify_all
from tests.roles import assert_refused, unguarded

from .. import factories, library
from ..refusals import refused

SIGNED = datetime.fromisoformat("2026-05-25T15:30+09:00")
LAST_DAY_ENDS = datetime.fromisoformat("2026-06-09T00:00+09:00")
SECOND = timedelta(seconds=1)


def at(moment: str | datetime) -> None:
    clock.move_to(datetime.fromisoformat(moment) if isinstance(moment, str) else moment, running=False)


@pytest.fixture
def market(db) -> factories.Market:
    """A market on the day on which its seller signs."""
    at(SIGNED)
    return factories.market()


def breaches() -> list[dict[str, object]]:
    return verify_all("contracts")["contracts.open_as_signed"]


def signed(market, **terms):
    """A negotiation that the seller signed, at ``terms`` of its own offer."""
    negotiation = factories.requested(market).public_id
    services.make_offer(actor=market.seller, negotiation=negotiation, terms=terms)
    services.accept_offer(actor=market.buyer, negotiation=negotiation)
    return services.sign(actor=market.seller, negotiation=negotiation)


def withdraw(market, negotiation, **why):
    return services.terminate(actor=market.seller, negotiation=negotiation.public_id, **why)


def test_a_signed_proposal_is_open_to_the_end_of_its_last_day(market):
    late, kept = factories.agreed(market), factories.agreed(market)
    assert late.respond_by == kept.respond_by == LAST_DAY_ENDS
    at("2026-06-03T10:00+09:00")
    with refused(
        ProposalOpen, negotiation=kept.public_id, open_until=LAST_DAY_ENDS.astimezone(UTC).isoformat()
    ):
        withdraw(market, kept)
    at(LAST_DAY_ENDS - SECOND)
    assert services.end_expired() == 0
    assert services.sign(actor=market.buyer, negotiation=kept.public_id).state == "finalized"
    at(LAST_DAY_ENDS)
    with refused(NegotiationExpired, negotiation=late.public_id):
        services.sign(actor=market.buyer, negotiation=late.public_id)
    assert services.end_expired() == 1
    late.refresh_from_db()
    assert (late.state, late.ended_by, late.end_reason_code) == ("terminated", "system", "expired")
    assert breaches() == []


def test_the_days_are_those_that_the_proposal_states(market):
    negotiation = signed(market, open_days=3)
    assert negotiation.respond_by == datetime.fromisoformat("2026-05-29T00:00+09:00")


@pytest.mark.parametrize("ground", RESERVED_GROUNDS)
def test_a_leak_and_a_legal_ban_are_reserved_whatever_the_template(market, ground):
    negotiation = factories.agreed(market)
    for unsaid in ("", " \u200b"):
        with refused(FieldInvalid, name="reason"):
            withdraw(market, negotiation, reason_code=ground, reason=unsaid)
    ended = withdraw(market, negotiation, reason_code=ground, reason="漏えいの疑い")
    assert (ended.state, ended.ended_by, ended.end_reason_code) == ("terminated", "seller", ground)
    assert breaches() == []


def test_who_reserved_it_withdraws_at_any_time(market):
    negotiation = signed(market, withdrawal_reserved=True)
    assert withdraw(market, negotiation).state == "terminated"
    assert breaches() == []


def test_nothing_unsigned_binds_and_the_buyer_may_always_say_no(market):
    assert withdraw(market, factories.offered(market)).state == "terminated"
    negotiation = factories.agreed(market)
    assert services.terminate(actor=market.buyer, negotiation=negotiation.public_id).state == "terminated"


def test_every_contract_says_so_in_both_languages(market):
    library.published(**factories.brief_template(code="data-provision"))
    plain = contract_of(factories.agreed(market))
    reserved = contract_of(signed(market, withdrawal_reserved=True, open_days=3))
    assert "署名の日の翌日から起算して14日間（末日の24時まで、日本時間）" in plain.text_ja
    assert "open for the Consumer's acceptance by its signature for 3 days" in reserved.text_en
    for text, is_reserved in ((plain, False), (reserved, True)):
        for language, leak, ban, freely in (
            ("ja", "漏えい", "法令により提供が禁じられる", "いつでも撤回する権利"),
            ("en", "a leak of the Data", "law prohibits the provision", "for any reason"),
        ):
            said = getattr(text, f"text_{language}")
            assert leak in said
            assert ban in said
            assert (freely in said) is is_reserved
    assert LANGUAGES == ("ja", "en")


@pytest.mark.parametrize("ground", ["withdrawn", "leak_feared"])
def test_the_database_keeps_a_signed_proposal_open_as_it_says(market, ground):
    negotiation = factories.agreed(market)
    statement = (
        "UPDATE contracts_negotiation SET state = 'terminated', respond_by = NULL, halts_counted_until = NULL,"
        f" ended_by = 'seller', end_reason_code = '{ground}', ended_at = public.business_now() WHERE id = {negotiation.pk}"
    )

    def attack() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    assert_refused(attack, because="withdrawn before its day only on a reserved ground")
    assert breaches() == []
    with unguarded("contracts_negotiation"):
        attack()
    assert [row["public_id"] for row in breaches()] == [negotiation.public_id]


def test_the_database_takes_no_acceptance_after_the_last_day(market):
    negotiation = factories.agreed(market)
    at(LAST_DAY_ENDS)

    def attack() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE contracts_negotiation SET state = 'verified' WHERE id = %s", [negotiation.pk]
            )

    assert_refused(attack, because="no longer open|signatures")


@pytest.mark.parametrize(
    "terms", [{"open_days": 0}, {"open_days": 31}, {"open_days": True}, {"withdrawal_reserved": "yes"}]
)
def test_an_impossible_statement_is_refused_by_name(market, terms):
    negotiation = factories.requested(market)
    with refused(FieldInvalid, name=f"terms.{next(iter(terms))}"):
        services.make_offer(actor=market.seller, negotiation=negotiation.public_id, terms=terms)
