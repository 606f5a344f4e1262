"""The database renews nothing that was refused, too often, too early, for longer, or without the clause."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import services
from contracts.amending.models import AgreementVersion
from contracts.renewing.models import Renewal, RenewalDocument
from contracts.renewing.services import attend_renewals, refuse_renewal
from contracts.states import TerminationReason
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from tests.roles import assert_refused, unguarded

from .. import factories
from ..amending.conftest import SUBSCRIPTION
from .conftest import NOTICE_BY, run

COLUMNS = "agreement_id, number, kind, renewal_id, signed_hash, effective_on, effective_at, from_charge, ends_at, classes, decision, made_at"
COPY = (
    f"INSERT INTO contracts_agreementversion (public_id, {COLUMNS}) SELECT 'ver_again', agreement_id, number, kind, renewal_id, signed_hash,"
    " effective_on, effective_at, from_charge, ends_at, classes, decision, public.business_now() FROM kept"
)


@pytest.fixture
def unwritten(yearly):
    """What the market is about to write: the version is signed, and its renewal stands."""
    clock.move_to(NOTICE_BY, running=False)
    assert attend_renewals() == 1
    with unguarded("contracts_agreementversion", "contracts_renewal", "contracts_agreement"):
        run("CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM contracts_agreementversion")
        run("GRANT SELECT ON kept TO PUBLIC")
        run("DELETE FROM contracts_agreementversion")
        run("DELETE FROM contracts_renewal WHERE state = 'standing'")
        run("UPDATE contracts_renewal SET state = 'standing', closed_at = NULL")
        run(
            "UPDATE contracts_agreement SET ends_at = public.end_of_rights(%s, concluded_at)",
            '{"duration": "P1Y"}',
        )
    return yearly


def write(*changes: str) -> None:
    """Write the version by statement, after ``changes`` of rows that no guard would let through."""
    with unguarded(
        "contracts_renewal", "contracts_renewaldocument", "contracts_instrument", "rules_decision"
    ):
        for change in changes:
            run(change)
    run(COPY)


ADD = "UPDATE contracts_renewaldocument SET content = jsonb_set(content::jsonb, '{{{}}}', '{}')::text"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE contracts_renewal SET state = 'refused', refused_party = 'buyer', refused_by = 'usr_x', closed_at = notice_by - interval '1 day'",
        "UPDATE contracts_renewal SET notice_by = notice_by + interval '1 second'",
        "UPDATE contracts_renewal SET turn = 3",
        "UPDATE contracts_renewal SET kind = 'by_agreement'",
        "UPDATE contracts_instrument SET content = (content::jsonb #- '{terms,renewal}')::text",
        "UPDATE contracts_instrument SET content = jsonb_set(content::jsonb, '{terms,renewal,months}', '6')::text",
        ADD.format("terms,rights,duration", '"P36M"'),
        ADD.format("terms,rights,duration", '"P2Y"'),
        ADD.format("terms,charging,charges", "36"),
        ADD.format("terms,price_minor", "1"),
        ADD.format("terms,renewal,times_max", "20"),
        ADD.format("consumer,name", '{"ja": "x", "en": "x"}'),
        "UPDATE rules_decision SET outcome = 'deny' WHERE subject LIKE 'rnw_%%'",
    ],
)
def test_a_renewal_is_what_both_signed(unwritten, change):
    assert_refused(lambda: write(change), because="renewed by the clause that both signed")


def test_what_both_signed_is_written(unwritten):
    write()
    assert AgreementVersion.objects.get().kind == "renewed"
    assert_refused(lambda: run("SET CONSTRAINTS ALL IMMEDIATE"), because="or its renewal")
    run("UPDATE contracts_renewal SET state = 'renewed', closed_at = public.business_now()")


def test_nothing_is_renewed_whose_end_is_scheduled_or_over(unwritten):
    with unguarded("contracts_agreement"):
        run(
            "UPDATE contracts_agreement SET state = 'terminated', terminated_at = public.business_now(), termination_reason = 'refunded'"
        )
    assert_refused(write, because="does not stand")


def test_a_version_is_made_by_both_or_by_the_market(yearly):
    clock.move_to(NOTICE_BY, running=False)
    attend_renewals()
    assert_refused(
        lambda: run("UPDATE contracts_agreementversion SET renewal_id = NULL"), because="append-only"
    )
    with unguarded("contracts_agreementversion"):
        assert_refused(
            lambda: run("UPDATE contracts_agreementversion SET renewal_id = NULL"), because="version_made_by"
        )


def test_a_renewal_repeats_the_last_version(yearly):
    again = (
        "INSERT INTO contracts_renewal (public_id, agreement_id, version, kind, turn, notice_by, state, refused_party, refused_by, reason_code)"
        " SELECT 'rnw_again', agreement_id, {}, {}, {}, {}, 'standing', '', '', '' FROM contracts_renewal"
    )
    with unguarded("contracts_renewal"):
        run(
            "UPDATE contracts_renewal SET state = 'dropped', reason_code = 'amended', closed_at = public.business_now()"
        )
    for values in (
        ("version", "kind", "2", "notice_by"),
        ("version", "'by_agreement'", "turn", "notice_by"),
        ("version", "kind", "turn", "notice_by + interval '1 day'"),
        ("2", "kind", "turn", "notice_by"),
    ):
        assert_refused(
            lambda values=values: run(again.format(*values)), because="what the last version states"
        )


def test_nothing_stands_again_that_a_party_refused(market, yearly):
    refuse_renewal(actor=market.buyer, agreement=yearly.public_id)
    again = (
        "INSERT INTO contracts_renewal (public_id, agreement_id, version, kind, turn, notice_by, state, refused_party, refused_by, reason_code)"
        " SELECT 'rnw_again', agreement_id, version, kind, turn, notice_by, 'standing', '', '', '' FROM contracts_renewal"
    )
    assert_refused(lambda: run(again), because="a party of|duplicate")
    assert_refused(lambda: run("UPDATE contracts_renewal SET state = 'standing'"), because="state|closed")
    assert_refused(
        lambda: run("UPDATE contracts_renewal SET refused_party = 'seller'"), because="never changes"
    )


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ("state = 'refused', refused_party = 'buyer', refused_by = 'usr_stranger', closed_at = public.business_now()", "a signatory of a party"),
        ("state = 'renewed', closed_at = public.business_now()", "renewed by a version"),
        ("state = 'dropped', reason_code = 'rules', closed_at = public.business_now()", "for a reason"),
        ("state = 'dropped', reason_code = 'amended', closed_at = public.business_now()", "for a reason"),
        ("state = 'dropped', reason_code = 'agreement_ended', closed_at = public.business_now()", "for a reason"),
        ("state = 'dropped', closed_at = public.business_now()", "for a reason"),
        ("notice_by = notice_by - interval '1 day'", "cannot be changed"),
    ],
)  # fmt: skip
def test_a_renewal_moves_for_its_cause(yearly, change, because):
    assert_refused(lambda: run(f"UPDATE contracts_renewal SET {change}"), because=because)


def test_it_is_refused_by_a_signatory_in_time(market, yearly):
    refuse = "UPDATE contracts_renewal SET state = 'refused', refused_party = %s, refused_by = %s, closed_at = public.business_now()"
    assert_refused(lambda: run(refuse, "seller", market.buyer.identifier), because="a signatory of a party")
    clock.move_to(NOTICE_BY, running=False)
    assert_refused(lambda: run(refuse, "buyer", market.buyer.identifier), because="a signatory of a party")


def test_what_the_market_signed_is_whole_and_stays(yearly):
    clock.move_to(NOTICE_BY, running=False)
    attend_renewals()
    copy = (
        "INSERT INTO contracts_renewaldocument (public_id, renewal_id, content, text_ja, text_en, signed_hash, jws, drawn_at)"
        " SELECT 'rnd_again', (SELECT id FROM contracts_renewal WHERE state = 'standing'), content, {}, text_en, {}, jws, public.business_now()"
        " FROM contracts_renewaldocument"
    )
    for values in (("''", "signed_hash"), ("text_ja", "repeat('0', 64)")):
        assert_refused(lambda values=values: run(copy.format(*values)), because="has the hashes")
    assert_refused(lambda: run("UPDATE contracts_renewaldocument SET jws = ''"), because="append-only")


def test_no_renewal_stands_when_the_agreement_has_ended(yearly):
    services.terminate_agreement(
        agreement=yearly.public_id, reason_code=TerminationReason.PAYMENT_FAILED, cause="trade.failed"
    )
    with unguarded("contracts_renewal"):
        run("UPDATE contracts_renewal SET state = 'standing', reason_code = '', closed_at = NULL")
    assert_refused(
        lambda: run(
            "UPDATE contracts_agreement SET end_announced_at = public.business_now(); SET CONSTRAINTS ALL IMMEDIATE"
        ),
        because="would end or renew it",
    )


def test_a_renewal_that_the_market_did_not_sign_is_named(yearly):
    clock.move_to(NOTICE_BY, running=False)
    attend_renewals()
    check = REGISTER["contracts.renewals_signed"].check
    assert check() == []
    with unguarded("contracts_renewaldocument"):
        run("UPDATE contracts_renewaldocument SET jws = 'x.y.z'")
    assert [row["agreement"] for row in check()] == [yearly.public_id]


def test_a_renewal_that_was_not_signed_so_is_named(market, yearly):
    check = REGISTER["contracts.renewed_as_signed"].check
    other = factories.agreement(market, **SUBSCRIPTION)
    clock.move_to(NOTICE_BY, running=False)
    attend_renewals()
    assert check() == []
    row = Renewal.objects.get(state="standing")
    with unguarded("contracts_renewal"):
        run("UPDATE contracts_renewal SET turn = 3 WHERE id = %s", row.pk)
        assert [one["public_id"] for one in check()] == [row.public_id]
        run("UPDATE contracts_renewal SET turn = 2, agreement_id = %s WHERE id = %s", other.pk, row.pk)
        assert [one["public_id"] for one in check()] == [row.public_id]
        run("DELETE FROM contracts_renewal WHERE id = %s", row.pk)
        run("UPDATE contracts_renewal SET notice_by = notice_by - interval '1 day'")
    assert [one["agreement"] for one in check()] == [yearly.public_id]
    assert RenewalDocument.objects.count() == 1
    assert NOTICE_BY - timedelta(days=1) < clock.now()
