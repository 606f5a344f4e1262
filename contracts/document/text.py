"""The readable contract in one language: plain text with Markdown headings, from the signed content. Pure.

The same content gives the same text. The text can be parsed into its articles and terms of use, so the document shows
only the text that was signed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from listings.rights import parse_rights, summary
from listings.states import Charging, SignatureLevel, TaxCategory
from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money

from ..amending.wording import amendment_text
from ..clauses import one_line
from ..commissions.words import commission_text
from ..ending.terms import ending_text
from ..library.composition import article_names, fill_clause
from ..library.special import special_lines
from ..plan import plan_lines, read_plan
from ..renewing.words import renewal_text
from ..states import label_of

ARTICLE_FORM = {"ja": "## 第{number}条（{heading}）", "en": "## Article {number} ({heading})"}

USE = Label("Terms of use", "利用条件")
PLAN = Label("How this agreement is carried out", "履行の計画")
OPEN = Label("Period for acceptance", "承諾の期間")
OPEN_TEXT = Label(
    "Signed by the Provider, this document is an offer, open for the Consumer's acceptance by its signature for {days} days from the"
    " Provider's signature, whose day is not counted, to the end of the last day (Japan time). It then lapses, and earlier once a day or period of"
    " the plan below could no longer be kept if it were accepted. The listing is an invitation only. While"
    " the Market halts trading or decides on the conclusion, the period stands still. Within it the Provider does not withdraw the offer, but reserves"
    " the right to do so, stating its reason, where a leak of the Data has occurred or is feared or where law prohibits the provision, and by"
    " withdrawing the Data from the Market for everybody.",
    "提供者が署名した本書は申込みであり、提供者の署名の日の翌日から起算して{days}日間（末日の24時まで、日本時間）、利用者の署名による承諾のために効力を有し、"
    "その後は効力を失う。承諾しても以下の計画に定める日または期間を守ることができなくなったときも、同様とする。出品は申込みの誘引にとどまる。本市場が取引を停止し、または締結の可否を審査する間、期間は進行しない。提供者は期間中に申込みを撤回しない。"
    "ただし、対象データの漏えいが生じもしくはそのおそれがあるとき、または法令により提供が禁じられるときに理由を示して撤回する権利、"
    "および対象データの出品を本市場から取り下げて撤回する権利を留保する。",
)
WITHDRAWAL_RESERVED = Label(
    "The Provider further reserves the right to withdraw it within the period for any reason.",
    "提供者は、このほか期間中いつでも撤回する権利を留保する。",
)
CHARGED = Label(
    "- Charging: {kind}, {charges} charges, {{total}} in all without tax",
    "- 課金：{kind}（全{charges}回、税抜の総額 {{total}}）",
)
SIGNING = Label("Signatures", "署名の方法")
SIGNING_TEXT = Label(
    "Each party signs one hash of this text, the machine-readable policy and the terms, in one of two ways, which its "
    "signature states. By market-side signature: on the instruction of a person whom the party authorised to sign and whom "
    "the market identified, the market, as a witness and with its own key, signs. Or with the party's own key: the party "
    "signs with a key that it registered, and the market verifies the signature.",
    "各当事者は、本文、機械可読の利用条件および取引条件を一つにまとめたもののハッシュ値に、次のいずれかの方法で署名し、"
    "その方法は各署名に表示する。立会人型電子署名：市場は、当事者が署名の権限を与えた者を確認しその指示を受けて、"
    "立会人として市場の鍵で署名する。当事者の鍵による電子署名：当事者は自ら登録した鍵で署名し、市場がこれを検証する。",
)

OWN_KEYS_ALONE = Label(
    "Each party signs this document with its own key; a market-side signature does not suffice.",
    "各当事者は、本書には自らの鍵による電子署名で署名する。立会人型電子署名では足りない。",
)
TRUST = Label(
    "A signature shows three things apart: a person's intent, by a person whom the party authorised; the party, by the key of the signature; and time, "
    "where a timestamp authority states it. The operator's seal on the document shows that the document is the Market's rendering of what was signed, and is no "
    "signature of a party.",
    "署名は次の三つを区別して示す。当事者が権限を与えた者の意思、署名の鍵による当事者、および時刻認証局が証する場合の時刻である。"
    "運営者の電子署名（シール）は、この文書が署名の対象を本市場が表示したものであることを示し、当事者の署名ではない。",
)


class Section(NamedTuple):
    """A section of a contract's text: an article, or what the market adds to the articles."""

    heading: str
    body: str


