"""The root of every refusal: a stable code, typed fields, a category, and words in both languages."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from .labels import Label


class Category(StrEnum):
    """What kind of refusal it is; the API maps each to one HTTP status."""

    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A refusal that names what is wrong and what to do.

    Subclasses set ``code`` (stable, snake case), ``category`` and ``detail``: a label with named placeholders
    for the fields given at construction. ``field`` names the input at fault, where there is one. ``is_recorded``
    says that the service wrote down that it refused, and nothing else: who runs it in a transaction lets that stay.
    """

    code: ClassVar[str] = "domain_error"
    category: ClassVar[Category] = Category.INVALID
    detail: ClassVar[Label] = Label("The request was refused.", "要求は受け付けられませんでした。")
    field: ClassVar[str | None] = None
    is_recorded: ClassVar[bool] = False

    def __init__(self, **fields: Any) -> None:
        """Keep ``fields`` for the reader; they fill the placeholders of ``detail``."""
        self.fields = fields
        self.message = self.detail.fill(fields)
        super().__init__(str(self.message))


class FieldInvalid(DomainError):
    """One input field cannot be accepted. Fields: ``name`` (the field), ``reason`` (a Label)."""

    code = "field_invalid"
    detail = Label("{name}: {reason}", "{name}: {reason}")

    def __init__(self, name: str, reason: Label) -> None:
        """Name the field and say, in both languages, what is wrong and what to do."""
        super().__init__(name=name, reason=reason)
        self.message = Label(f"{name}: {reason.en}", f"{name}: {reason.ja}")
        self.name = name


class Missing(DomainError):
    """What was asked for does not exist, or belongs to somebody else. Fields: ``kind``, ``identifier``."""

    code = "missing"
    category = Category.MISSING
    detail = Label(
        "There is no {kind} {identifier} that you can see.", "{kind} {identifier} は見つかりません。"
    )


class Forbidden(DomainError):
    """The caller may not do this, whatever the subject. Fields: ``needed``."""

    code = "forbidden"
    category = Category.FORBIDDEN
    detail = Label("This needs {needed}.", "この操作には {needed} が必要です。")


class IllegalTransition(DomainError):
    """A command does not exist in this state for this role. Fields: ``machine, state, command, role, allowed``."""

    code = "illegal_transition"
    category = Category.CONFLICT
    detail = Label(
        "{command} is not possible for {role} while {machine} is {state}; possible now: {allowed}.",
        "{machine} が {state} のとき、{role} は {command} を実行できません。可能な操作: {allowed}",
    )


class StaleState(DomainError):
    """Somebody else changed the subject first. Fields: ``machine, state``."""

    code = "stale_state"
    category = Category.CONFLICT
    detail = Label(
        "{machine} is no longer {state}: read it again and decide anew.",
        "{machine} はもう {state} ではありません。読み直してから操作してください。",
    )
