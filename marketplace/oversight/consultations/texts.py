"""The texts of tasks and notices of the consultation desk, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

ANSWERED = Wording(
    Label("Your question to the consultation desk was answered", "事前相談への回答があります"),
    Label(
        "{outcome}. The answer is in consultations/{consultation}.",
        "{outcome}。回答は consultations/{consultation} で確認できます。",
    ),
)