def render_text(content: Mapping[str, Any], clauses: Sequence[Mapping[str, Any]], language: str) -> str:
    """The whole contract in ``language`` (``ja`` or ``en``).

    ``content`` as ``signed_object.compose`` made it; ``clauses`` the template's entries (``library.composition``).
    """
    values, special = _values(content, language), content["terms"]["special_clauses"]
    named = {**values, **article_names(clauses, special, language)}
    parts = [f"# {content['template']['title'][language]}", *_particulars(content, values, language)]
    text = "\n".join([parts[0], "", *parts[1:]])
    for clause in clauses:
        heading = ARTICLE_FORM[language].format(number=clause["number"], heading=clause["heading"][language])
        text += f"\n\n{heading}\n\n{fill_clause(clause, named, language)}"
    if special:
        text += f"\n\n{special_lines(special, clauses, values, language)}"
    terms_of_use = "\n".join(f"- {line}" for line in use_lines(content["terms"]["rights"], language))
    text += f"\n\n## {USE.in_language(language)}\n\n{terms_of_use}"
    planned = "\n".join(f"- {line}" for line in plan_lines(read_plan(content["plan"]), language))
    text += f"\n\n## {PLAN.in_language(language)}\n\n{planned}"
    text += f"\n\n## {OPEN.in_language(language)}\n\n{_open_text(content['terms'], language)}"
    text += f"\n\n{ending_text(content['terms'], language)}"
    text += commission_text(content["terms"].get("commission"), language)
    text += renewal_text(content["terms"], language) + amendment_text(content, language)
    return f"{text}\n\n## {SIGNING.in_language(language)}\n\n{_signing_text(content['terms'], language)}\n"


def _signing_text(terms: Mapping[str, Any], language: str) -> str:
    """How the parties sign, which level the terms demand, and what a signature shows: the same under every template."""
    parts = [SIGNING_TEXT, TRUST]
    if terms["signature_level"] == SignatureLevel.OWN_KEY:
        parts.insert(1, OWN_KEYS_ALONE)
    return "\n".join(part.in_language(language) for part in parts)


def _open_text(terms: Mapping[str, Any], language: str) -> str:
    """Until when the signed proposal is open, and on which grounds it can be withdrawn until then: the same under every template."""
    said = OPEN_TEXT.in_language(language).format(days=terms["open_days"])
    if not terms["withdrawal_reserved"]:
        return said
    return f"{said}\n{WITHDRAWAL_RESERVED.in_language(language)}"


def use_lines(rights: Mapping[str, Any], language: str) -> list[str]:
    """The rights of use as text, one line each."""
    colon = ": " if language == "en" else "："
    return [
        f"{line['label'][language]}{colon}{line['value'][language]}" for line in summary(parse_rights(rights))
    ]


def _values(content: Mapping[str, Any], language: str) -> dict[str, str]:
    """The value of each placeholder; none can begin a line like a heading."""
    terms = content["terms"]
    values = {
        "agreement": content["agreement"],
        "provider": content["provider"]["name"][language],
        "consumer": content["consumer"]["name"][language],
        "dataset": content["dataset"]["title"][language],
        "version": content["dataset"]["version"],
        "price": Money(terms["price_minor"], terms["currency"]).format(language),
        "tax_rate": f"{content['tax_rate_bp'] / 100:g}%",
        "funding_days": str(terms["funding_days"]),
        "inspection_days": str(terms["inspection_days"]),
    }
    return {name: re.sub(r"^#", "＃", one_line(value)) for name, value in values.items()}


def _particulars(content: Mapping[str, Any], values: Mapping[str, str], language: str) -> list[str]:
    words = _ja_particulars if language == "ja" else _en_particulars
    return words(content, values)


