"""Requests that succeed, of trading: listings, quality, contracts and delivery."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from contracts import services as contracting
from contracts.commissions import faults, talks
from contracts.document.rendering import agreement_pdf
from contracts.ending.consequences import digest_of_consequences
from contracts.ending.queries import consequences_shown
from contracts.library.models import Clause
from contracts.library.views import CLAUSE_EXAMPLE, TEMPLATE_EXAMPLE
from contracts.models import Agreement
from contracts.pools import services as pooling
from contracts.pools.models import PoolVersion
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
from tests.contracts.commissions.commissioned import commission, protected
from tests.delivery import factories as deliveries
from tests.listings import factories as listing
from tests.participants import factories as participants

from .matrix import send
from .requests import EVERYBODY, Request, Table
from .world import World, suspend

TABLE = Table()
PDF = b"%PDF-1.7\n"

_readers = itertools.count(1)

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


def answered_dispute(world: World) -> str:
    """One that was answered and has a mediator."""
    return contracts.ready(contracts.dispute(world.contracts), world.contracts.operator)


def unmoved_remedy(world: World) -> Request:
    """A payment in addition that clearing could not carry out, for people to say what replaces it."""
    row = contracting.open_against(
        actor=contracts.speaker(world.contracts.organisation("seller")),
        agreement=agreement(world),
        reason_code="unpaid",
        text="不足しています。",
    )
    contracts.resolve(row, world.contracts.operator, "payment", amount_minor=100)
    contracting.adjustment_carried_out(
        adjustment=row.agreement.adjustments.latest("pk").public_id, moved_minor=0
    )
    stated = {"kind": "price_adjusted", "reason": "課金の終了", "replaced_by": "市場外での支払"}
    return Request((row.public_id,), stated)


def disputed_use(world: World) -> Request:
    stated = {"reason_code": "use_outside_rights", "text": "域外で利用されています。"}
    return Request(body={"agreement": agreement(world), **stated})


def settlement(world: World) -> Request:
    """A settlement that the buyer proposed, for the seller to answer."""
    row = contracts.dispute(world.contracts)
    contracting.propose_settlement(
        actor=world.contracts.buyer, dispute=row.public_id, outcome="reduction", amount_minor=100
    )
    return Request((row.public_id,), {"digest": row.settlements.get().digest})


def hand_in(world: World) -> Request:
    file = SimpleUploadedFile("photo.pdf", PDF, "application/pdf")
    return Request((), {"dispute": dispute(world), "file": file}, "multipart")


def dispute_file(world: World) -> str:
    """A file that the buyer handed in."""
    made = contracting.file_in_dispute(
        actor=world.contracts.buyer, dispute=dispute(world), content=PDF, name="photo.pdf"
    )
    return made.public_id


def certificate(world: World) -> str:
    """A certificate that has sealed the document of an agreement."""
    agreement_pdf(Agreement.objects.get(public_id=agreement(world)), "ja")
    return DocumentCertificate.objects.get().public_id


def adjustment(world: World) -> str:
    return contracts.adjustment(world.contracts).public_id


TABLE.listed("contract-templates/", EVERYBODY, lambda world: world.template.public_id)
TABLE.listed("contract-clauses/", EVERYBODY, lambda _world: Clause.objects.get(code="liability").public_id)


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


def renewed(world: World) -> str:
    """An agreement that is renewed by itself."""
    return contracts.agreement(
        world.contracts,
        price_minor=10_000,
        charging={"kind": "subscription", "charges": 12, "period_months": 1},
        renewal={"kind": "automatic", "notice_days": 30, "times_max": 2},
    ).public_id


def ending(world: World) -> str:
    """An end that the buyer proposed."""
    return contracts.ending(world.contracts).public_id


def deletion(world: World) -> str:
    """The duty to delete after an agreement that ended."""
    return contracts.deletion(world.contracts).public_id


def commissioned(world: World) -> Any:
    """The market in which a law protects the seller of what the buyer commissions."""
    return protected(world.contracts)


def seller_fault(world: World) -> str:
    """A fault that the seller of commissioned work admitted."""
    market = commissioned(world)
    agreement = contracts.agreement(market, commission=commission())
    return faults.admit_fault(
        actor=market.seller, agreement=agreement.public_id, ground="late", statement="納期に遅れました。"
    ).public_id


def admitted_fault(world: World) -> Request:
    agreement = contracts.agreement(commissioned(world), commission=commission())
    return Request(
        body={"agreement": agreement.public_id, "ground": "late", "statement": "納期に遅れました。"}
    )


def price_talk(world: World) -> str:
    """A talk about the price of commissioned work that the buyer has not answered."""
    market = commissioned(world)
    negotiation = contracts.requested(market, commission=commission())
    return talks.ask_for_talk(
        actor=market.seller, negotiation=negotiation.public_id, reason="費用の上昇"
    ).public_id


def asked_for_talk(world: World) -> Request:
    negotiation = contracts.requested(commissioned(world), commission=commission())
    return Request(body={"negotiation": negotiation.public_id, "reason": "費用の上昇"})


def pool_terms(world: World, days: int) -> dict[str, Any]:
    members = [
        {"organisation": world.of(name).public_id, "share": "1/2", "contributions": [{"version": name}]}
        for name in ("seller", "buyer")
    ]
    return {"effective_on": str(clock.today() + timedelta(days=days)), "members": members}


def pool_version(world: World) -> PoolVersion:
    """A version of a pool of seller and buyer that waits for signatures."""
    terms = pool_terms(world, 1)
    return pooling.open_pool(
        actor=world.contracts.seller,
        listing=world.listing,
        effective_on=date.fromisoformat(terms["effective_on"]),
        members=terms["members"],
    )


def pool(world: World) -> str:
    """A pool whose first version seller and buyer have signed."""
    version = pool_version(world)
    for actor in (world.contracts.seller, world.contracts.buyer):
        pooling.sign_version(actor=actor, version=version.public_id, signed_hash=version.content_hash)
    return version.pool.public_id


def version_to_sign(world: World) -> Request:
    version = pool_version(world)
    return Request((version.public_id,), {"signed_hash": version.content_hash})


def answered(world: World) -> Request:
    row = contracts.ending(world.contracts)
    return Request((row.public_id,), {"digest": row.digest})


TABLE.sent("contract-clauses/", "operator", lambda _world: CLAUSE_EXAMPLE, takes_two=True)
TABLE.sent("contract-templates/", "operator", lambda _world: TEMPLATE_EXAMPLE, takes_two=True)
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
TABLE.of_row("GET disputes/{}/evidence/", "buyer", dispute)
TABLE.example("POST disputes/", "seller")(disputed_use)
TABLE.of_row("POST disputes/{}/answer/", "seller", dispute, {"text": "仕様のとおりです。"}, is_narrowed=True)
TABLE.of_row(
    "POST disputes/{}/reply/", "buyer", answered_dispute, {"text": "仕様と異なります。"}, is_narrowed=True
)
TABLE.of_row("POST disputes/{}/withdraw/", "buyer", dispute, {"reason": "解消しました。"}, is_narrowed=True)
TABLE.of_row(
    "POST disputes/{}/propose-settlement/", "buyer", dispute, {"outcome": "reduction", "amount_minor": 100}
)
TABLE.example("POST disputes/{}/accept-settlement/", "seller")(settlement)
TABLE.example("POST disputes/{}/refuse-settlement/", "seller")(lambda world: Request(settlement(world).ids))
TABLE.of_row(
    "POST disputes/{}/object-to-mediator/",
    "buyer",
    answered_dispute,
    {"reason": "元従業員"},
    is_narrowed=True,
)
TABLE.example("POST disputes/{}/assign-mediator/", "operator")(
    lambda world: Request((dispute(world),), {"person": world.contracts.operator.identifier})
)
TABLE.example("POST disputes/{}/relieve-mediator/", "operator")(
    lambda world: Request((answered_dispute(world),), {"reason": "病気療養のため担当できません。"})
)
TABLE.example("POST disputes/{}/end-remedy/", "operator", takes_two=True)(unmoved_remedy)
TABLE.listed("dispute-files/", "buyer", dispute_file)
TABLE.example("POST dispute-files/", "buyer")(hand_in)
TABLE.of_row("GET dispute-files/{}/content/", "buyer", dispute_file)
TABLE.listed("adjustments/", "buyer", adjustment)
TABLE.of_row("GET agreements/{}/adjustments/", "buyer", agreement)
TABLE.of_row("GET agreements/{}/law-adjustments/", "buyer", agreement)
TABLE.listed("index-values/", EVERYBODY, lambda world: contracts.index_value(world.contracts).public_id)
TABLE.example("POST index-values/", "operator", takes_two=True)(
    lambda _world: Request(
        body={
            "index": "cpi_jp",
            "as_of": str(clock.today()),
            "value_milli": 104_300,
            "source": "総務省統計局",
        }
    )
)
TABLE.example("GET agreements/{}/ending/", "buyer")(
    lambda world: Request((agreement(world),), query=f"?ground=mutual&refund=none&last_day={clock.today()}")
)
TABLE.of_row("GET agreements/{}/versions/", "buyer", agreement)
TABLE.of_row("GET agreements/{}/renewal/", "buyer", renewed)
TABLE.of_row("POST agreements/{}/refuse-renewal/", "buyer", renewed)
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
TABLE.example("POST deletion-duties/{}/certify/", "buyer")(
    lambda world: Request(
        (deletion(world),), {"deleted_on": clock.today().isoformat(), "statement": "消去しました。"}
    )
)
TABLE.listed("seller-faults/", "buyer", seller_fault)
TABLE.example("POST seller-faults/", "seller")(admitted_fault)
TABLE.listed("price-talks/", "buyer", price_talk)
TABLE.example("POST price-talks/", "seller")(asked_for_talk)
TABLE.of_row("POST price-talks/{}/answer/", "buyer", price_talk, {"answer": "agreed"})
TABLE.listed("pools/", "seller", pool)
TABLE.example("POST pools/", "seller")(
    lambda world: Request(body={"listing": world.listing, **pool_terms(world, 1)})
)
TABLE.example("POST pools/{}/propose/", "seller")(lambda world: Request((pool(world),), pool_terms(world, 2)))
TABLE.example("POST pools/{}/leave/", "buyer")(
    lambda world: Request((pool(world),), {"effective_on": str(clock.today() + timedelta(days=2))})
)
TABLE.listed("pool-versions/", "seller", lambda world: pool_version(world).public_id)
TABLE.example("POST pool-versions/{}/sign/", "buyer")(version_to_sign)
TABLE.of_row("POST pool-versions/{}/withdraw/", "seller", lambda world: pool_version(world).public_id)
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


def declaration(world: World) -> Request:
    person = participants.person_of(world.of("buyer"), f"reader-{next(_readers)}").public_id
    return Request((entitlement(world),), {"recipient": person, "scope": "department"})


def withdrawal(world: World) -> Request:
    asked = declaration(world)
    owner = participants.person_of(world.of("buyer"), f"owner-{next(_readers)}").public_id
    participants.keep_proved(owner)
    delivering.declare_recipient(
        actor=participants.actor_for(world.of("buyer"), owner), entitlement=asked.ids[0], **asked.body
    )
    return Request(asked.ids, {"recipient": asked.body["recipient"]})


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
TABLE.example("POST deliveries/{}/declare-recipient/", "buyer")(declaration)
TABLE.example("POST deliveries/{}/withdraw-recipient/", "buyer")(withdrawal)
TABLE.listed("vouchers/", "buyer", voucher)
TABLE.listed("downloads/", "buyer", download)
