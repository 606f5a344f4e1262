"""The input of the clearing benchmark: accepted trades among participants who had paid in, as bulk SQL writes them.

Everything that stands before a cycle closes is there, as the services would have left it: money received by bank and
booked, held for each trade, released to the cycle at its acceptance, and both obligations of each trade. The guards of
the bulk tables are off while it is loaded, and foreign keys are added again afterwards, which verifies them. The
benchmark verifies every invariant over it. Run as a program, on a new database, as its owner.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import django

from clearing.trades.lines import leaf_of, trade_line

if TYPE_CHECKING:
    from marketplace.kernel.actors import Actor

CURRENCY = "JPY"
SPARE_MINOR = 1_000_000
BULK_TABLES = (
    "clearing_trade",
    "clearing_obligation",
    "clearing_entry",
    "clearing_posting",
    "clearing_balance",
    "clearing_statementimport",
    "clearing_statementconfirmation",
    "clearing_bankstatement",
    "clearing_bankentry",
)
STATEMENT_IMPORT = "bsi_" + "0" * 26

_FOREIGN_KEYS = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)
"""

_PARTIES = """
    CREATE TEMPORARY TABLE party AS
    SELECT row_number() OVER (ORDER BY o.id) AS n, o.id, o.corporate_number AS key,
           max(a.id) FILTER (WHERE a.kind = 'available') AS available,
           max(a.id) FILTER (WHERE a.kind = 'held') AS held,
           max(a.id) FILTER (WHERE a.kind = 'payable') AS payable
      FROM participants_organisation o JOIN clearing_account a ON a.organisation_id = o.id
     GROUP BY o.id
"""

# As many trades, prices, fees and tax as the floor has; nine in ten at the standard rate.
_TRADES = f"""
    INSERT INTO clearing_trade (id, public_id, business_key, agreement, reference, listing, listing_version, segment,
        buyer_id, seller_id, buyer_key, seller_key, currency, price_minor, tax_minor, tax_rate_bp, tax_category,
        fee_minor, fee_tax_rate_bp, fee_payer, tariff, inspection_days, fund_by, concluded_at, state, secured_at,
        accepted_at, captured_price_minor, captured_tax_minor, captured_fee_minor, captured_tax_rate_bp,
        captured_fee_tax_rate_bp, captured_withholding_minor, supply_class, tax_point, supplied_on, fee_class, fee_supplied_on, cycle_id, leaf)
    SELECT t.*, {leaf_of(trade_line("t"))} FROM (
    SELECT g, 'trd_' || lpad(g::text, 26, '0'), buyer.key || ':PO-' || g AS business_key,
           'agr_' || lpad(g::text, 26, '0'), 'PO-' || g, 'lst_' || lpad((g %% 5000)::text, 26, '0'),
           'lsv_' || lpad((g %% 5000)::text, 26, '0'), 'economy', buyer.id, seller.id, buyer.key AS buyer_key,
           seller.key AS seller_key, 'JPY', price, price * rate / 10000 AS tax, rate AS tax_rate_bp,
           CASE rate WHEN 1000 THEN 'standard' ELSE 'reduced' END, price / 20, 1000 AS fee_tax_rate_bp,
           'seller' AS fee_payer, 'STANDARD-5', 2, now(), now(), 'accepted', now(), now(), price AS captured_price_minor,
           price * rate / 10000 AS captured_tax_minor, price / 20 AS captured_fee_minor,
           rate AS captured_tax_rate_bp, 1000 AS captured_fee_tax_rate_bp, 0, 'domestic', 'delivery_accepted', current_date,
           'domestic', current_date, %(cycle)s
      FROM (SELECT g, 1 + floor(random() * %(parties)s)::bigint AS b, floor(random() * (%(parties)s - 1))::bigint AS s,
                   100 + floor(random() * 1000000)::bigint AS price, CASE WHEN random() < 0.9 THEN 1000 ELSE 800 END AS rate
              FROM generate_series(1, %(trades)s) g) drawn
      JOIN party buyer ON buyer.n = b
      JOIN party seller ON seller.n = (b + s) %% %(parties)s + 1
     ORDER BY g) t
"""

