"""What the members of a pool sign: who brings which data, and exact shares. Pure.

A version is a JSON object in canonical form (RFC 8785) with the hashes of its text in both languages; its SHA-256 is what each signs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import lcm
from typing import Any

from marketplace.kernel.canonical import canonical_json, sha256_hex
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..clauses import one_line
from .states import CONTRIBUTIONS_MAX, DENOMINATOR_MAX, MEMBERS_MAX

CONTENT_TYPE = "sanpo.pool.v1"
_SHARE = re.compile(r"(\d{1,9})/([1-9]\d{0,8})|1", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")

TITLE = Label(
    "Agreement on the data pool {pool}, version {number}", "データプール {pool} 共同提供契約（第{number}版）"
)
LINES = (
    Label("- Listing: {listing}", "- 出品：{listing}"),
    Label("- In force from {day} (Japan time)", "- 発効日：{day}（日本時間）"),
    Label("- Lead: {lead}, which sells for all members and is the Provider to each buyer", "- 代表者：{lead}（構成員のために販売し、各利用者に対する提供者となる）"),
)  # fmt: skip
MEMBER = Label(
    "- {name} ({id}): share {share}; brings {contributions}",
    "- {name}（{id}）：配分 {share}、拠出データ {contributions}",
)
LEFT_OUT = Label(
    "- Left out, because nobody may sign for it: {name} ({id}). What was earned before stays with it.",
    "- 署名できる者がいないため除かれる構成員：{name}（{id}）。従前に生じた収益は同者に残る。",
)
NOTHING = Label("no data of its own", "なし")
RULES = (
    Label(
        "The price without tax of each trade of the listing is divided by the shares in force on the day on which its charge falls due; remainders"
        " go to the largest fractions, and at last to the lead.",
        "本出品の各取引の税抜対価は、その課金の履行期の日に有効な配分により最大剰余法で分け、残余は代表者に帰属する。",
    ),
    Label(
        "A member that is the buyer of a trade has no part in it; the others divide the price in proportion.",
        "取引の買い手である構成員は、その取引の配分にあずからず、他の構成員が各配分の割合で分ける。",
    ),
    Label(
        "Who leaves signs its withdrawal; its share goes to the others in proportion to theirs. What was earned before stays with it.",
        "脱退する構成員は脱退に署名する。その配分は他の構成員に各配分の割合で帰属する。脱退前に生じた収益は脱退者に残る。",
    ),
)
POWER = {
    True: Label(
        "The lead decides later versions with those who join.",
        "以後の版は、代表者が、加入する者とともに定めることができる。",
    ),
    False: Label(
        "Later versions are signed by every member of the version before and of the new one.",
        "以後の版には、直前の版および新しい版のすべての構成員が署名する。",
    ),
}


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a version: its exact share, and the ``contributions`` it brings (``version``: a name; ``sha256`` or None)."""

    organisation: str
    share: Fraction
    contributions: tuple[dict[str, Any], ...] = ()


def parse_members(stated: Sequence[Mapping[str, Any]]) -> list[Member]:
    """The members from a request; raises FieldInvalid unless each is named once and their shares sum to exactly 1."""
    if not 1 <= len(stated) <= MEMBERS_MAX:
        raise FieldInvalid(
            "members", Label(f"name 1 to {MEMBERS_MAX} members", f"構成員は1～{MEMBERS_MAX}名にしてください")
        )
    members = [
        Member(one["organisation"], _share(one["share"]), _contributions(one.get("contributions", ())))
        for one in stated
    ]
    if len({member.organisation for member in members}) != len(members):
        raise FieldInvalid(
            "members", Label("name each member once", "同じ構成員を重ねて指定しないでください")
        )
    total = sum((member.share for member in members), Fraction(0))
    if total != 1:
        raise FieldInvalid(
            "members",
            Label(
                f"the shares sum to {total}, not to 1", f"配分の合計が {total} です。合計を1にしてください"
            ),
        )
    common_denominator(members)
    return members


def common_denominator(members: Sequence[Member]) -> int:
    """The least common denominator of all shares; raises FieldInvalid where it is too large."""
    common = lcm(*(member.share.denominator for member in members))
    if common > DENOMINATOR_MAX:
        raise FieldInvalid(
            "members",
            Label(
                f"the common denominator of the shares is {DENOMINATOR_MAX:,} at most",
                f"配分の公分母を{DENOMINATOR_MAX:,}以下にしてください",
            ),
        )
    return common


