"""Who shares in the proceeds of an offer: beneficiaries with exact shares of the price. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH
from marketplace.kernel.labels import Label
from marketplace.kernel.money import BASIS_POINTS

SHARES_MAX = 20
ORGANISATION = re.compile(r"org_[0-9A-Za-z]+")

ABOVE_WHOLE = Label(
    "all shares together are at most the whole, 10,000 basis points",
    "分配の合計を全体（10,000ベーシスポイント）以下にしてください",
)
TWICE = Label("name each beneficiary once", "受益者はそれぞれ一度だけ指定してください")


@dataclass(frozen=True, slots=True)
class Share:
    """``share_bp`` hundredths of a percent of each price, without tax, go to ``organisation`` (its public identifier)."""

    organisation: str
    share_bp: int


def parse_shares(stated: Any, *, prefix: str) -> tuple[Share, ...]:
    """The shares from an offer or a contract; what is not shared is the seller's. Raises FieldInvalid, which names ``prefix``."""
    if stated is None:
        return ()
    if not isinstance(stated, list | tuple) or not 1 <= len(stated) <= SHARES_MAX:
        raise FieldInvalid(
            prefix,
            Label(f"name 1 to {SHARES_MAX} beneficiaries", f"受益者を1から{SHARES_MAX}まで指定してください"),
        )
    shares = tuple(_share(one, prefix) for one in stated)
    if len({share.organisation for share in shares}) != len(shares):
        raise FieldInvalid(prefix, TWICE)
    if sum(share.share_bp for share in shares) > BASIS_POINTS:
        raise FieldInvalid(prefix, ABOVE_WHOLE)
    return shares


def _share(stated: Any, prefix: str) -> Share:
    if not isinstance(stated, Mapping) or set(stated) != {"organisation", "share_bp"}:
        raise FieldInvalid(
            prefix,
            Label(
                "a share states organisation and share_bp",
                "各分配に organisation と share_bp を指定してください",
            ),
        )
    named, share_bp = stated["organisation"], stated["share_bp"]
    if not isinstance(named, str) or len(named) > IDENTIFIER_LENGTH or not ORGANISATION.fullmatch(named):
        raise FieldInvalid(
            prefix,
            Label("name a beneficiary by its identifier, org_…", "受益者を識別子（org_…）で指定してください"),
        )
    if not isinstance(share_bp, int) or isinstance(share_bp, bool) or not 1 <= share_bp <= BASIS_POINTS:
        raise FieldInvalid(
            prefix,
            Label(
                f"a share is 1 to {BASIS_POINTS:,} basis points",
                f"分配は1から{BASIS_POINTS:,}ベーシスポイントの整数にしてください",
            ),
        )
    return Share(named, share_bp)