_OBLIGATIONS = """
    INSERT INTO clearing_obligation (trade_id, kind, debtor_id, creditor_id, amount_minor, tax_minor, tax_rate_bp,
        currency, cycle_id, legal_basis, made_at)
    SELECT t.id, o.kind, o.debtor, o.creditor, o.amount, o.tax, o.rate, 'JPY', %(cycle)s, o.basis, now()
      FROM clearing_trade t CROSS JOIN LATERAL (VALUES
            ('purchase', t.buyer_id, t.seller_id, t.price_minor, t.tax_minor, t.tax_rate_bp, 'assumption_with_release'),
            ('fee', t.seller_id, %(operator)s::bigint, t.fee_minor, 0, t.fee_tax_rate_bp, 'market_terms')
           ) AS o(kind, debtor, creditor, amount, tax, rate, basis)
     ORDER BY t.id, o.kind DESC
"""

_BANK = """
    CREATE TEMPORARY TABLE pay_in AS
    SELECT p.n, p.id, p.available, coalesce(b.minor, 0) AS bought, coalesce(b.minor, 0) + %(spare)s AS paid
      FROM party p LEFT JOIN (SELECT buyer_id, sum(gross_minor)::bigint AS minor FROM clearing_trade GROUP BY 1) b
        ON b.buyer_id = p.id;
    INSERT INTO clearing_statementimport (id, public_id, file_name, sha256, currency, opening_on, closing_on,
        closing_balance_minor, credits_minor, state, faults, statement_id, job, received_by, received_at, ended_at)
    SELECT 1, %(import)s, 'benchmark.csv', repeat('0', 64), 'JPY', now(), now(), sum(paid), sum(paid), 'imported', '[]', 1,
           'job_benchmark', 'benchmark', now(), now()
      FROM pay_in;
    INSERT INTO clearing_statementconfirmation (id, statement_import_id, sha256, closing_balance_minor, confirmed_by,
        confirmed_at)
    SELECT 1, id, sha256, closing_balance_minor, %(confirmed_by)s, now() FROM clearing_statementimport;
    INSERT INTO clearing_bankstatement (id, public_id, number, currency, account, file_name, sha256, lines, opening_on,
        closing_on, opening_balance_minor, closing_balance_minor, credits, credits_minor, debits, debits_minor,
        ledger_balance_minor, confirmation_id, imported_by, imported_at, imported_on)
    SELECT 1, 'bst_' || repeat('0', 26), 1, 'JPY', '', 'benchmark.csv', repeat('0', 64), count(*), now(), now(), 0, sum(paid),
           count(*), sum(paid), 0, 0, sum(paid), 1, 'benchmark', now(), now()
      FROM pay_in;
    INSERT INTO clearing_bankentry (public_id, statement_id, entry_reference, booked_on, direction, amount_minor,
        currency, counterparty_name, counterparty_account, remittance_information, match, mismatch_code, organisation_id)
    SELECT 'bke_' || lpad(n::text, 26, '0'), s.id, 'B-' || n, now(), 'credit', paid, 'JPY', '', '', '', 'pay_in', '', r.id
      FROM pay_in r CROSS JOIN clearing_bankstatement s
"""

_LEDGER = """
    INSERT INTO clearing_entry (id, public_id, kind, reference, description, business_date, value_date, booked_at, trade_id,
        organisation_id)
    SELECT n, 'jrn_' || lpad(n::text, 26, '0'), 'pay_in', 'bank:bke_' || lpad(n::text, 26, '0'), '', now(), current_date,
           now(), NULL, id FROM pay_in
    UNION ALL
    SELECT %(parties)s + t.id * 2 - v.earlier, 'jrn_' || lpad((%(parties)s + t.id * 2 - v.earlier)::text, 26, '0'), v.kind,
           v.kind || ':' || t.public_id, t.business_key, now(), NULL, now(), t.id, t.buyer_id
      FROM clearing_trade t CROSS JOIN (VALUES ('hold', 1), ('capture', 0)) AS v(kind, earlier)
     ORDER BY 1;
    INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line, trade_id)
    SELECT r.n, v.leg, v.account, v.amount, 'JPY', 'pay_in', NULL FROM pay_in r
     CROSS JOIN LATERAL (VALUES (1, %(bank)s::bigint, r.paid), (2, r.available, -r.paid)) AS v(leg, account, amount)
    UNION ALL
    SELECT %(parties)s + t.id * 2 - v.earlier, v.leg, v.account, v.amount, 'JPY', v.line, t.id
      FROM clearing_trade t JOIN party p ON p.id = t.buyer_id
     CROSS JOIN LATERAL (VALUES (1, 1, p.available, t.gross_minor, 'hold'), (1, 2, p.held, -t.gross_minor, 'hold'),
                                (0, 1, p.held, t.gross_minor, 'unhold'), (0, 2, p.payable, -t.gross_minor, 'unhold'))
           AS v(earlier, leg, account, amount, line)
     ORDER BY 1, 2;
    UPDATE clearing_balance b SET balance_minor = v.minor
      FROM pay_in r JOIN party p ON p.id = r.id
     CROSS JOIN LATERAL (VALUES (p.available, r.bought - r.paid), (p.payable, -r.bought)) AS v(account, minor)
     WHERE b.account_id = v.account;
    UPDATE clearing_balance SET balance_minor = (SELECT sum(paid) FROM pay_in) WHERE account_id = %(bank)s
"""

