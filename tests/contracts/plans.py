"""Terms for plans, and the plans that they have always had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contracts.terms import Terms, parse_terms

from .factories import OFFER

GOLDEN = Path(__file__).parent / "golden"


def terms(rights: dict[str, Any] | None = None, **changes: Any) -> Terms:
    """The terms of the tests' offer, with ``changes`` and with ``rights`` instead of its own."""
    stated = {**OFFER, **changes}
    return parse_terms({**stated, "rights": rights} if rights else stated)


CASES = {
    "licence": terms(),
    "perpetual": terms(
        {"contract_type": "transfer", "onward_transfer": "permitted"}, withdrawal_reserved=True
    ),
    "both_ends": terms(
        {
            "contract_type": "licence",
            "valid_until": "2027-03-31",
            "duration": "P6M",
            "confidential": True,
            "accept_audit": True,
            "use_count_max": 10,
        }
    ),
    "instalments": terms(
        price_minor=100_000,
        charging={"kind": "instalment", "charges": 3, "period_months": 2, "first_period_from": None},
    ),
    "subscription": terms(
        {**OFFER["rights"], "duration": "P2Y"},
        price_minor=10_000,
        charging={
            "kind": "subscription",
            "charges": 3,
            "period_months": 1,
            "first_period_from": "2027-01-31",
        },
    ),
    "metered": terms(
        price_minor=50_000,
        charging={"kind": "metered", "charges": 2, "period_months": 6, "unit_price_minor": 700},
    ),
    "metered_whole": terms(
        price_minor=50_000,
        charging={
            "kind": "metered",
            "charges": 12,
            "unit_price_minor": 100,
            "metering": {
                "tiers": [{"from_use": 101, "unit_price_minor": 80}],
                "free_uses": 10,
                "trial_days": 14,
            },
            "shares": [{"organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0", "share_bp": 2_550}],
            "adjustments": [{"kind": "volume", "beyond_uses": 1_000, "reduction_bp": 500}],
        },
    ),
    "adjusted": terms(
        price_minor=100_000,
        charging={
            "kind": "subscription",
            "charges": 12,
            "adjustments": [
                {
                    "kind": "index",
                    "index": "cpi_jp",
                    "base_milli": 102_500,
                    "floor_bp": 9_000,
                    "cap_bp": 11_000,
                },
                {"kind": "quality", "at_least_bp": 8_000, "reduction_bp": 1_000},
            ],
        },
    ),
}


def golden(name: str) -> dict[str, Any]:
    """The plan of a case, and its words in both languages, as they were when its version was made."""
    found: dict[str, Any] = json.loads((GOLDEN / f"{name}.v1.json").read_text("utf-8"))
    return found
