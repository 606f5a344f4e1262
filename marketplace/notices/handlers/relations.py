"""Event handlers about relations between organisations."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import AffiliationStated
from marketplace.kernel.labels import Label
from marketplace.participants.queries import get_organisation

from ..services import send_notice
from ..texts import Wording

AFFILIATED = Wording(
    Label(
        "The operator stated that you are its affiliate",
        "運営者が貴組織を運営者の関係会社として登録しました",
    ),
    Label(
        "An affiliate of the operator never trades. {relation} at GET organisation-relations/ says how and by which document. If it is"
        " wrong, appeal it: POST cases/ with the subject {relation}.",
        "運営者の関係会社は取引できません。関係の種類と証拠書類は GET organisation-relations/ の {relation} で確認できます。"
        "誤りがある場合は、POST cases/ で {relation} を対象に不服を申し立ててください。",
    ),
)


def on_affiliation_stated(event: AffiliationStated, envelope: Envelope) -> None:
    """Tell the organisation that it is barred, and how it contests that."""
    party = get_organisation(event.organisation)
    wording = AFFILIATED.fill(relation=event.relation)
    send_notice(organisation_id=party.id, subject=event.relation, wording=wording)
