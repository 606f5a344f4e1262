"""Requests that succeed, of trading: listings, quality, contracts and delivery."""

from __future__ import annotations

import json

from django.core.files.uploadedfile import SimpleUploadedFile

from contracts.consequences import digest_of_consequences
from contracts.ending_queries import consequences_shown
from contracts.models import Agreement
from contracts.rendering import agreement_pdf
from delivery import services as delivering
from delivery.models import Download, Voucher
from listings import services as listings
from listings.models import ListingVersion
from listings.views import LISTING_EXAMPLE
from marketplace.documents.models import DocumentCertificate
from marketplace.kernel import clock
from marketplace.kernel.suspensions import SuspensionKind
from quality.models import Profile
from tests.contracts import factories as contracts
from tests.delivery import factories as deliveries
from tests.listings import factories as listing

from .matrix import send
from .requests import EVERYBODY, Request, Table
from .world import World, suspend

TABLE = Table()

OFFER = json.dumps({"price_minor": 48_000, "rights": listing.RIGHTS, "template": "data-provision"})
TERMS = {"terms": {"price_minor": 90_000}}


def on_sale(world: World) -> str:
    return world.listing


def draft_listing(world: World) -> str:
    """A listing of the seller in preparation."""
    return listing.listing(world.of("seller")).public_id


def add_version(world: World) -> Request:
    files = [SimpleUploadedFile("weather.csv", listing.CSV, "text/csv")]
    return Request((draft_listing(world),), {"files": files, "offer": OFFER}, "multipart")


def suspended_listing(world: World) -> str:
    """A listing that was taken off while its seller was suspended."""
    seller = world.of("seller")
    suspend(seller, SuspensionKind.BREACH)
    listings.suspend_listings(seller=seller.public_id)
    for caller in (world.first, world.everything("operator")):
        answer = send("POST organisations/{}/reinstate/", Request((seller.public_id,)), caller)
    assert answer.status == 200, answer.text
    return world.listing


def draft_version(world: World) -> str:
    return listing.draft(world.of("seller")).public_id


def profile(world: World) -> str:
    """The quality of a version on sale."""
    listing.published(world.of("seller"))
    return str(Profile.objects.latest("pk").public_id)


TABLE.listed("catalogue/", EVERYBODY, on_sale)
TABLE.read("catalogue.jsonld", EVERYBODY)
TABLE.example("GET catalogue/{}/permitted-use/", EVERYBODY)(
    lambda world: Request((on_sale(world),), query="?action=derive&purpose=research")
)
TABLE.listed("listings/", "seller", on_sale)
TABLE.example("POST listings/", "seller")(lambda _world: Request(body=LISTING_EXAMPLE))
TABLE.of_row("POST listings/{}/revise/", "seller", draft_listing, {"keywords": ["気象"]})
TABLE.example("POST listings/{}/versions/", "seller")(add_version)
TABLE.of_row("POST listings/{}/withdraw/", "seller", on_sale, {"reason": "更新を終了しました。"})
TABLE.of_row("POST listings/{}/resume/", "seller", suspended_listing)
TABLE.listed(
    "listing-versions/",
    "seller",
    lambda world: str(ListingVersion.objects.get(listing__public_id=world.listing).public_id),
)
TABLE.of_row("POST listing-versions/{}/submit/", "seller", draft_version)
TABLE.listed("profiles/", EVERYBODY, profile)
TABLE.read("quality-method/", EVERYBODY)


def requested(world: World) -> str:
    return contracts.requested(world.contracts).public_id


def offered(world: World) -> str:
    return contracts.offered(world.contracts).public_id


def agreed(world: World) -> Request:
    """A negotiation that the seller has signed, for the buyer to sign."""
    negotiation = contracts.agreed(world.contracts)
    return Request((negotiation.public_id,), {"signed_hash": negotiation.instrument.signed_hash})


def request_negotiation(world: World) -> Request:
    return Request(body={"listing": world.listing, "reference": contracts.reference(), **TERMS})


def agreement(world: World) -> str:
    return contracts.agreement(world.contracts).public_id


def dispute(world: World) -> str:
    return contracts.dispute(world.contracts).public_id


def certificate(world: World) -> str:
    """A certificate that has sealed the document of an agreement."""
    agreement_pdf(Agreement.objects.get(public_id=agreement(world)), "ja")
    return DocumentCertificate.objects.get().public_id


def adjustment(world: World) -> str:
    return contracts.adjustment(world.contracts).public_id


TABLE.listed("contract-templates/", EVERYBODY, lambda world: world.template.public_id)


def ended(world: World) -> Request:
    row = contracts.agreement(world.contracts)
    asked = {"ground": "mutual", "last_day": clock.today(), "refund": "none"}
    digest = digest_of_consequences(consequences_shown(row, **asked))
    return Request((row.public_id,), {**asked, "last_day": str(asked["last_day"]), "digest": digest})


def ended_by_law(world: World) -> Request:
    row = contracts.agreement(world.contracts)
    today = clock.today()
    digest = digest_of_consequences(consequences_shown(row, ground="law", last_day=today, refund=None))
    return Request((row.public_id,), {"last_day": str(today), "digest": digest, "reason": "法令改正"})


def ending(world: World) -> str:
    """An end that the buyer proposed."""
    return contracts.ending(world.contracts).public_id


def deletion(world: World) -> str:
    """The duty to delete after an agreement that ended."""
    return contracts.deletion(world.contracts).public_id


def answered(world: World) -> Request:
    row = contracts.ending(world.contracts)
    return Request((row.public_id,), {"digest": row.digest})


