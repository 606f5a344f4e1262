"""What a caller may do: one table of permissions, and which roles of people hold each. Pure.

From it derive what a session may, the scopes of programs, the texts of refusals and the documentation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .labels import Label
from .suspensions import acting_roles

PROOF_MINUTES = 10
"""A proof of a second factor is fresh for so long, in real time."""


class Permission(StrEnum):
    """The name of a permission: what it is about, and what may be done with it."""

    PERSON_OWN = "person:own"
    MARKET_READ = "market:read"
    LISTINGS_WRITE = "listings:write"
    NEGOTIATIONS_WRITE = "negotiations:write"
    NEGOTIATIONS_SETTLE = "negotiations:settle"
    CONTRACTS_SIGN = "contracts:sign"
    CONTRACTS_SUBMIT = "contracts:submit"
    DELIVERIES_READ = "deliveries:read"
    DELIVERIES_ANSWER = "deliveries:answer"
    MONEY_READ = "money:read"
    MONEY_WRITE = "money:write"
    PAYOUT_WRITE = "payout:write"
    ORGANISATION_WRITE = "organisation:write"
    MEMBERS_WRITE = "members:write"
    PROGRAMS_WRITE = "programs:write"
    WEBHOOKS_WRITE = "webhooks:write"
    KEYS_WRITE = "keys:write"
    NOTICES_WRITE = "notices:write"
    OPERATOR_READ = "operator:read"
    ADMISSION_READ = "admission:read"
    ADMISSION_WRITE = "admission:write"
    RULEBOOK_WRITE = "rulebook:write"
    TRADING_HALT = "trading:halt"
    CLEARING_READ = "clearing:read"
    CLEARING_WRITE = "clearing:write"
    DISPUTES_WRITE = "disputes:write"
    SUPPORT_WRITE = "support:write"
    ACCESS_OPEN = "access:open"
    EVIDENCE_READ = "evidence:read"


PARTICIPANT_ROLES = frozenset({"owner", "trader", "signatory", "finance", "engineer", "auditor", "trustee"})
OPERATOR_ROLES = frozenset({"owner", "admission", "rulebook", "clearing", "disputes", "support", "auditor"})
NEEDS_PROOF = frozenset({"owner", "signatory", "trustee"})
"""Roles at a participant that give nothing without a second factor in the session; at the operator, every role."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who holds a permission, and how.

    ``participant`` and ``operator``: the roles that hold it on each side. ``scope``: whether a program may have it.
    ``fresh``: whether it needs a proof of a second factor within ``PROOF_MINUTES``. ``begins``: whether all that it allows
    begins something new, which nobody who is suspended may; where some of it ends or corrects, the service that begins asks
    (``participants.suspension_queries.require_active``).
    """

    label: Label
    participant: frozenset[str] = frozenset()
    operator: frozenset[str] = frozenset()
    scope: bool = False
    fresh: bool = False
    begins: bool = False

    def held_by(self, *, is_operator: bool) -> frozenset[str]:
        """The roles that hold the permission on one side."""
        return self.operator if is_operator else self.participant


def _roles(words: str) -> frozenset[str]:
    return frozenset(words.split())


RULES: Mapping[Permission, Rule] = {
    Permission.PERSON_OWN: Rule(
        Label("manage one's own access", "自分自身のアクセスの管理"), PARTICIPANT_ROLES, OPERATOR_ROLES
    ),
    Permission.MARKET_READ: Rule(
        Label("read what one may see in the market", "閲覧できる市場情報の参照"),
        PARTICIPANT_ROLES,
        OPERATOR_ROLES,
        scope=True,
    ),
    Permission.LISTINGS_WRITE: Rule(
        Label("create and change listings", "出品の作成・変更"), _roles("trader"), scope=True, begins=True
    ),
    Permission.NEGOTIATIONS_WRITE: Rule(
        Label("negotiate and make offers", "交渉・申込み"), _roles("trader"), scope=True, begins=True
    ),
    Permission.NEGOTIATIONS_SETTLE: Rule(
        Label("end negotiations and secure trades", "交渉の終了・取引の担保"),
        _roles("trader trustee"),
        scope=True,
    ),
    Permission.CONTRACTS_SIGN: Rule(
        Label("sign contracts", "契約の署名"), _roles("signatory"), fresh=True, begins=True
    ),
    Permission.CONTRACTS_SUBMIT: Rule(
        Label("submit signatures within a mandate", "委任の範囲内での署名の提出"),
        _roles("signatory"),
        scope=True,
        begins=True,
    ),
    Permission.DELIVERIES_READ: Rule(
        Label("download delivered data", "納品データの取得"), _roles("engineer trustee"), scope=True
    ),
    Permission.DELIVERIES_ANSWER: Rule(
        Label("accept or dispute deliveries", "検収・異議の申出"),
        _roles("engineer trader trustee"),
        scope=True,
    ),
    Permission.MONEY_READ: Rule(
        Label("read amounts, accounts and invoices", "金額・口座・請求書の参照"),
        _roles("owner finance auditor trustee"),
        _roles("clearing"),
        scope=True,
    ),
    Permission.MONEY_WRITE: Rule(
        Label("state deposits and tax documents", "預託・税務書類の届出"),
        _roles("finance trustee"),
        scope=True,
    ),
    Permission.PAYOUT_WRITE: Rule(
        Label("change the payout account", "振込先口座の変更"),
        _roles("owner finance trustee"),
        _roles("owner"),
        fresh=True,
    ),
    Permission.ORGANISATION_WRITE: Rule(
        Label("change the organisation's facts and admissions", "組織情報・参加申請の変更"),
        _roles("owner trustee"),
        _roles("owner"),
        fresh=True,
    ),
    Permission.MEMBERS_WRITE: Rule(
        Label("manage members and their roles", "構成員と役割の管理"),
        _roles("owner"),
        _roles("owner"),
        fresh=True,
    ),
    Permission.PROGRAMS_WRITE: Rule(
        Label("manage programs", "プログラムの管理"),
        _roles("owner"),
        _roles("owner"),
        fresh=True,
    ),
    Permission.WEBHOOKS_WRITE: Rule(
        Label("manage webhooks", "Webhookの管理"),
        _roles("owner engineer trustee"),
        _roles("owner support"),
    ),
    Permission.KEYS_WRITE: Rule(
        Label("manage the organisation's keys", "組織の鍵の管理"),
        _roles("owner signatory trustee"),
        fresh=True,
    ),
    Permission.NOTICES_WRITE: Rule(
        Label("mark notices as read", "通知の既読化"), PARTICIPANT_ROLES, OPERATOR_ROLES
    ),
    Permission.OPERATOR_READ: Rule(
        Label("read the operator's work", "運営業務の参照"), operator=OPERATOR_ROLES
    ),
    Permission.ADMISSION_READ: Rule(
        Label("read applications for registration", "登録申請の参照"), operator=_roles("admission auditor")
    ),
    Permission.ADMISSION_WRITE: Rule(
        Label("decide who takes part and what is listed", "参加・出品の審査・停止"),
        operator=_roles("admission"),
        fresh=True,
    ),
    Permission.RULEBOOK_WRITE: Rule(
        Label("change the rules of the market", "市場規則の変更"), operator=_roles("rulebook"), fresh=True
    ),
    Permission.TRADING_HALT: Rule(
        Label("halt trading", "取引の停止"),
        operator=_roles("rulebook clearing disputes"),
        fresh=True,
    ),
    Permission.CLEARING_READ: Rule(
        Label("read the books of clearing", "清算帳簿の参照"), operator=_roles("clearing auditor")
    ),
    Permission.CLEARING_WRITE: Rule(
        Label("carry out clearing", "清算業務の実行"), operator=_roles("clearing"), fresh=True
    ),
    Permission.DISPUTES_WRITE: Rule(
        Label("decide disputes", "紛争の裁定"), operator=_roles("disputes"), fresh=True
    ),
    Permission.SUPPORT_WRITE: Rule(
        Label("mend jobs and messages", "ジョブ・メッセージの復旧"), operator=_roles("support"), fresh=True
    ),
    Permission.ACCESS_OPEN: Rule(
        Label("open a participant's files with a reason", "理由を付した参加者記録の閲覧開始"),
        operator=_roles("admission clearing disputes support"),
        fresh=True,
    ),
    Permission.EVIDENCE_READ: Rule(Label("read the evidence", "証跡の参照"), operator=_roles("auditor")),
}

SCOPES = frozenset(permission for permission, rule in RULES.items() if rule.scope)
"""What a program may be given."""

READS = frozenset(permission for permission in Permission if permission.endswith(":read"))
"""Permissions that change nothing."""

PERSONAL = frozenset({Permission.PERSON_OWN, Permission.NOTICES_WRITE})
"""What everybody does for itself."""

WRITES = frozenset(Permission) - READS - PERSONAL
"""Permissions that change the market."""


def permissions_of(
    roles: Collection[str], *, proved: bool, is_operator: bool, suspended: Collection[str] = ()
) -> frozenset[Permission]:
    """What ``roles`` on one side give together; ``proved``: whether the session has a proof of a second factor.

    Roles that need a proof give nothing without one. Everybody may manage its own access. ``suspended``: the kinds of
    suspension that stand against the organisation; under any, nothing begins, and roles that do not act read.
    """
    counted = {role for role in roles if proved or not (is_operator or role in NEEDS_PROOF)}
    acting = acting_roles(counted, suspended)
    return frozenset(
        permission
        for permission, rule in RULES.items()
        if permission is Permission.PERSON_OWN
        or (
            not (suspended and rule.begins)
            and (counted if permission in READS else acting) & rule.held_by(is_operator=is_operator)
        )
    )
