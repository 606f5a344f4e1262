"""What listings refuse."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class ReferenceTaken(DomainError):
    """The seller uses this reference for another listing. Fields: ``reference``."""

    code = "reference_taken"
    category = Category.CONFLICT
    field = "reference"
    detail = Label(
        "You use the reference {reference} for another listing; choose a new one.",
        "管理番号 {reference} は別の出品で使われています。別の番号を指定してください。",
    )


class DescriptionSettled(DomainError):
    """A listing was published, or is being decided. Fields: ``listing``."""

    code = "description_settled"
    category = Category.CONFLICT
    detail = Label(
        "{listing} was published or is being decided, so its description stays as it was judged.",
        "{listing} は公開済みまたは審査中のため、記述を変更できません。",
    )


class VersionPending(DomainError):
    """Another version of the listing is being decided. Fields: ``listing, listing_version``."""

    code = "version_pending"
    category = Category.CONFLICT
    detail = Label(
        "{listing_version} of {listing} is being decided; wait for the outcome.",
        "{listing} の {listing_version} は審査中です。結果をお待ちください。",
    )


class ListingEnded(DomainError):
    """A listing that was withdrawn takes no further versions. Fields: ``listing``."""

    code = "listing_ended"
    category = Category.CONFLICT
    detail = Label(
        "{listing} was withdrawn; make a new listing.",
        "{listing} は取り下げられています。新しい出品を作成してください。",
    )


class NotOnSale(DomainError):
    """A listing cannot be bought now. Fields: ``listing``."""

    code = "not_on_sale"
    category = Category.CONFLICT
    detail = Label("{listing} is not on sale now.", "{listing} は現在販売されていません。")


class NeverForSale(DomainError):
    """The law keeps this class of data from sale. Fields: ``listing``."""

    code = "never_for_sale"
    category = Category.CONFLICT
    detail = Label(
        "{listing} declares pseudonymised information, which may not be given to third parties "
        "(Act on the Protection of Personal Information, articles 41(6) and 42(1)).",
        "{listing} は仮名加工情報のため第三者に提供できません（個人情報保護法41条6項・42条1項）。",
    )


class StoredFileDamaged(DomainError):
    """A stored file is gone or no longer has its hash. Fields: ``distribution``."""

    code = "stored_file_damaged"
    category = Category.UNAVAILABLE
    detail = Label(
        "The stored file of {distribution} is missing or damaged; the operator was told.",
        "{distribution} の保存ファイルが欠落または破損しています。運営者に通知しました。",
    )
