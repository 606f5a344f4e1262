"""The invariant of versions."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="contracts.versions_as_signed",
    promise=6,
    statement=(
        "The versions of an agreement follow each other, each signed by both parties over one instrument, or by the market as both signed, that names what it replaces, in force from the day"
        " that it says; no charge that was due by then changes."
    ),
    guards=(
        "contracts_agreementversion.version_as_signed",
        "contracts_agreementversion.version_whole",
        "contracts_agreementversion.moves_end",
        "contracts_agreementversion.concluded_as_decided",
        "contracts_agreementversion.append_only",
        "contracts_agreementversion.dated_now",
        "contracts_agreementversion.version_once",
        "contracts_agreementversion.version_follows",
        "contracts_agreementversion.version_made_by",
        "contracts_negotiation.amends_lawfully",
        "contracts_negotiation.amendment_one_open",
    ),
    test="tests/contracts/amending/test_version_guards.py::test_a_version_that_nobody_signed_so_is_named",
    check=by_query(
        "SELECT v.public_id, a.public_id AS agreement FROM contracts_agreementversion v"
        " JOIN contracts_agreement a ON a.id = v.agreement_id LEFT JOIN contracts_negotiation n ON n.id = v.negotiation_id"
        " LEFT JOIN contracts_instrument i ON i.id = v.instrument_id LEFT JOIN contracts_renewaldocument d ON d.id = v.renewal_id"
        " CROSS JOIN LATERAL (SELECT coalesce(i.content, d.content)::jsonb AS one) said"
        " LEFT JOIN contracts_agreementversion b ON b.agreement_id = v.agreement_id AND b.number = v.number - 1"
        " CROSS JOIN LATERAL (SELECT said.one #> '{plan,money,charges}' -> (v.from_charge - 1) AS charge) first"
        " WHERE v.kind = 'amended' AND (n.amends_id IS DISTINCT FROM v.agreement_id OR n.state <> 'finalized' OR i.negotiation_id <> v.negotiation_id)"
        "  OR coalesce(i.signed_hash, d.signed_hash) IS DISTINCT FROM v.signed_hash OR v.number > 2 AND b.id IS NULL"
        "  OR said.one #>> '{amends,replaces}' IS DISTINCT FROM coalesce(b.signed_hash, a.signed_hash)"
        "  OR (said.one #>> '{amends,version}')::integer IS DISTINCT FROM v.number::integer"
        "  OR (said.one #>> '{amends,from_charge}')::integer IS DISTINCT FROM v.from_charge::integer"
        "  OR (said.one #>> '{amends,effective_on}')::date IS DISTINCT FROM v.effective_on"
        "  OR v.effective_at IS DISTINCT FROM v.effective_on::timestamp AT TIME ZONE 'Asia/Tokyo'"
        "  OR v.effective_on < (v.made_at AT TIME ZONE 'Asia/Tokyo')::date OR v.effective_at < b.effective_at"
        "  OR first.charge IS NOT NULL AND coalesce((first.charge ->> 'due_on')::date,"
        "     ((a.concluded_at AT TIME ZONE 'Asia/Tokyo')::date + make_interval(months => (first.charge ->> 'months')::integer))::date)"
        "     < greatest((v.made_at AT TIME ZONE 'Asia/Tokyo')::date + 1, v.effective_on)"
        "  OR v.kind = 'amended' AND (SELECT count(*) FROM contracts_signature s WHERE s.instrument_id = v.instrument_id AND s.signed_hash = v.signed_hash) <> 2"
    ),
)
