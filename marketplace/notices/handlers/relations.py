"""Event handlers about relations between organisations."""

from __future__ import annotations

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import AffiliationStated, RelationStated
from marketplace.kernel.labels import Label
from marketplace.participants.queries import get_organisation
from marketplace.participants.relation_kinds import RelationSource

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
RELATED = {
    RelationSource.DECLARED: Wording(
        Label("{party} declared that you are related", "{party} が貴組織との関係を届け出ました"),
        Label(
            "{relation} at GET organisation-relations/ says how. It counts against {party} alone until you declare it too, or the"
            " operator finds it. If it is wrong, appeal it: POST cases/ with the subject {relation}.",
            "関係の種類は GET organisation-relations/ の {relation} で確認できます。貴組織も届け出るか、運営者が確認するまでは、"
            "{party} についてのみ考慮されます。誤りがある場合は、POST cases/ で {relation} を対象に不服を申し立ててください。",
        ),
    ),
    RelationSource.FOUND: Wording(
        Label(
            "The operator found that you and {party} are related",
            "運営者が貴組織と {party} の関係を確認しました",
        ),
        Label(
            "{relation} at GET organisation-relations/ says how and by which document; rules read it. If it is wrong, appeal it:"
            " POST cases/ with the subject {relation}.",
            "関係の種類と証拠書類は GET organisation-relations/ の {relation} で確認できます。ルールの判定で考慮されます。"
            "誤りがある場合は、POST cases/ で {relation} を対象に不服を申し立ててください。",
        ),
    ),
}
"""What is told of whom another stated a relation, by its source."""


def on_relation_stated(event: RelationStated, envelope: Envelope) -> None:
    """Tell each participant of whom another stated the relation, and how it contests that."""
    one, other = get_organisation(event.organisation), get_organisation(event.related)
    source = RelationSource(event.source)
    told = [(other, one)] if source is RelationSource.DECLARED else [(one, other), (other, one)]
    for party, of in told:
        if not party.is_operator:
            wording = RELATED[source].fill(relation=event.relation, party=of.name)
            send_notice(organisation_id=party.id, subject=event.relation, wording=wording)


def on_affiliation_stated(event: AffiliationStated, envelope: Envelope) -> None:
    """Tell the organisation that it is barred, and how it contests that."""
    party = get_organisation(event.organisation)
    wording = AFFILIATED.fill(relation=event.relation)
    send_notice(organisation_id=party.id, subject=event.relation, wording=wording)
