"""Whether clearing can pay the beneficiaries of an offer."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.participants.payout_queries import payout_account_now
from marketplace.participants.queries import admissions_of, organisations_by_public_id

from .shares import Share

NOT_PAYABLE = Label(
    "{organisation} cannot receive a share: a beneficiary is admitted and active, has a payout account, and is neither a party of the"
    " agreement nor the operator or its affiliate",
    "{organisation} は分配を受けられません。受益者は、参加を承認されて取引停止中でなく、支払先口座を登録した組織に限ります（当事者、運営者およびその関係会社を除く）",
)


def require_payable(shares: Sequence[Share], *, parties: Collection[str], prefix: str) -> None:
    """Check that clearing can pay every beneficiary, who is none of ``parties`` (public identifiers).

    Asked when an offer is made and published, and at both signatures. Raises FieldInvalid, which names ``prefix`` and the organisation.
    """
    known = organisations_by_public_id(share.organisation for share in shares)
    for share in shares:
        view = known.get(share.organisation)
        is_payable = (
            view is not None
            and view.is_active
            and not (view.is_operator or view.affiliate or view.public_id in parties)
            and bool(admissions_of(view.public_id))
            and payout_account_now(view.id) is not None
        )
        if not is_payable:
            raise FieldInvalid(prefix, NOT_PAYABLE.fill({"organisation": share.organisation}))
