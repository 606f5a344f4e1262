"""Refusals of delivery."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class NotTheBuyer(DomainError):
    """Only the buyer fetches, reports and accepts what it bought. Fields: ``entitlement``."""

    code = "not_the_buyer"
    category = Category.FORBIDDEN
    detail = Label(
        "Only the buyer of {entitlement} may do this.", "{entitlement} の買い手のみが実行できます。"
    )


class AccessNotStarted(DomainError):
    """Access was not opened yet. Fields: ``entitlement``."""

    code = "access_not_started"
    category = Category.CONFLICT
    detail = Label(
        "Access under {entitlement} is being prepared; try again shortly.",
        "{entitlement} の利用は準備中です。しばらくしてからもう一度お試しください。",
    )


class AccessSuspended(DomainError):
    """The operator suspended access. Fields: ``entitlement, reason``."""

    code = "access_suspended"
    category = Category.FORBIDDEN
    detail = Label(
        "The operator has suspended access under {entitlement}: {reason}",
        "{entitlement} の利用は運営者により停止されています: {reason}",
    )


class AccessPaused(DomainError):
    """Access rests while a dispute is open. Fields: ``entitlement, dispute``."""

    code = "access_paused"
    category = Category.CONFLICT
    detail = Label(
        "Access under {entitlement} rests until dispute {dispute} is resolved.",
        "{entitlement} の利用は、異議 {dispute} が解決するまで休止しています。",
    )


class PaymentOverdue(DomainError):
    """A later charge was not paid for in time, so access is closed. Fields: ``entitlement, due_by``."""

    code = "payment_overdue"
    category = Category.FORBIDDEN
    detail = Label(
        "Access under {entitlement} is closed: a charge of its agreement was due to be paid in by {due_by}.",
        "{entitlement} の利用は停止しています。契約の支払期限 {due_by} までに入金がありませんでした。",
    )


class AccessExpired(DomainError):
    """The term of access is over. Fields: ``entitlement, expired_at``."""

    code = "access_expired"
    category = Category.FORBIDDEN
    detail = Label(
        "Access under {entitlement} ended on {expired_at}.",
        "{entitlement} の利用期間は {expired_at} に終了しました。",
    )


class AccessEnded(DomainError):
    """Access was ended before its term. Fields: ``entitlement, reason_code``."""

    code = "access_ended"
    category = Category.FORBIDDEN
    detail = Label(
        "Access under {entitlement} has ended ({reason_code}).",
        "{entitlement} の利用は終了しました（{reason_code}）。",
    )


class NothingSent(DomainError):
    """There is no finished download to compare a hash with. Fields: ``distribution, round``."""

    code = "nothing_sent"
    category = Category.CONFLICT
    detail = Label(
        "{distribution} was not sent to its end in round {round}; download it first, then report its hash.",
        "{distribution} は第{round}回の納品でまだ最後まで送信されていません。取得してからハッシュを報告してください。",
    )


class NotMatched(DomainError):
    """What was received is not yet known to be what was sent. Fields: ``distributions`` (those that lack a match)."""

    code = "not_matched"
    category = Category.CONFLICT
    detail = Label(
        "Nothing can be accepted before the hashes agree; report a matching hash of: {names}.",
        "ハッシュが一致するまで検収できません。一致の報告がないもの: {names}",
    )


class InspectionOver(DomainError):
    """The delivery was settled already. Fields: ``entitlement, state_now``."""

    code = "inspection_over"
    category = Category.CONFLICT
    detail = Label(
        "The inspection of {entitlement} is over ({state_now}); nothing more can be said of it.",
        "{entitlement} の検収は終了しています（{state_now}）。",
    )


class InspectionPeriodEnded(DomainError):
    """The inspection period has passed, so silence has accepted. Fields: ``entitlement, inspect_by``."""

    code = "inspection_period_ended"
    category = Category.CONFLICT
    detail = Label(
        "The inspection period of {entitlement} ended on {inspect_by}; it counts as accepted.",
        "{entitlement} の検収期間は {inspect_by} に終了し、検収済みとみなされます。",
    )


class UnderDispute(DomainError):
    """A dispute must be resolved first. Fields: ``entitlement, dispute``."""

    code = "under_dispute"
    category = Category.CONFLICT
    detail = Label(
        "{entitlement} waits for the resolution of dispute {dispute}.",
        "{entitlement} は異議 {dispute} の解決を待っています。",
    )


class NothingToDeliver(DomainError):
    """A listing version without files was sold. Fields: ``listing_version``."""

    code = "nothing_to_deliver"
    category = Category.CONFLICT
    detail = Label(
        "{listing_version} has no distribution to deliver.",
        "{listing_version} に納品するデータがありません。",
    )


class ContentDamaged(DomainError):
    """What is stored is not what was sold. Fields: ``distribution``."""

    code = "content_damaged"
    category = Category.UNAVAILABLE
    detail = Label(
        "The stored content of {distribution} is not what was sold; nothing was delivered.",
        "{distribution} の保管データが販売時のものと一致しないため、納品されていません。",
    )
