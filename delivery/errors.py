"""Errors of delivery."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class NotTheBuyer(DomainError):
    """Only the buyer may download, report and accept. Fields: ``entitlement``."""

    code = "not_the_buyer"
    category = Category.FORBIDDEN
    detail = Label(
        "Only the buyer of {entitlement} may do this.", "{entitlement} の利用者のみが実行できます。"
    )


class AccessNotStarted(DomainError):
    """Access has not started yet. Fields: ``entitlement``."""

    code = "access_not_started"
    category = Category.CONFLICT
    detail = Label(
        "Access under {entitlement} is being prepared. Try again shortly.",
        "{entitlement} の提供は準備中です。しばらくしてから再度お試しください。",
    )


class AccessSuspended(DomainError):
    """The operator suspended access. Fields: ``entitlement, reason``."""

    code = "access_suspended"
    category = Category.FORBIDDEN
    detail = Label(
        "The operator has suspended access under {entitlement}: {reason}",
        "{entitlement} の提供は運営者により停止されています: {reason}",
    )


class AccessPaused(DomainError):
    """An open dispute suspends access. Fields: ``entitlement, dispute``."""

    code = "access_paused"
    category = Category.CONFLICT
    detail = Label(
        "Access under {entitlement} is suspended until dispute {dispute} is resolved.",
        "{entitlement} の提供は、異議 {dispute} が解決するまで停止しています。",
    )


class PaymentOverdue(DomainError):
    """A later charge was not paid in by its deadline, so access is closed. Fields: ``entitlement, due_by``."""

    code = "payment_overdue"
    category = Category.FORBIDDEN
    detail = Label(
        "Access under {entitlement} is closed: a charge of its agreement was not paid in by {due_by}.",
        "{entitlement} の提供は停止しています。契約の課金について、期限 {due_by} までに入金がありませんでした。",
    )


class AccessExpired(DomainError):
    """The term of access has ended. Fields: ``entitlement, expired_at``."""

    code = "access_expired"
    category = Category.FORBIDDEN
    detail = Label(
        "Access under {entitlement} ended on {expired_at}.",
        "{entitlement} の提供期間は {expired_at} に終了しました。",
    )


class AccessEnded(DomainError):
    """Access was terminated. Fields: ``entitlement, reason_code``."""

    code = "access_ended"
    category = Category.FORBIDDEN
    detail = Label(
        "Access under {entitlement} has ended ({reason_code}).",
        "{entitlement} の提供は終了しました（{reason_code}）。",
    )


class UseNotPermitted(DomainError):
    """A use that the signed rights do not permit. Fields: ``entitlement``, ``rights`` (the choices that are not met), ``limits`` (each with
    its limit in both languages), ``purpose``, ``region``, ``scope``, ``use_number`` (as stated, declared and counted)."""

    code = "use_not_permitted"
    category = Category.FORBIDDEN
    detail = Label(
        "This use is not within the rights of {entitlement}: {reason}. State purpose and region as they permit (purpose=, region=); an owner of"
        " the buyer declares people and programs; a download that broke off goes on with Range.",
        "この利用は {entitlement} の利用条件の範囲外です: {reason}。許可された目的と地域を purpose= と region= で申告してください。"
        "担当者・部門の届出は利用者の代表管理者が行います。中断したダウンロードは Range で続きから取得できます。",
    )


class RecipientStands(DomainError):
    """The person or program is declared already. Fields: ``entitlement, recipient``."""

    code = "recipient_stands"
    category = Category.CONFLICT
    detail = Label(
        "{recipient} is declared for {entitlement} already. Withdraw it first to declare another scope.",
        "{recipient} は {entitlement} に届出済みです。範囲を変えるには、先に取り下げてください。",
    )


class NothingSent(DomainError):
    """There is no finished download to compare the hash with. Fields: ``distribution, round``."""

    code = "nothing_sent"
    category = Category.CONFLICT
    detail = Label(
        "No download of {distribution} is complete in round {round}. Download it first, then report its hash.",
        "{distribution} は第{round}回の提供でまだダウンロードが完了していません。完了後にハッシュ値を報告してください。",
    )


class NotMatched(DomainError):
    """Not every file has a matching receipt. Fields: ``distributions`` (those without one)."""

    code = "not_matched"
    category = Category.CONFLICT
    detail = Label(
        "The delivery cannot be accepted before all hashes match. Report a matching hash of: {names}.",
        "ハッシュ値がすべて一致するまで検収できません。一致の報告がないもの: {names}",
    )


class InspectionOver(DomainError):
    """The inspection has already ended. Fields: ``entitlement, state_now``."""

    code = "inspection_over"
    category = Category.CONFLICT
    detail = Label(
        "The inspection of {entitlement} has already ended ({state_now}).",
        "{entitlement} の検査は終了しています（{state_now}）。",
    )


class InspectionPeriodEnded(DomainError):
    """The inspection period has ended, so the delivery counts as accepted. Fields: ``entitlement, inspect_by``."""

    code = "inspection_period_ended"
    category = Category.CONFLICT
    detail = Label(
        "The inspection period of {entitlement} ended on {inspect_by}, so the delivery counts as accepted.",
        "{entitlement} の検査期間は {inspect_by} に終了しており、検収済みとみなされます。",
    )


class UnderDispute(DomainError):
    """An open dispute must be resolved first. Fields: ``entitlement, dispute``."""

    code = "under_dispute"
    category = Category.CONFLICT
    detail = Label(
        "Dispute {dispute} over {entitlement} is open. Wait until it is resolved.",
        "{entitlement} には審理中の異議 {dispute} があります。解決をお待ちください。",
    )


class NothingToDeliver(DomainError):
    """The sold listing version has no files. Fields: ``listing_version``."""

    code = "nothing_to_deliver"
    category = Category.CONFLICT
    detail = Label(
        "{listing_version} has no files to deliver.",
        "{listing_version} に提供するデータがありません。",
    )


class ContentDamaged(DomainError):
    """The stored content is not the content that was sold. Fields: ``distribution``."""

    code = "content_damaged"
    category = Category.UNAVAILABLE
    detail = Label(
        "The stored content of {distribution} differs from the content that was sold, so it was not delivered.",
        "{distribution} の保管データが販売時のものと一致しないため、提供されていません。",
    )


class TooManyDownloads(DomainError):
    """The buyer, or the market as a whole, has as many downloads under way as are allowed at once.

    Fields: ``running``, ``running_max``, ``retry_after_seconds``.
    """

    code = "too_many_downloads"
    category = Category.EXHAUSTED
    detail = Label(
        "{running} downloads are under way and {running_max} are allowed at once. Let one end, then try again.",
        "実行中のダウンロードが{running}件あり、同時に実行できるのは{running_max}件までです。終了後に再度お試しください。",
    )


class TooScattered(DomainError):
    """So many separate parts of the file were sent that no further one begins. Fields: ``distribution, parts``."""

    code = "too_scattered"
    category = Category.CONFLICT
    detail = Label(
        "{parts} separate parts of {distribution} were sent. Ask for one that begins at 0 or where a part that was sent ends,"
        " or for the whole file.",
        "{distribution} は既に{parts}個の離れた部分に分けて送信されています。先頭または送信済み部分の末尾から始まる範囲か、"
        "ファイル全体を要求してください。",
    )


class ReceiptWaits(DomainError):
    """Another receipt of the file waits until its sending is recorded. Fields: ``distribution, voucher``."""

    code = "receipt_waits"
    category = Category.CONFLICT
    detail = Label(
        "Receipt {voucher} of {distribution} waits until its sending is recorded. Report another hash after that.",
        "{distribution} の受領報告 {voucher} は送信完了の記録を待っています。別のハッシュ値はその後に報告してください。",
    )


class DownloadsNotHere(DomainError):
    """Files are sent by a process of its own, whose address is not known here. No fields."""

    code = "downloads_not_here"
    category = Category.UNAVAILABLE
    detail = Label(
        "Files are sent by the downloads process. The operator must route this address to it, or set"
        " SANPO_DOWNLOADS_URL.",
        "ファイルはダウンロード用プロセスが送信します。運営者はこのアドレスを同プロセスへ振り分けるか、"
        "SANPO_DOWNLOADS_URL を設定してください。",
    )
