"""Whose the records of trades, payments, claims and documents are."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties("trd", source="public.clearing_trade", keys=("r.buyer_id", "r.seller_id"))
RecordParties(
    "obl",
    source="public.clearing_obligation",
    keys=("r.debtor_id", "r.creditor_id"),
    where="r.id = substring(stated_subject FROM '^obl_[0-9A-Za-z]{1,26}_([1-9][0-9]{0,17})$')::bigint",
)
RecordParties(
    "clearing.obligation_reversed",
    source="public.clearing_obligation",
    keys=("r.debtor_id", "r.creditor_id"),
    where="r.id = split_part(stated_payload ->> 'by', '_', 3)::bigint",
)
# The buyer has no share in it, and is not told with whom the seller shares.
RecordParties(
    "clearing.trade_share_clawed_back",
    source="public.clearing_trade",
    keys=("r.seller_id",),
    names=("stated_payload ->> 'beneficiary'",),
)
RecordParties(
    "clearing.plan_made",
    source="(SELECT 1)",
    where="true",
    names=("stated_payload ->> 'seller'",),
    partly=("stated_payload ->> 'buyer'",),
    withheld=("shares",),
)
for _prefix, _table in {
    "stl": "settlementinstruction",
    "gua": "guarantee",
    "imn": "intermediarynotice",
    "fwo": "feewriteoff",
    "sor": "setoffrestraint",
    "sft": "shortfall",
    "sof": "setoff",
    "fdc": "fundsdecision",
    "sps": "supplystatement",
}.items():
    RecordParties(_prefix, source=f"public.clearing_{_table}", keys=("r.organisation_id",))
RecordParties(
    "inv", source="public.clearing_invoice", keys=("r.issuer_id", "r.recipient_id", "r.supplier_id")
)
RecordParties(
    "crp",
    source="(SELECT c.public_id, a.organisation_id FROM public.clearing_creditorpayment c"
    " JOIN public.clearing_setoffrestraint a ON a.id = c.restraint_id)",
    keys=("r.organisation_id",),
)
RecordParties(
    "ppm",
    source="(SELECT p.public_id, i.organisation_id FROM public.clearing_paymentpermission p"
    " JOIN public.clearing_settlementinstruction i ON i.id = p.payment_id)",
    keys=("r.organisation_id",),
)
RecordParties(
    "clearing.pay_in_allocated",
    source="(SELECT 1)",
    where="true",
    names=("stated_payload ->> 'organisation'",),
)
RecordParties("dbk", source="public.clearing_debitbooking", keys=("r.organisation_id",))
for _kind in ("debit_booked", "debit_recouped"):
    RecordParties(
        f"clearing.{_kind}",
        source="public.clearing_debitbooking",
        where="r.public_id = stated_payload ->> 'booking'",
        keys=("r.organisation_id",),
    )
for _prefix, _why in {
    "cyc": "A cycle is of all participants; what each owes and receives in it stands in its position.",
    "per": "A month of the ledger is closed for all participants.",
    "cla": "Where the operator holds all clients' money.",
    "fnr": "How the operator may hold all clients' money.",
    "sch": "The calendar is the whole market's, and public.",
    "cld": "The calendar is the whole market's, and public.",
    "rst": "A restoration of the database concerns all participants.",
    "trf": "A file of the payments of a cycle; each payment has its own records.",
    "bst": "A statement of the operator's bank.",
    "bsi": "A statement of the operator's bank.",
    "ucr": "A line of the operator's bank, until it is confirmed.",
    "bke": "A line of the operator's bank; what is done with it names the participant.",
    "sgc": "A comparison of all clients' money with the bank.",
    "rsr": "The reserve is the operator's own money.",
    "bct": "A certificate of the operator's bank.",
    "txr": "A relief of the operator's own tax.",
    "clearing.statements_made": "The digest of all statements of a month; each participant has its own.",
}.items():
    RecordParties(_prefix, nobody=_why)