TABLE.example("POST contract-templates/", "operator")(lambda _world: Request(body=contracts.brief_template()))
TABLE.listed("negotiations/", "buyer", requested)
TABLE.example("POST negotiations/", "buyer")(request_negotiation)
TABLE.of_row("GET negotiations/{}/rounds/", "buyer", offered)
TABLE.of_row("GET negotiations/{}/papers/quotation/", "buyer", offered)
TABLE.of_row("GET negotiations/{}/papers/quotation/document.pdf/", "buyer", offered, is_costly=True)
TABLE.of_row("POST negotiations/{}/offer/", "seller", requested, TERMS)
TABLE.of_row("POST negotiations/{}/counter/", "buyer", offered, TERMS)
TABLE.of_row("POST negotiations/{}/accept/", "buyer", offered)
TABLE.example("POST negotiations/{}/sign/", "buyer")(agreed)
TABLE.of_row("POST negotiations/{}/terminate/", "buyer", requested, {"reason": "予算を超えています。"})
TABLE.of_row("GET negotiations/{}/contract/", "buyer", requested)
TABLE.of_row("GET negotiations/{}/plan/", "buyer", requested)
TABLE.listed("agreements/", "buyer", agreement)
TABLE.of_row("GET agreements/{}/contract/", "buyer", agreement)
TABLE.of_row("GET agreements/{}/verification/", "buyer", agreement)
TABLE.example("GET agreements/{}/permitted-use/", "buyer")(
    lambda world: Request((agreement(world),), query="?action=use&purpose=commercial&region=JP")
)
TABLE.of_row("GET agreements/{}/document.pdf/", "buyer", agreement, is_costly=True)
TABLE.of_row("GET agreements/{}/bundle/", "buyer", agreement, is_costly=True)
TABLE.of_row("GET agreements/{}/document.html/", "buyer", agreement, is_costly=True)
TABLE.example("GET agreements/{}/papers/{}/", "buyer")(
    lambda world: Request((agreement(world), "order-confirmation"))
)
TABLE.example("GET agreements/{}/papers/{}/document.pdf/", "buyer", is_costly=True)(
    lambda world: Request((agreement(world), "order"))
)
TABLE.of_row("GET agreements/{}/document.txt/", "buyer", agreement)
TABLE.listed("document-certificates/", EVERYBODY, certificate)
TABLE.listed("disputes/", "buyer", dispute)
TABLE.listed("adjustments/", "buyer", adjustment)
TABLE.example("GET agreements/{}/ending/", "buyer")(
    lambda world: Request((agreement(world),), query=f"?ground=mutual&refund=none&last_day={clock.today()}")
)
TABLE.of_row("GET agreements/{}/versions/", "buyer", agreement)
TABLE.example("POST agreements/{}/amend/", "buyer")(
    lambda world: Request(
        (agreement(world),), {"terms": {"effective_on": str(clock.today()), "rights": {"duration": "P2Y"}}}
    )
)
TABLE.example("POST agreements/{}/end/", "buyer")(ended)
TABLE.example("POST agreements/{}/end-by-law/", "operator", takes_two=True)(ended_by_law)
TABLE.listed("endings/", "buyer", ending)
TABLE.example("POST endings/{}/accept/", "seller")(answered)
TABLE.listed("deletion-duties/", "buyer", deletion)
TABLE.of_row(
    "POST deletion-duties/{}/certify/",
    "buyer",
    deletion,
    {"deleted_on": "2026-01-31", "statement": "消去しました。"},
)
TABLE.of_row("POST endings/{}/refuse/", "seller", ending)
TABLE.of_row("POST endings/{}/withdraw/", "buyer", ending)


def granted(world: World) -> deliveries.Granted:
    """A delivery of one file to the buyer, to which access was granted."""
    return deliveries.granted(buyer=world.of("buyer"), seller=world.of("seller"))


def matched(world: World) -> deliveries.Granted:
    """One that the buyer has received."""
    made = granted(world)
    made.receive()
    return made


def entitlement(world: World) -> str:
    return granted(world).entitlement


def received(world: World) -> str:
    return matched(world).entitlement


def content(world: World) -> Request:
    made = granted(world)
    return Request((made.entitlement, made.distributions[0]))


def receipt(world: World) -> Request:
    made = granted(world)
    body = {"distribution": made.distributions[0], "sha256": deliveries.sha256(made.fetch())}
    return Request((made.entitlement,), body)


def closed(world: World) -> str:
    """A delivery to which access is suspended."""
    made = entitlement(world)
    delivering.suspend_access(actor=world.actor("operator"), entitlement=made, reason="確認中")
    return made


def voucher(world: World) -> str:
    matched(world)
    return str(Voucher.objects.latest("pk").public_id)


def download(world: World) -> str:
    granted(world).fetch()
    return str(Download.objects.latest("pk").public_id)


TABLE.listed("deliveries/", "buyer", entitlement)
TABLE.example("GET deliveries/{}/papers/{}/", "buyer")(
    lambda world: Request((received(world), "delivery-note"))
)
TABLE.example("GET deliveries/{}/papers/{}/document.pdf/", "buyer", is_costly=True)(
    lambda world: Request((received(world), "delivery-note"))
)
TABLE.example("GET deliveries/{}/distributions/{}/content/", "buyer")(content)
TABLE.example("POST deliveries/{}/receipts/", "buyer")(receipt)
TABLE.of_row("POST deliveries/{}/accept/", "buyer", received)
TABLE.of_row(
    "POST deliveries/{}/dispute/", "buyer", received, {"reason_code": "incomplete", "text": "12月分がない"}
)
TABLE.of_row("POST deliveries/{}/suspend/", "operator", entitlement, {"reason": "範囲外での開示"})
TABLE.of_row("POST deliveries/{}/resume/", "operator", closed, takes_two=True)
TABLE.listed("vouchers/", "buyer", voucher)
TABLE.listed("downloads/", "buyer", download)
