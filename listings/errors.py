"""Errors of listings."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class ReferenceTaken(DomainError):
    """The seller already uses this reference for another listing. Fields: ``reference``."""

    code = "reference_taken"
    category = Category.CONFLICT
    field = "reference"
    detail = Label(
        "You already use the reference {reference} for another listing. Use another one.",
        "管理番号 {reference} は別の出品で使われています。別の番号を指定してください。",
    )


class DescriptionFixed(DomainError):
    """The description can no longer change: the listing was published or awaits a decision. Fields: ``listing``."""

    code = "description_settled"
    category = Category.CONFLICT
    detail = Label(
        "{listing} was published or is under review, so its description cannot be changed.",
        "{listing} は公開済みまたは審査中のため、説明を変更できません。",
    )


class VersionPending(DomainError):
    """Another version of the listing awaits a decision. Fields: ``listing, listing_version``."""

    code = "version_pending"
    category = Category.CONFLICT
    detail = Label(
        "Version {listing_version} of {listing} is under review. Wait for the outcome.",
        "{listing} の {listing_version} は審査中です。結果をお待ちください。",
    )


class ListingEnded(DomainError):
    """The listing was withdrawn, so it cannot get further versions. Fields: ``listing``."""

    code = "listing_ended"
    category = Category.CONFLICT
    detail = Label(
        "{listing} was withdrawn. Create a new listing.",
        "{listing} は取り下げられています。新しい出品を作成してください。",
    )


class NotOnSale(DomainError):
    """The listing is not for sale at present. Fields: ``listing``."""

    code = "not_on_sale"
    category = Category.CONFLICT
    detail = Label("{listing} is not for sale at present.", "{listing} は現在販売されていません。")


class OnwardTransferProhibited(DomainError):
    """An agreement prohibits the seller to pass this on. Fields: ``agreement``, ``listing_version``."""

    code = "onward_transfer_prohibited"
    category = Category.CONFLICT
    detail = Label(
        "{listing_version} has a file that was delivered to you under {agreement}, or names it as its source, and {agreement} prohibits onward"
        " transfer. Agree on onward transfer with the provider, or list other data.",
        "{listing_version} には、{agreement} により提供を受けたファイルが含まれるか、これが出所として示されています。{agreement} は第三者提供を禁じています。"
        "提供者と第三者提供について合意するか、別のデータを出品してください。",
    )


class NeverForSale(DomainError):
    """The law prohibits the sale of this class of data. Fields: ``listing``."""

    code = "never_for_sale"
    category = Category.CONFLICT
    detail = Label(
        "{listing} is declared as pseudonymised information, which must not be provided to third parties "
        "(Act on the Protection of Personal Information, articles 41(6) and 42(1)).",
        "{listing} は仮名加工情報のため第三者に提供できません（個人情報保護法41条6項・42条1項）。",
    )


class StoredFileDamaged(DomainError):
    """A stored file is missing or its hash has changed. Fields: ``distribution``."""

    code = "stored_file_damaged"
    category = Category.UNAVAILABLE
    detail = Label(
        "The stored file of {distribution} is missing or damaged. The operator has been notified.",
        "{distribution} の保存ファイルが欠落または破損しています。運営者に通知しました。",
    )
