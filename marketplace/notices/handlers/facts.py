"""Event handlers about the facts of organisations: everybody of an organisation is told of a change."""

from __future__ import annotations

from typing import cast

from marketplace.events.envelope import Envelope
from marketplace.events.schemas.participants import OrganisationFactsChanged
from marketplace.kernel.labels import Label
from marketplace.participants.organisation_facts import Fact
from marketplace.participants.queries import get_organisation

from ..services import send_notice
from ..texts import Wording

CHANGED = Wording(
    Label("Facts of your organisation were changed", "貴組織の登録情報が変更されました"),
    Label(
        "Changed, with effect from {day}: {facts}. If you did not expect this, end the access of who changed it at once.",
        "{day} 付で次の項目が変更されました: {facts}。心当たりがない場合は、変更した担当者のアクセスを直ちに停止してください。",
    ),
)


def on_facts_changed(event: OrganisationFactsChanged, envelope: Envelope) -> None:
    """Tell the organisation which facts were changed."""
    labels = [cast(Label, Fact(name).label) for name in event.facts.split(",")]
    named = {
        language: separator.join(label.in_language(language) for label in labels)
        for language, separator in (("en", ", "), ("ja", "、"))
    }
    send_notice(
        organisation_id=get_organisation(event.organisation).id,
        subject=event.organisation,
        wording=CHANGED.fill(day=event.effective_on, facts=named),
    )