def without(members: Sequence[Member], leaver: str) -> list[Member]:
    """The members after one has left: its share goes to the others in proportion to theirs, exactly."""
    left = [member for member in members if member.organisation != leaver]
    total = sum((member.share for member in left), Fraction(0))
    return [Member(member.organisation, member.share / total, member.contributions) for member in left]


def compose(
    *,
    market: str,
    pool: str,
    listing: str,
    number: int,
    cause: str,
    effective_on: date,
    lead: str,
    lead_decides: bool,
    members: Sequence[Member],
    names: Mapping[str, Mapping[str, str]],
    left_out: Sequence[str] = (),
) -> dict[str, Any]:
    """The content of a version with the hashes of its texts; ``names``: of each organisation, ``{"ja", "en"}``; ``left_out``: members of
    the version before that are left out because nobody may sign for them."""
    content: dict[str, Any] = {
        "type": CONTENT_TYPE,
        "market": market,
        "pool": pool,
        "listing": listing,
        "number": number,
        "cause": cause,
        "effective_on": effective_on.isoformat(),
        "lead": lead,
        "lead_decides": lead_decides,
        "members": [
            {
                "organisation": member.organisation,
                "name": dict(names[member.organisation]),
                "share": f"{member.share.numerator}/{member.share.denominator}",
                "contributions": list(member.contributions),
            }
            for member in members
        ],
    }
    if left_out:
        content["left_out"] = [{"organisation": one, "name": dict(names[one])} for one in left_out]
    texts = {language: sha256_hex(text_of(content, language).encode()) for language in ("ja", "en")}
    return {**content, "text": texts}


def text_of(content: Mapping[str, Any], language: str) -> str:
    """The readable agreement in ``language`` (``ja`` or ``en``), from its content."""
    names = {member["organisation"]: one_line(member["name"][language]) for member in content["members"]}
    said = {
        "pool": content["pool"],
        "number": content["number"],
        "listing": content["listing"],
        "day": content["effective_on"],
        "lead": names[content["lead"]],
    }
    lines = [f"# {TITLE.fill(said).in_language(language)}", ""]
    lines += [line.fill(said).in_language(language) for line in LINES]
    for member in content["members"]:
        brought = ", ".join(one_line(one["version"]) for one in member["contributions"])
        line = MEMBER.fill(
            {
                "name": names[member["organisation"]],
                "id": member["organisation"],
                "share": member["share"],
                "contributions": brought or NOTHING,
            }
        )
        lines.append(line.in_language(language))
    for one in content.get("left_out", ()):
        said_of = {"name": one_line(one["name"][language]), "id": one["organisation"]}
        lines.append(LEFT_OUT.fill(said_of).in_language(language))
    rules = (*RULES, POWER[bool(content["lead_decides"])])
    return "\n".join([*lines, "", *(rule.in_language(language) for rule in rules)]) + "\n"


def hash_of(content: Mapping[str, Any]) -> str:
    """The SHA-256 of the canonical content, which each member signs."""
    return sha256_hex(canonical_json(dict(content)))


def claims(*, content_hash: str, pool: str, organisation: str, signer: str, signed_at: str) -> dict[str, Any]:
    """The claims of the market's signature as a witness: who signed which version for whom, when."""
    return {
        "type": "sanpo.pool.signature.v1",
        "pool": pool,
        "signed_hash": content_hash,
        "organisation": organisation,
        "signer": signer,
        "signed_at": signed_at,
    }


def _share(stated: Any) -> Fraction:
    found = _SHARE.fullmatch(stated) if isinstance(stated, str) else None
    share = Fraction(stated) if found else Fraction(0)
    if share <= 0:
        raise FieldInvalid(
            "members.share",
            Label(
                'state a share as a fraction such as "1/3", above 0',
                "配分は「1/3」のような0より大きい分数で指定してください",
            ),
        )
    return share


def _contributions(stated: Any) -> tuple[dict[str, Any], ...]:
    rows = list(stated)
    if len(rows) > CONTRIBUTIONS_MAX:
        raise FieldInvalid(
            "members.contributions",
            Label(f"name at most {CONTRIBUTIONS_MAX}", f"{CONTRIBUTIONS_MAX}件以内にしてください"),
        )
    for row in rows:
        if row.get("sha256") is not None and not _SHA256.fullmatch(row["sha256"]):
            raise FieldInvalid(
                "members.contributions.sha256",
                Label("write 64 hexadecimal digits", "16進数64桁で指定してください"),
            )
    return tuple({"version": row["version"].strip(), "sha256": row.get("sha256")} for row in rows)