def _ja_particulars(content: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    dataset, tax = content["dataset"], label_of(TaxCategory, content["terms"]["tax_category"])
    return [
        f"- 契約番号：{values['agreement']}（市場 {content['market']}）",
        f"- 利用者の注文番号：{one_line(content['reference'])}",
        f"- 提供者：{_party(content['provider'], 'ja')}",
        f"- 利用者：{_party(content['consumer'], 'ja')}",
        f"- データセット：{values['dataset']}（出品 {dataset['listing']}、版 {dataset['version']}、分野 {dataset['segment']}）",
        *(f"- ファイル：{_file(file, 'ja')}" for file in dataset["files"]),
        *(f"- 添付資料：{_file(annex, 'ja')}" for annex in content.get("annexes", ())),
        f"- 対価：{values['price']}（税抜。{tax.ja}、作成日の税率 {values['tax_rate']}）",
        *_charged(content, "ja"),
        f"- 入金期限：契約成立の日から{values['funding_days']}営業日以内",
        f"- 検査期間：受領の確認から{values['inspection_days']}日間",
        f"- ひな形：{content['template']['code']} 第{content['template']['version']}版",
    ]


def _en_particulars(content: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    dataset, tax = content["dataset"], label_of(TaxCategory, content["terms"]["tax_category"])
    return [
        f"- Contract: {values['agreement']} (market {content['market']})",
        f"- Buyer's reference: {one_line(content['reference'])}",
        f"- Provider: {_party(content['provider'], 'en')}",
        f"- Consumer: {_party(content['consumer'], 'en')}",
        f"- Dataset: {values['dataset']} (listing {dataset['listing']}, version {dataset['version']}, segment {dataset['segment']})",
        *(f"- File: {_file(file, 'en')}" for file in dataset["files"]),
        *(f"- Annex: {_file(annex, 'en')}" for annex in content.get("annexes", ())),
        f"- Price: {values['price']} (without tax; {tax}, {values['tax_rate']} on the day of drawing up)",
        *_charged(content, "en"),
        f"- Pay-in: within {values['funding_days']} business days of conclusion",
        f"- Inspection period: {values['inspection_days']} days from confirmed receipt",
        f"- Template: {content['template']['code']} version {content['template']['version']}",
    ]


def _charged(content: Mapping[str, Any], language: str) -> list[str]:
    """The line on charging of what is not paid at once; the plan says which charge falls due when."""
    money = read_plan(content["plan"]).money
    if money.charging == Charging.ONE_OFF:
        return []
    total = Money(sum(charge.price_minor for charge in money.charges), money.currency)
    said = CHARGED.fill({"kind": label_of(Charging, money.charging), "charges": len(money.charges)})
    return [said.in_language(language).format(total=total.format(language))]


def _party(party: Mapping[str, Any], language: str) -> str:
    name = one_line(party["name"][language])
    number = party["corporate_number"]
    if language == "ja":
        known = [f"法人番号 {number}"] if number else []
        known += [f"住所 {one_line(party['address'])}", f"代表者 {one_line(party['representative'])}"]
        return f"{name}（{party['id']}、{'、'.join(known)}）"
    known = [f"corporate number {number}"] if number else []
    known += [f"address {one_line(party['address'])}", f"represented by {one_line(party['representative'])}"]
    return f"{name} ({party['id']}, {', '.join(known)})"


def _file(file: Mapping[str, Any], language: str) -> str:
    size = f"{file['size_bytes']:,}"
    if language == "ja":
        return f"{one_line(file['file_name'])}（{size}バイト、SHA-256 {file['sha256']}）"
    return f"{one_line(file['file_name'])} ({size} bytes, SHA-256 {file['sha256']})"


def title_of(text: str) -> str:
    """The title of a contract's text."""
    return text.partition("\n")[0].removeprefix("# ")


def particulars_of(text: str) -> list[str]:
    """The particulars of a contract's text, one line each."""
    lines = text.partition("\n## ")[0].split("\n")[1:]
    return [line.removeprefix("- ") for line in lines if line]


def sections_of(text: str) -> list[Section]:
    """Every section of a contract's text after the particulars, in order: its articles, and what the market adds to them."""
    sections: list[Section] = []
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("## "):
            sections.append(Section(line.removeprefix("## "), ""))
            lines = []
        elif sections:
            lines.append(line)
            sections[-1] = Section(sections[-1].heading, "\n".join(lines).strip("\n"))
    return sections