_SEQUENCES = """
    SELECT setval(pg_get_serial_sequence(name, 'id'), %(last)s)
      FROM unnest(ARRAY['clearing_trade', 'clearing_entry', 'clearing_bankstatement', 'clearing_statementimport',
                        'clearing_statementconfirmation']) AS name
"""


def main() -> None:
    """Fill the database named by the environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trades", type=int, required=True)
    parser.add_argument("--participants", type=int, required=True)
    arguments = parser.parse_args()
    django.setup()
    from django.conf import settings
    from django.db import connection, transaction

    from ._market import operator_actor  # deferred: Django set up

    with transaction.atomic():
        keys = _participants(arguments.participants)
        second = operator_actor("second")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FOREIGN_KEYS, [list(BULK_TABLES)])
        foreign_keys = cursor.fetchall()
        for dropped, _ in foreign_keys:
            cursor.execute(dropped)
        for table in BULK_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        values = {
            "trades": arguments.trades,
            "parties": arguments.participants,
            "spare": SPARE_MINOR,
            "import": STATEMENT_IMPORT,
            "confirmed_by": second.identifier,
            **keys,
        }
        values["last"] = arguments.participants + 2 * arguments.trades
        # The day of the statements is the market's own, which is ahead of the server's.
        cursor.execute(f"SET LOCAL TIME ZONE '{settings.MARKET_TIME_ZONE}'")
        cursor.execute("SELECT setseed(0.42)")
        for statements in (_PARTIES, _TRADES, _OBLIGATIONS, _BANK, _LEDGER, _SEQUENCES):
            for statement in statements.split(";"):
                cursor.execute(statement, values)
        for table in BULK_TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for _, added in foreign_keys:
            cursor.execute(added)
        _record_confirmation(second)
    from marketplace.events.services import deliver_due  # deferred: Django set up

    # A cycle waits until every event of before its cut-off was handled.
    while deliver_due():
        pass
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _record_confirmation(second: Actor) -> None:
    """Record that a second person confirmed the statement."""
    from marketplace.evidence.services import record  # deferred: Django set up

    record(kind="clearing.statement_confirmed", subject=STATEMENT_IMPORT, actor=second, payload={})


def _participants(count: int) -> dict[str, int]:
    """Register participants with their accounts, and begin clearing: the keys that the statements name."""
    # deferred: Django set up
    from stdnum.jp import cn

    from clearing.ledger.accounts import market_accounts, participant_accounts
    from clearing.models import Cycle
    from marketplace.kernel import clock
    from marketplace.participants.models import Organisation
    from marketplace.participants.queries import operator_organisation

    from ._market import operator_actor

    operator_actor()
    bodies = (f"{100_000_000_000 + number}" for number in range(count))
    made = Organisation.objects.bulk_create(
        Organisation(
            name_ja=f"参加者{number}",
            name_en=f"participant {number}",
            kind="business",
            corporate_number=f"{cn.calc_check_digit(body)}{body}",
            address="benchmark",
            representative="benchmark",
            registered_at=clock.now(),
        )
        for number, body in enumerate(bodies, start=1)
    )
    participant_accounts([row.pk for row in made], CURRENCY)
    return {
        "operator": operator_organisation().id,
        "cycle": Cycle.objects.get(currency=CURRENCY, state="open").pk,
        "bank": market_accounts(CURRENCY)["bank_client"],
    }


if __name__ == "__main__":
    main()
