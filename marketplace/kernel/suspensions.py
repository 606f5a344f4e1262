"""What a suspension of an organisation means, by its kind: one table. Pure.

From it derive what sessions and programs of a suspended organisation may, which payments are held back, the texts of
refusals and notices, and the documentation. No kind lets anything new begin; what was agreed before goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .labels import Label


class SuspensionKind(StrEnum):
    """The kinds of suspension. Several may stand at once."""

    BREACH = "breach"
    INSOLVENCY = "insolvency"
    ATTACHMENT = "attachment"
    SANCTIONS = "sanctions"


AS_AGREED = Label("Deliver, accept and pay as agreed.", "合意どおりに納品、検収、支払を行ってください。")


@dataclass(frozen=True, slots=True)
class Effect:
    """What a kind of suspension does beside this: nothing new begins.

    ``acting``: the roles that still act for the organisation; people with other roles read. None for all roles.
    ``holds_payments``: nothing is paid to the organisation without a permission. ``needs_reference``: it follows from a
    document, whose number is stated. ``meaning``: what it means, for the organisation itself. ``told``: what its
    counterparties have to know.
    """

    label: Label
    meaning: Label
    acting: frozenset[str] | None = None
    holds_payments: bool = False
    needs_reference: bool = True
    told: Label = AS_AGREED


EFFECTS: Mapping[SuspensionKind, Effect] = {
    SuspensionKind.BREACH: Effect(
        Label("breach of the rules", "規則違反"),
        Label(
            "You read, export and settle: deliveries, acceptance, disputes and payments go on.",
            "閲覧・データの持出し・決済はできます。納品、検収、異議、支払は継続します。",
        ),
        needs_reference=False,
    ),
    SuspensionKind.INSOLVENCY: Effect(
        Label("insolvency proceedings", "倒産手続"),
        Label(
            "Your trustee acts for your organisation; everybody else of it reads.",
            "管財人が貴組織のために手続を行います。その他の構成員は閲覧のみ可能です。",
        ),
        acting=frozenset({"trustee", "auditor"}),
        told=Label(
            "Its trustee acts for it. What was agreed goes on unless the trustee ends it by law.",
            "管財人が手続を行います。締結済みの契約は、管財人が法律に基づき終了させない限り継続します。",
        ),
    ),
    SuspensionKind.ATTACHMENT: Effect(
        Label("attachment of what is due to it", "差押え"),
        Label(
            "What is due to you is paid to the court, the office or the creditor that attached it.",
            "貴組織の受取債権は、差押えをした裁判所・行政機関・債権者に支払われます。",
        ),
    ),
    SuspensionKind.SANCTIONS: Effect(
        Label("sanctions", "制裁措置"),
        Label(
            "Nothing is paid to you without a permission of the authority. Your money stays your own.",
            "当局の許可がない限り貴組織への支払は行いません。資金は引き続き貴組織に帰属します。",
        ),
        holds_payments=True,
        told=Label(
            "The market pays it nothing without a permission of the authority. You owe what you owed.",
            "当局の許可がない限り市場から同組織への支払は行われません。貴組織の債務は存続します。",
        ),
    ),
}

HOLDING_PAYMENTS = frozenset(kind for kind, effect in EFFECTS.items() if effect.holds_payments)
"""Kinds under which nothing is paid to the organisation without a permission."""


def acting_roles(roles: Collection[str], suspended: Collection[str]) -> frozenset[str]:
    """Those of ``roles`` that act under the kinds of suspension that stand; the others read."""
    acting = frozenset(roles)
    for kind in suspended:
        allowed = EFFECTS[SuspensionKind(kind)].acting
        acting = acting if allowed is None else acting & allowed
    return acting
