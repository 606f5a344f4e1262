"""A row of an append-only table that did not come from its cause is refused, or the checker names it.

Each attack is by raw SQL as the application's role, outside any service, on the day that the market has traded. Every
append-only table is in ``FORGERIES``: either the database refuses a forged row, or it cannot know, and an invariant names it.
"""

from __future__ import annotations

import re

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.kernel.guards import APPEND_ONLY
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.tables import tables_guarded_by

from .forging import Forgery, forge

RECORDED = "evidence.rows_recorded"

SAME_AGAIN = "duplicate key"
NOBODY = "no second person approved this"
SOON = "public.business_now() + interval '1 hour'"

FORGERIES: dict[str, Forgery] = {
    "access_accessdeferral": Forgery(refused="is not deferred, or its review date is over"),
    "access_accessread": Forgery(refused="the access is not open", changes={"read_at": "'2020-01-01'"}),
    "cases_appeal": Forgery(refused="against its own organisation|duplicate key", changes={"filed_by": "'usr_forged'"}),
    "cases_remedy": Forgery(refused="only an appeal that changed|case_id"),
    "clearing_account": Forgery(refused="account_owner", changes={"code": "'forged'", "kind": "'forged'"}),
    "clearing_balancecertificate": Forgery(
        refused="does not state the balance of the ledger", changes={"ledger_minor": "987654321"}
    ),
    "clearing_bankallocation": Forgery(refused="is not a receipt in suspense", changes={"reason": "''"}),
    "clearing_bankentry": Forgery(
        refused="differ from its totals",
        changes={
            "entry_reference": "'FORGED'", "match": "'unallocated'", "mismatch_code": "'not_expected'",
            "instruction_id": "NULL", "organisation_id": "NULL", "transfer_file_id": "NULL",
        },
    ),
    "clearing_bankstatement": Forgery(refused="does not continue"),
    "clearing_chargeamendment": Forgery(refused="as both parties signed"),
    "clearing_chargeplan": Forgery(refused="has no charges", changes={"agreement": "'agr_forged'"}),
    "clearing_clearingschedule": Forgery(
        refused="no second person approved the change",
        changes={"cut_off_times": "ARRAY['15:00'::time]", "approval_id": "(SELECT max(id) FROM approvals_approval)"},
    ),
    "clearing_clientaccount": Forgery(
        refused=NOBODY, changes={"approval_id": "(SELECT max(id) FROM approvals_approval)", "effective_from": SOON}
    ),
    "clearing_closedday": Forgery(
        refused="no second person approved the change",
        changes={
            "name": """'{"ja": "x", "en": "x"}'""", "currency": "'JPY'",
            "approval_id": "(SELECT max(id) FROM approvals_approval)",
        },
    ),
    "clearing_countedtimeline": Forgery(refused="is not that of this server"),
    "clearing_creditorpayment": Forgery(
        refused="is of no attachment in force|and the remainder are not an attached payment"
    ),
    "clearing_cyclestep": Forgery(
        refused="a moment is not that of the clock", changes={"epoch": "t.epoch + 1", "began_at": "'2020-01-01'"}
    ),
    "clearing_debitbooking": Forgery(refused="is not in suspense"),
    "clearing_deferral": Forgery(refused="differs from the obligation that continues it"),
    "clearing_entry": Forgery(refused="has no postings", changes={"reference": "t.reference || 'x'"}),
    "clearing_feewriteoff": Forgery(refused="writes off what is no fee that was put off"),
    "clearing_fundsdecision": Forgery(refused="without its journal entry", changes={"reason": "''"}),
    "clearing_fundsregime": Forgery(
        refused=NOBODY, changes={"approval": "'apv_forged'", "effective_from": SOON}
    ),
    "clearing_guaranteereduction": Forgery(
        refused="is reduced below its amount|no two people approved the reduction"
    ),
    "clearing_intermediarynotice": Forgery(named=RECORDED),
    "clearing_invoice": Forgery(
        refused=SAME_AGAIN, changes={"number": "t.number || 'x'", "sequence": "t.sequence + 1"}
    ),
    "clearing_ledgerperiod": Forgery(refused="is closed already"),
    "clearing_moneycommand": Forgery(
        named="clearing.one_persons_limit",
        changes={"approval_id": "NULL", "amount_minor": "1", "given_on": "t.given_on"},
    ),
    "clearing_monthlystatement": Forgery(named=RECORDED, changes={"currency": "'XTS'"}),
    "clearing_netposition": Forgery(
        refused="position", changes={"organisation_id": "(SELECT min(id) FROM participants_organisation)"}
    ),
    "clearing_obligation": Forgery(refused=SAME_AGAIN),
    "clearing_plannedcharge": Forgery(refused="plan_id"),
    "clearing_plannedshare": Forgery(refused="shared as the signed plan says"),
    "clearing_posting": Forgery(refused="not to zero", changes={"leg": "t.leg + 1"}),
    "clearing_paymentpermission": Forgery(refused="was stated by no second person"),
    "clearing_proofblock": Forgery(refused=SAME_AGAIN),
    "clearing_recoupment": Forgery(refused="does not return debit booking"),
    "clearing_reservereduction": Forgery(refused="was approved by no second person"),
    "clearing_restoration": Forgery(refused="is not later than the newest"),
    "clearing_segregationcheck": Forgery(
        refused="relies on a balance that nobody confirmed", changes={"currency": "'XTS'"}
    ),
    "clearing_sendingopening": Forgery(refused="cannot be opened by statement|restoration"),
    "clearing_setoff": Forgery(refused="is of no cancelled payment"),
    "clearing_setoffrestraint": Forgery(named=RECORDED),
    "clearing_shortfall": Forgery(named=RECORDED, changes={"missing_minor": "2"}),
    "clearing_statementconfirmation": Forgery(refused="confirmed by another person|duplicate key"),
    "clearing_statementmonth": Forgery(named=RECORDED, changes={"currency": "'XTS'"}),
    "clearing_stuckmoney": Forgery(named=RECORDED),
    "clearing_supplystatement": Forgery(named=RECORDED),
    "clearing_taxrelief": Forgery(refused="write_off_id"),
    "clearing_transferfile": Forgery(named=RECORDED, changes={"sha256": "repeat('e', 64)"}),
    "clearing_unconfirmedreceipt": Forgery(named=RECORDED, changes={"line": "t.line + 1"}),
    "clearing_usagerecord": Forgery(
        named=RECORDED, changes={"usage": "'dld_forged'", "refusal": "'no_period'", "charged_minor": "0"}
    ),
    "contracts_agreementversion": Forgery(refused="does not stand|needs the signatures of both parties"),
    "contracts_attachment": Forgery(refused="while the other is to answer it"),
    "contracts_clause": Forgery(named=RECORDED, changes={"code": "'forged'"}),
    "contracts_deletioncertificate": Forgery(refused="certifies a deletion|duty_id"),
    "contracts_firedadjustment": Forgery(refused="what was signed and what it read|fired_stated|adjustment_id"),
    "contracts_indexvalue": Forgery(refused="index_value_two_people|index_value_stated"),
    "contracts_lawexamination": Forgery(refused="an examination counts what it found"),
    "contracts_disputefile": Forgery(refused="a side of an open dispute hands in"),
    "contracts_instrument": Forgery(refused="over the terms that stand"),
    "contracts_pool": Forgery(refused="opens its pool|duplicate key"),
    "contracts_poolshare": Forgery(refused="sum to 1|duplicate key|version_id|neither the operator nor its affiliate"),
    "contracts_poolsignature": Forgery(refused="signs its hash while it is proposed|duplicate key"),
    "contracts_privatenote": Forgery(
        refused="is no party of this negotiation", changes={"organisation_identifier": "'org_forged'"}
    ),
    "contracts_proposal": Forgery(refused="numbered without a gap"),
    "contracts_statement": Forgery(refused="states once what is its turn"),
    "contracts_reminder": Forgery(refused="due within its days|duplicate key"),
    "contracts_sellerfault": Forgery(refused="admits its fault|agreement_id"),
    "contracts_renewaldocument": Forgery(refused="invalid input syntax for type json"),
    "contracts_signature": Forgery(refused="the parties sign in turn|only after a fresh proof"),  # as fast as the day was
    "contracts_template": Forgery(named=RECORDED, changes={"code": "'forged'"}),
    "delivery_entitleddistribution": Forgery(refused="nothing is added to an entitlement"),
    "documents_documentcertificate": Forgery(
        named=RECORDED,
        changes={
            "fingerprint": "encode(sha256('forged'), 'hex')", "certificate": "'forged'",
            "not_before": "now()", "not_after": "now() + interval '1 day'",
        },
    ),
    "documents_sealeddocument": Forgery(named=RECORDED, changes={"subject": "'agr_forged'"}),
    "events_abandonment": Forgery(
        refused="parked",
        changes={"first_person": "'usr_forged_a'", "abandoned_by": "'usr_forged_b'"},
    ),
    "events_archivedrange": Forgery(
        named="events.none_lost",
        changes={
            "first_id": "(SELECT min(id) FROM events_outboxevent)",
            "end_id": "(SELECT max(id) + 1 FROM events_outboxevent)",
        },
    ),
    "events_outboxevent": Forgery(
        named=RECORDED,
        changes={
            "type": "'delivery.accepted'",
            "data": "(SELECT data FROM events_outboxevent WHERE type = 'delivery.accepted' LIMIT 1)",
            "transaction": "pg_current_xact_id()",
        },
    ),
    "delivery_restitution": Forgery(refused="only access that goes on|nothing was lost"),
    "evidence_checkpoint": Forgery(refused="states another size or root", changes={"size": "t.size + 1"}),
    "evidence_checkpointtimestamp": Forgery(refused="is not of the note"),
    "evidence_cosignature": Forgery(refused="does not cosign any more|duplicate key"),
    "evidence_evidencerecord": Forgery(
        named=RECORDED,
        changes={
            "kind": "'clearing.transfer_file_made'",
            "payload": """'{"sha256": "x", "records": 1, "total_minor": 1}'""",
            "transaction": "pg_current_xact_id()",
        },
    ),
    "evidence_keyannouncement": Forgery(refused="duplicate key|announcement|another identifier than its bytes"),
    "evidence_recordparty": Forgery(
        refused="is no party of what record", changes={"organisation": "'org_forged'"}
    ),
    "evidence_leaf": Forgery(refused=SAME_AGAIN, changes={"index": "t.index + 1"}),
    "listings_distribution": Forgery(refused="nothing is added to a version"),
    "listings_offer": Forgery(refused="nothing is added to a version"),
    "oversight_incidentassessment": Forgery(
        refused="nobody who may assess this|incident_id", changes={"assessed_by": "'usr_forged'"}
    ),
    "oversight_incidentconcern": Forgery(refused="concern_once|is no participant"),
    "oversight_incidentdeadline": Forgery(refused="deadline_once|is not when the law says"),
    "oversight_incidententry": Forgery(
        refused="nobody of the operator who may write this|is not the hash over",
        changes={"written_by": "'usr_forged'"},
    ),
    "oversight_seenagreement": Forgery(named=RECORDED, changes={"agreement": "'agr_forged'"}),
    "oversight_seennegotiation": Forgery(
        named=RECORDED, changes={"negotiation": "'ngt_forged'", "by": "'buyer'"}
    ),
    "participants_authoritylimit": Forgery(
        refused="is no owner who states limits now|a participant states limits",
        changes={"role": "'signatory'", "person": "''", "stated_by": "'usr_forged'"},
    ),
    "participants_commitment": Forgery(
        refused="has no role",
        changes={"person": "'usr_forged'", "transaction": "pg_current_xact_id()"},
    ),
    "participants_factchange": Forgery(
        refused="a person of it who may", changes={"transaction": "pg_current_xact_id()", "changed_by": "'usr_forged'"}
    ),
    "participants_reinstatement": Forgery(
        refused="is no natural person of the operator",
        changes={
            "suspension_id": "(SELECT max(id) FROM participants_suspension)",
            "organisation_id": "(SELECT organisation_id FROM participants_suspension ORDER BY id DESC LIMIT 1)",
            "first_person": "'usr_first'", "reinstated_by": "'usr_forged'", "transaction": "pg_current_xact_id()",
        },
    ),
    "participants_suspension": Forgery(named=RECORDED),
    "quality_measurement": Forgery(refused="measurement_known", changes={"characteristic": "'forged'"}),
    "quality_profile": Forgery(refused="fk_listings|duplicate key"),
    "rules_decision": Forgery(named=RECORDED),
    "rules_rescreening": Forgery(refused="duplicate key|rulebook_id"),
    "rules_rulebook": Forgery(refused="does not follow on"),
}  # fmt: skip
"""What comes of a forged row of each table: a copy of the newest row, or made-up values where the day left none."""

NOT_TOLD_APART = {
    "fixtures_daystep": "The demo's own bookmarks: no rule, figure or right of the market reads them.",
    "documents_rendereddocument": "A rendering of data that are sealed; whoever doubts it has it made again from them.",
}
"""Append-only tables in which nothing tells a forged row from another, with what follows from one."""


def test_every_append_only_table_is_attacked():
    assert sorted(FORGERIES | NOT_TOLD_APART) == tables_guarded_by(APPEND_ONLY)
    for table, forgery in FORGERIES.items():
        assert bool(forgery.refused) != bool(forgery.named), table


@pytest.mark.parametrize("table", sorted(FORGERIES))
def test_a_forged_row_is_refused_or_named(report, restoration, table):
    forgery = FORGERIES[table]
    with transaction.atomic():
        if forgery.refused:
            with pytest.raises(DatabaseError) as refusal, transaction.atomic():
                forge(table, forgery.changes)
            assert re.search(forgery.refused, str(refusal.value)), refusal.value
        else:
            assert REGISTER[forgery.named].check() == []
            forge(table, forgery.changes)
            assert REGISTER[forgery.named].check() != []
        transaction.set_rollback(True)


def test_the_attacks_are_of_the_application(report, settings):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.APPLICATION_ROLE,)
