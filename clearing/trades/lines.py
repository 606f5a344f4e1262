"""The lines that a cycle is hashed over, as SQL shared by those who write, read and check them.

A line consists of business keys, corporate numbers and amounts only, so the same trades give the same lines in every
database and on every run. Fields are separated by ``|``, which no field contains. A trade has one line::

    <business key>|trade|<buyer>|<seller>|<price>|<tax>|<tax rate>|<fee>|<fee's tax rate>|<fee payer>

with the captured amounts and rates; every further obligation (correction, share, fee refund, deferral into this cycle) has one::

    <business key>|<kind>|<debtor>|<creditor>|<amount>|<tax>|<tax rate>|<1, or 2, 3, … of several equal ones>

where parties are corporate numbers, or ``operator``. The lines of a cycle are distinct and ordered by their leaf
hashes (SHA-256 of 0x00 and the line, RFC 6962 section 2.1), so their order depends on nothing else.

A trigger stores the leaf hash of a trade whenever its row is written, and an index holds the hashes in order: hashing
a cycle reads that index instead of a million rows. Checking a cycle compares the stored hashes with the rows.
"""

from __future__ import annotations

from marketplace.kernel.guards import sql_list

from .obligation_kinds import BASE_KINDS

PAGE_LINES = 16
BLOCK_LINES = 64 * PAGE_LINES

FURTHER = f"({{o}}.kind NOT IN ({sql_list(BASE_KINDS)}) OR {{o}}.deferred_from_id IS NOT NULL)"
"""Condition for obligations with a line of their own: all but a trade's price and fee."""


def trade_line(row: str) -> str:
    """SQL for the line of a trade from the columns of ``row``."""
    columns = (
        "business_key", "buyer_key", "seller_key", "captured_price_minor", "captured_tax_minor",
        "captured_tax_rate_bp", "captured_fee_minor", "captured_fee_tax_rate_bp", "fee_payer",
    )  # fmt: skip
    key, *others = (f"{row}.{column}" for column in columns)
    return f"concat_ws('|', {key}, 'trade', {', '.join(others)})"


FURTHER_LINE = """concat_ws('|', t.business_key, o.kind,
    CASE o.debtor_id WHEN t.buyer_id THEN t.buyer_key WHEN t.seller_id THEN t.seller_key
         ELSE coalesce(o.beneficiary_key, 'operator') END,
    CASE o.creditor_id WHEN t.buyer_id THEN t.buyer_key WHEN t.seller_id THEN t.seller_key
         ELSE coalesce(o.beneficiary_key, 'operator') END,
    o.amount_minor, o.tax_minor, o.tax_rate_bp)"""
"""The line of a further obligation ``o`` of trade ``t``, without its last field."""

_FURTHER_LINES = f"""
    SELECT business_key, debtor_id, creditor_id,
           concat_ws('|', line, row_number() OVER (PARTITION BY business_key, line)) AS line
      FROM (SELECT t.business_key, o.debtor_id, o.creditor_id, {FURTHER_LINE} AS line
              FROM clearing_obligation o CROSS JOIN LATERAL (
                    SELECT business_key, buyer_id, seller_id, buyer_key, seller_key
                      FROM clearing_trade WHERE id = o.trade_id OFFSET 0) t
             WHERE o.cycle_id = %(cycle)s AND {FURTHER.format(o="o")} {{only}}) further
"""  # noqa: S608  our own words
FURTHER_LINES = _FURTHER_LINES.format(only="")
"""The distinct lines of a cycle's further obligations, with their trade's key and their parties.

The trades are looked up by key: in a join of sets the planner would read all trades of the cycle for a few of them.
"""


def leaf_of(line: str) -> str:
    """SQL for the leaf hash of a line."""
    return rf"sha256('\x00'::bytea || convert_to({line}, 'UTF8'))"


PORTION_LINES = 64 * BLOCK_LINES

PORTION = f"""
    SELECT string_agg(leaf, ''::bytea ORDER BY leaf), count(*), sum(price)::bigint, sum(tax)::bigint, sum(fee)::bigint
      FROM (SELECT leaf, captured_price_minor AS price, captured_tax_minor AS tax, captured_fee_minor AS fee
              FROM clearing_trade WHERE cycle_id = %(cycle)s AND leaf > %(leaf)s
             ORDER BY leaf LIMIT {PORTION_LINES}) portion
"""  # noqa: S608  our own words
"""The next trades after a leaf: their concatenated leaf hashes, their number, and the sums of their amounts.

The index returns them in order, so they are concatenated without a sort.
"""

TRADE_LEAVES = """
    SELECT leaf FROM clearing_trade
     WHERE cycle_id = %(cycle)s AND leaf >= %(first)s AND (%(following)s::bytea IS NULL OR leaf < %(following)s)
"""
"""The leaf hashes of trades from one leaf to before another, or to the end."""

FURTHER_TRADES = f"""
    SELECT max(trade_id) FROM (
        SELECT DISTINCT o.trade_id FROM clearing_obligation o
         WHERE o.cycle_id = %(cycle)s AND {FURTHER.format(o="o")} AND o.trade_id > %(after)s
         ORDER BY o.trade_id LIMIT %(trades)s) following
"""  # noqa: S608  our own words
"""The last of the next trades with further lines; NULL after all of them."""

FURTHER_LEAVES = f"""
    SELECT {leaf_of("line")}
      FROM ({_FURTHER_LINES.format(only="AND o.trade_id > %(after)s AND o.trade_id <= %(until)s")}) further_lines
"""  # noqa: S608  our own words
"""The leaf hashes of the further lines of some trades of a cycle."""

CHANGED_LEAVES = f"""
    SELECT count(*) FROM clearing_trade t
     WHERE t.cycle_id = %(cycle)s AND t.leaf IS DISTINCT FROM {leaf_of(trade_line("t"))}
"""  # noqa: S608  our own words
"""Number of trades of a cycle whose stored leaf hash is not the hash of their line."""
