"""Registers and reduces guarantees; each takes two people of the operator."""

from __future__ import annotations

from datetime import UTC, datetime

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.participants.queries import get_organisation

from ..approvals.services import require_two_people
from ..ledger.accounts import market_accounts
from ..ledger.states import AccountKind
from .errors import GuaranteeInUse
from .models import ISSUER_LENGTH_MAX, REASON_LENGTH_MAX, Guarantee, GuaranteeReduction
from .states import REDUCE_COMMAND, REGISTER_COMMAND, GuaranteeKind


@record_refusals()
def register_guarantee(
    *,
    actor: Actor,
    organisation: str,
    kind: str,
    amount_minor: int,
    valid_from: datetime,
    expires_at: datetime,
    document_sha256: str,
    issuer: str = "",
    currency: str = "JPY",
) -> Guarantee:
    """Register a guarantee for what a participant buys, or a limit that its deposit backs: two people give the same terms.

    Trades that wait are secured by it when the market next looks at them. Raises SecondPersonNeeded, which records the
    first person's command, Recused, FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    require_amount("amount_minor", amount_minor)
    owner = get_organisation(organisation)
    issuer = issuer.strip()[:ISSUER_LENGTH_MAX]
    conditions = {
        "currency": AccountKind.RESERVE in market_accounts(currency),
        "organisation": not owner.is_operator,
        "issuer": bool(issuer) == (kind == GuaranteeKind.UNDERTAKING),
        "expires_at": expires_at > max(valid_from, clock.now()),
    }
    conditions["document_sha256"] = not Guarantee.objects.filter(
        organisation_id=owner.id, document_sha256=document_sha256
    ).exists()
    wrong = next((field for field, holds in conditions.items() if not holds), None)
    if wrong:
        raise FieldInvalid(wrong, _EXPECTED[wrong])
    terms = {
        "kind": kind,
        "issuer": issuer,
        "amount_minor": amount_minor,
        "currency": currency,
        "valid_from": valid_from.astimezone(UTC).isoformat(),
        "expires_at": expires_at.astimezone(UTC).isoformat(),
        "document_sha256": document_sha256,
    }
    approval = require_two_people(
        actor=actor, command=REGISTER_COMMAND, subject=owner.public_id, payload=terms
    )
    made = Guarantee.objects.create(
        organisation_id=owner.id,
        kind=kind,
        issuer=issuer,
        amount_minor=amount_minor,
        currency=currency,
        valid_from=valid_from,
        expires_at=expires_at,
        document_sha256=document_sha256,
        approval=approval,
        registered_by=actor.identifier,
        registered_at=clock.now(),
    )
    record(
        kind="clearing.guarantee_registered",
        subject=made.public_id,
        actor=actor,
        payload={"organisation": owner.public_id, **terms},
    )
    return made


@record_refusals()
def reduce_guarantee(*, actor: Actor, guarantee: str, amount_minor: int, reason: str) -> Guarantee:
    """Reduce a guarantee to ``amount_minor``, by two people; zero withdraws it.

    Raises GuaranteeInUse below what is used, SecondPersonNeeded, Recused, FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    subject = Guarantee.objects.select_for_update(no_key=True).filter(public_id=guarantee).first()
    if subject is None:
        raise Missing(kind="guarantee", identifier=guarantee)
    if not 0 <= amount_minor < subject.amount_minor:
        raise FieldInvalid(
            "amount_minor",
            Label(
                f"choose less than the present {subject.amount_minor}",
                f"現在の {subject.amount_minor} より小さい金額にしてください",
            ),
        )
    if amount_minor < subject.used_minor:
        raise GuaranteeInUse(guarantee=guarantee, used_minor=subject.used_minor)
    approval = require_two_people(
        actor=actor,
        command=REDUCE_COMMAND,
        subject=guarantee,
        payload={"amount_minor": amount_minor, "reason": why},
    )
    GuaranteeReduction.objects.create(
        guarantee=subject,
        amount_minor=amount_minor,
        reason=why,
        approval=approval,
        decided_by=actor.identifier,
        decided_at=clock.now(),
    )
    record(
        kind="clearing.guarantee_reduced",
        subject=guarantee,
        actor=actor,
        payload={"amount_minor": amount_minor, "reason": why},
    )
    subject.refresh_from_db()
    return subject


_EXPECTED = {
    "currency": Label("name a currency that the market clears", "取り扱っている通貨を指定してください"),
    "organisation": Label("name a participant", "参加者を指定してください"),
    "issuer": Label(
        "name who gave the undertaking; a limit backed by a deposit has no issuer",
        "保証人を記載してください。保証金を裏付けとする信用枠には記載できません",
    ),
    "document_sha256": Label(
        "this document is registered for the participant: name another document",
        "この書面は当該参加者について登録済みです。別の書面を指定してください",
    ),
    "expires_at": Label(
        "choose a moment to come, after valid_from", "valid_from より後の将来の日時を指定してください"
    ),
}
