"""States of listings and versions, classes of personal data, tax categories."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


class PersonalDataClass(TextChoices):
    """The class of personal data that a seller declares (個人情報の保護に関する法律)."""

    NONE = "none", Label("no personal data", "個人情報を含まない")
    STATISTICAL = "statistical", Label("statistical information", "統計情報")
    PERSONAL = "personal", Label("personal data", "個人データ")
    SPECIAL_CARE = "special_care", Label("special-care personal information", "要配慮個人情報")
    ANONYMISED = "anonymised", Label("anonymised information", "匿名加工情報")
    PSEUDONYMISED = "pseudonymised", Label("pseudonymised information", "仮名加工情報")
    PERSON_RELATED = "person_related", Label("person-related information", "個人関連情報")


NEVER_FOR_SALE = frozenset({PersonalDataClass.PSEUDONYMISED})
"""Classes that the law prohibits providing to third parties (articles 41(6) and 42(1) of the Act)."""


class Charging(TextChoices):
    """The rhythm in which an agreement is charged. Each charge is a separate trade."""

    ONE_OFF = "one_off", Label("one price, once", "一括")
    INSTALMENT = "instalment", Label("one price, in instalments", "分割")
    SUBSCRIPTION = "subscription", Label("a price a period", "定期")
    METERED = "metered", Label("by use, up to a ceiling a period", "従量")


PERIODIC = (Charging.SUBSCRIPTION, Charging.METERED)


class TaxCategory(TextChoices):
    """The consumption tax category of a sale."""

    STANDARD = "standard", Label("standard rate", "標準税率")
    REDUCED = "reduced", Label("reduced rate", "軽減税率")
    EXEMPT = "exempt", Label("exempt", "非課税")


class SignatureLevel(TextChoices):
    """What the terms of an offer or contract demand of the signatures of both parties."""

    MARKET_SIDE = (
        "market_side",
        Label(
            "each party signs by market-side signature or with its own key",
            "立会人型電子署名または当事者の鍵による電子署名",
        ),
    )
    OWN_KEY = (
        "own_key",
        Label(
            "each party signs with its own key; a market-side signature does not suffice",
            "当事者の鍵による電子署名に限る（立会人型電子署名は不可）",
        ),
    )


class ListingState(TextChoices):
    """Whether a listing is for sale."""

    DRAFT = "draft", Label("in preparation", "準備中")
    ON_SALE = "on_sale", Label("for sale", "公開中")
    SUSPENDED = "suspended", Label("suspended together with its seller", "提供者の取引停止に伴い停止中")
    WITHDRAWN = "withdrawn", Label("withdrawn", "取下げ")


LISTING = StateMachine(
    name="listings.listing",
    states=ListingState,
    initial=frozenset({ListingState.DRAFT}),
    table=expand_roles(
        {
            (ListingState.DRAFT, "publish", ("system",)): ListingState.ON_SALE,
            (ListingState.ON_SALE, "suspend", ("system",)): ListingState.SUSPENDED,
            (ListingState.SUSPENDED, "resume", ("seller", "operator")): ListingState.ON_SALE,
            (ListingState.DRAFT, "withdraw", ("seller", "operator")): ListingState.WITHDRAWN,
            (ListingState.ON_SALE, "withdraw", ("seller", "operator")): ListingState.WITHDRAWN,
            (ListingState.SUSPENDED, "withdraw", ("seller", "operator")): ListingState.WITHDRAWN,
        }
    ),
)


class VersionState(TextChoices):
    """The state of a version of a listing."""

    DRAFT = "draft", Label("in preparation", "準備中")
    SUBMITTED = "submitted", Label("submitted, waiting for measurement and decision", "測定・判定待ち")
    ON_HOLD = "on_hold", Label("on hold, waiting for the operator", "保留（運営者の審査待ち）")
    PUBLISHED = "published", Label("published", "公開")
    REFUSED = "refused", Label("refused", "不承認")
    SUPERSEDED = "superseded", Label("superseded by a later version", "新しい版に差替え済み")
    WITHDRAWN = "withdrawn", Label("withdrawn", "取下げ")


PENDING_VERSIONS = (VersionState.SUBMITTED, VersionState.ON_HOLD)
"""States in which a version awaits the decision of the rules or the operator."""

OPEN_VERSIONS = (VersionState.DRAFT, *PENDING_VERSIONS, VersionState.PUBLISHED)
"""States that end when the listing is withdrawn."""

VERSION = StateMachine(
    name="listings.listing_version",
    states=VersionState,
    initial=frozenset({VersionState.DRAFT}),
    # The operator decides only versions that the published rules put on hold.
    table=expand_roles(
        {
            (VersionState.DRAFT, "submit", ("seller",)): VersionState.SUBMITTED,
            (VersionState.SUBMITTED, "publish", ("system",)): VersionState.PUBLISHED,
            (VersionState.SUBMITTED, "refuse", ("system",)): VersionState.REFUSED,
            (VersionState.SUBMITTED, "hold", ("system",)): VersionState.ON_HOLD,
            (VersionState.ON_HOLD, "publish", ("operator",)): VersionState.PUBLISHED,
            (VersionState.ON_HOLD, "refuse", ("operator",)): VersionState.REFUSED,
            (VersionState.PUBLISHED, "supersede", ("system",)): VersionState.SUPERSEDED,
            (VersionState.DRAFT, "withdraw", ("seller", "operator")): VersionState.WITHDRAWN,
            (VersionState.SUBMITTED, "withdraw", ("seller", "operator")): VersionState.WITHDRAWN,
            (VersionState.ON_HOLD, "withdraw", ("seller", "operator")): VersionState.WITHDRAWN,
            (VersionState.PUBLISHED, "withdraw", ("seller", "operator")): VersionState.WITHDRAWN,
        }
    ),
)
