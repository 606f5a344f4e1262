"""Base classes of domain errors: a stable code, typed fields, a category, and a message in both languages."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from .labels import Label


class Category(StrEnum):
    """The category of an error; the API maps each to one HTTP status."""

    MALFORMED = "malformed"
    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    EXHAUSTED = "exhausted"


class DomainError(Exception):
    """A refusal that says what is wrong and what to do.

    Subclasses set ``code`` (stable, snake case), ``category`` and ``detail``: a label whose named placeholders are
    filled with the fields given at construction. ``field`` names the invalid input field, where there is one.
    ``is_recorded`` means that the service has written a record of the refusal and nothing else: a caller that runs
    the service in a transaction must commit it.
    """

    code: ClassVar[str] = "domain_error"
    category: ClassVar[Category] = Category.INVALID
    detail: ClassVar[Label] = Label("The request was refused.", "リクエストは受け付けられませんでした。")
    field: ClassVar[str | None] = None
    is_recorded: ClassVar[bool] = False

    def __init__(self, **fields: Any) -> None:
        """Store ``fields`` and fill the placeholders of ``detail`` with them."""
        self.fields = fields
        self.message = self.detail.fill(fields)
        super().__init__(str(self.message))


class FieldInvalid(DomainError):
    """One input field is invalid. Fields: ``name`` (the field), ``reason`` (a Label)."""

    code = "field_invalid"
    detail = Label("{name}: {reason}", "{name}: {reason}")

    def __init__(self, name: str, reason: Label) -> None:
        """``name``: the input field. ``reason``: what is wrong and what to do."""
        super().__init__(name=name, reason=reason)
        self.name = name


class Missing(DomainError):
    """The subject does not exist, or is outside the caller's scope. Fields: ``kind``, ``identifier``."""

    code = "missing"
    category = Category.MISSING
    detail = Label("The {kind} {identifier} was not found.", "指定された {identifier} は見つかりません。")


class Forbidden(DomainError):
    """The caller may not give this command. Fields: ``needed`` (a Label: who may)."""

    code = "forbidden"
    category = Category.FORBIDDEN
    detail = Label("Only {needed} may do this.", "この操作を実行できるのは{needed}のみです。")


class PermissionNeeded(Forbidden):
    """The caller's roles or scopes do not give a permission. Fields: ``permission``, ``needed`` (its Label)."""

    code = "permission_needed"
    detail = Label(
        "You need the permission {permission} ({needed}). Ask an owner of your organisation for a role that has it.",
        "権限 {permission}（{needed}）が必要です。この権限を含む役割を組織の代表管理者に依頼してください。",
    )


class OrganisationSuspended(DomainError):
    """A suspended organisation begins nothing new. Fields: ``organisation``."""

    code = "organisation_suspended"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is suspended, so it begins nothing new. Its obligations remain, and what was agreed goes on.",
        "{organisation} は取引停止中のため、新たな取引等は開始できません。既存の債務は存続し、締結済みの契約は継続します。",
    )


class TrusteeActs(DomainError):
    """In insolvency proceedings the trustee acts for an organisation. Fields: ``organisation``."""

    code = "trustee_acts"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is in insolvency proceedings: its trustee does this. Other people of it read.",
        "{organisation} は倒産手続中のため、この操作は管財人が行います。その他の構成員は閲覧のみ可能です。",
    )


class ProofNeeded(DomainError):
    """The person's last proof of a second factor is missing or too old. Fields: ``within_minutes``."""

    code = "proof_needed"
    category = Category.FORBIDDEN
    detail = Label(
        "Confirm your second factor again: this needs a confirmation within the last {within_minutes} minutes.",
        "二要素認証をもう一度行ってください。この操作には直近{within_minutes}分以内の確認が必要です。",
    )


class IllegalTransition(DomainError):
    """No such command in this state for this role. Fields: ``machine, state, command, role, allowed``."""

    code = "illegal_transition"
    category = Category.CONFLICT
    detail = Label(
        "The command {command} is not allowed for {role} while {machine} is {state}. Allowed commands: {allowed}.",
        "{machine} の状態が {state} のとき、{role} は {command} を実行できません。実行できる操作: {allowed}",
    )


class StaleState(DomainError):
    """Another command changed the subject first. Fields: ``machine, state``."""

    code = "stale_state"
    category = Category.CONFLICT
    detail = Label(
        "{machine} is no longer {state}. Read it again, then retry.",
        "{machine} の状態は既に {state} ではありません。最新の内容を確認してから再度操作してください。",
    )
