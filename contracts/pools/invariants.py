"""Invariants of pools."""

from __future__ import annotations

from typing import Any

from marketplace.evidence.signatures import SignatureInvalid, verify
from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query

from .content import claims, hash_of
from .guards import WRONG_SHARES
from .models import PoolSignature, PoolVersion


def _unverified() -> list[dict[str, Any]]:
    """Versions whose hash is not that of their content, and signatures that are over something else."""
    breaches = [
        {"version": version.public_id, "fault": "the hash is not the content's"}
        for version in PoolVersion.objects.order_by("pk").iterator()
        if hash_of(version.content) != version.content_hash
    ]
    rows = PoolSignature.objects.select_related("version__pool").order_by("pk")
    for signature in rows.iterator():
        expected = claims(
            content_hash=signature.version.content_hash,
            pool=signature.version.pool.public_id,
            organisation=signature.organisation_identifier,
            signer=signature.signer,
            signed_at=signature.signed_at.isoformat(),
        )
        try:
            attested = verify(signature.jws)
        except SignatureInvalid:
            attested = {}
        if attested != expected:
            breaches.append({"version": signature.version.public_id, "fault": signature.public_id})
    return breaches[:BREACHES_SHOWN_MAX]


Invariant(
    name="contracts.pool_versions_verify",
    promise=6,
    statement="Each version of a pool has the hash of its content, and each signature of it verifies; a person signs it for one organisation.",
    guards=(
        "contracts_poolversion.immutable",
        "contracts_poolversion.version_in_turn",
        "contracts_poolsignature.append_only",
        "contracts_poolsignature.dated_now",
        "contracts_poolsignature.signed_by_signatory",
        "contracts_poolsignature.pool_signature_once",
        "contracts_poolsignature.pool_signer_once",
        "contracts_poolsignature.pool_signed_by_person",
    ),
    test="tests/contracts/pools/test_pools.py::test_what_was_forced_in_is_named",
    check=_unverified,
)
Invariant(
    name="contracts.pool_shares_whole",
    promise=1,
    statement=(
        "The shares of a version of a pool are those that it says and sum to exactly 1; it is signed by everybody who must, versions follow each"
        " other by their days, and after a withdrawal the others have its share in proportion."
    ),
    guards=(
        "contracts_pool.append_only",
        "contracts_pool.dated_now",
        "contracts_pool.led_by_seller",
        "contracts_poolversion.state_guard",
        "contracts_poolversion.no_delete",
        "contracts_poolversion.set_once",
        "contracts_poolversion.set_now",
        "contracts_poolversion.dated_now",
        "contracts_poolversion.signed_by_all",
        "contracts_poolversion.shares_whole",
        "contracts_poolversion.pool_version_number_once",
        "contracts_poolversion.pool_version_one_proposed",
        "contracts_poolversion.pool_version_stated",
        "contracts_poolshare.append_only",
        "contracts_poolshare.independent_member",
        "contracts_poolshare.shares_whole",
        "contracts_poolshare.pool_share_once",
        "contracts_poolshare.pool_share_positive",
    ),
    test="tests/contracts/pools/test_pools.py::test_the_database_takes_no_other_shares_and_no_unsigned_version",
    check=by_query(
        f"SELECT v.public_id, 'shares' AS fault FROM contracts_poolversion v WHERE {WRONG_SHARES}"  # noqa: S608  our own words
        " UNION SELECT v.public_id, 'unsigned' FROM contracts_poolversion v WHERE v.state = 'signed' AND EXISTS ("
        "  SELECT FROM public.pool_signers(v.id) needed(organisation_id) WHERE NOT EXISTS ("
        "   SELECT FROM contracts_poolsignature s WHERE s.version_id = v.id AND s.organisation_id = needed.organisation_id"
        "    AND s.signed_hash = v.content_hash))"
        " UNION SELECT v.public_id, 'days' FROM contracts_poolversion v JOIN contracts_poolversion b ON b.pool_id = v.pool_id"
        "  WHERE v.state = 'signed' AND b.state = 'signed' AND b.number < v.number AND b.effective_on >= v.effective_on"
        " UNION SELECT v.public_id, 'overdue' FROM contracts_poolversion v WHERE v.state = 'proposed'"
        "  AND v.effective_on < (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date - 1"
    ),
)
