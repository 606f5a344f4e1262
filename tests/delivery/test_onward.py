"""What was bought under rights that prohibit onward transfer is not listed by its buyer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from listings import services as listings
from listings.errors import OnwardTransferProhibited
from listings.models import Listing
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from . import factories

OTHER = (b"something of its own\n",)


def resell(granted, contents, source="own counts"):
    """The buyer of a delivery lists data and submits it; the version, as it then is."""
    buyer = granted.buyer
    participants.admit(buyer, factories.SEGMENT, "seller")
    return factories.drafted(buyer, contents, source={"name": source})


def submit(granted, version):
    return listings.submit_version(
        actor=participants.actor_for(granted.buyer, "app_seller"), listing_version=version.public_id
    )


@pytest.fixture
def granted(tuesday):
    return factories.granted()


def sources(granted):
    row = granted.row
    return [granted.agreement, row.listing, row.listing_version]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_data_whose_source_names_the_agreement_or_its_listing_is_not_listed(granted, at):
    version = resell(granted, OTHER, f"derived from {sources(granted)[at]}")
    with pytest.raises(OnwardTransferProhibited) as refused:
        submit(granted, version)
    assert refused.value.fields["agreement"] == granted.agreement
    version.refresh_from_db()
    assert version.state == "draft"


def test_a_file_that_was_delivered_is_not_listed(granted):
    granted.fetch()
    with pytest.raises(OnwardTransferProhibited):
        submit(granted, resell(granted, (*OTHER, factories.CONTENTS[0])))


def test_who_received_nothing_lists_the_same_file(granted):
    clock.move_to(clock.now() + timedelta(minutes=30), running=False)
    version = submit(granted, resell(granted, factories.CONTENTS))
    assert listings.judge_version(listing_version=version.public_id).state == "published"
    clock.move_to(clock.now() + timedelta(minutes=30), running=False)
    granted.fetch()
    assert REGISTER["delivery.passed_on_nothing"].check() == []


def test_other_data_is_listed_and_what_may_be_passed_on_too(tuesday):
    may = factories.granted(rights={"contract_type": "licence", "onward_transfer": "permitted"})
    version = submit(may, resell(may, factories.CONTENTS, f"derived from {may.agreement}"))
    assert listings.judge_version(listing_version=version.public_id).state == "published"
    bound = factories.granted(contents=(b"other readings\n",))
    version = submit(bound, resell(bound, OTHER))
    assert listings.judge_version(listing_version=version.public_id).state == "published"
    assert REGISTER["delivery.passed_on_nothing"].check() == []


def submitted_before_the_purchase():
    """A version that awaits its decision, of a seller that has not bought the same file yet."""
    seller = participants.admitted("both", factories.SEGMENT, "seller")
    participants.admit(seller, factories.SEGMENT, "buyer")
    factories.open_market()
    version = factories.drafted(seller, factories.CONTENTS)
    listings.submit_version(
        actor=participants.actor_for(seller, "app_seller"), listing_version=version.public_id
    )
    return version


def test_what_was_bought_while_the_version_waited_is_refused(tuesday):
    version = submitted_before_the_purchase()
    factories.granted(buyer=version.listing.seller).fetch()
    row = listings.judge_version(listing_version=version.public_id)
    assert row.state == "refused"
    assert "onward transfer" in row.decision_reason


def publish_by_hand(version):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE listings_listingversion SET state = 'published', published_at = business_now(), decided_at = business_now(),"
            " decision = 'dec_forged' WHERE id = %s",
            [version.pk],
        )


def test_what_was_passed_on_is_named(tuesday):
    version = submitted_before_the_purchase()
    bought = factories.granted(buyer=version.listing.seller)
    bought.fetch()
    assert_refused(lambda: publish_by_hand(version), because="prohibits that this is passed on")
    clock.move_to(clock.now() + timedelta(minutes=30), running=False)
    with unguarded("listings_listingversion", "listings_listing"):
        publish_by_hand(version)
        Listing.objects.filter(pk=version.listing_id).update(state="on_sale")
    assert [row["agreement"] for row in REGISTER["delivery.passed_on_nothing"].check()] == [bought.agreement]
