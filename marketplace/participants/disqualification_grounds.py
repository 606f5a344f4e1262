"""Why an organisation or an officer of it is disqualified, and how names are compared. Pure."""

from __future__ import annotations

import re
from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class DisqualificationGround(TextChoices):
    """The ground on which an organisation, or an officer of it, is disqualified for a term."""

    ANTISOCIAL_FORCES = "antisocial", Label("ties with antisocial forces", "反社会的勢力との関係")
    SENTENCE = "sentence", Label("a sentence that disqualifies by law", "法令上の欠格事由に当たる刑罰")
    PRIVACY_LAW = (
        "privacy_law",
        Label("a ground of the privacy act, article 113", "個人情報保護法113条の欠格事由"),
    )
    LICENCE_REVOKED = "revoked", Label("a licence was revoked by an authority", "行政庁による許認可の取消し")
    MISCONDUCT = "misconduct", Label("serious breach of the market's rules", "取引所の規程への重大な違反")
    FALSE_STATEMENT = "false", Label("false statements to the market", "取引所に対する虚偽の申告")


TITLE: Final = "^(代表取締役|代表理事|代表社員|代表執行役|業務執行社員|取締役|理事長|代表)(社長|会長)?"
"""A title before a name, which does not count when names are compared."""
_SPACES: Final = "[\\s\u3000]"


def bare_name(name: str) -> str:
    """A person's name without spaces and without a title before it, as the database compares it too (``BARE_NAME``)."""
    return re.sub(TITLE, "", re.sub(_SPACES, "", name))


BARE_NAME: Final = f"regexp_replace(regexp_replace({{name}}, '{_SPACES}', '', 'g'), '{TITLE}', '')"
"""``bare_name`` of an SQL expression."""
