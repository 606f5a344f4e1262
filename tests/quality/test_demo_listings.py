"""The listings of the demo market: each is measured and decided as its declaration expects."""

import pytest

from fixtures import datasets, declaration
from listings import queries, services
from marketplace.participants.models import Organisation
from quality import services as quality
from tests.listings import factories
from tests.participants import factories as participants
from tests.rules import factories as rules

pytestmark = pytest.mark.django_db

DECLARED = {row["code"]: row for row in declaration.read().listings}


def judged(seller: Organisation, row: dict) -> str:
    """The state of the version of a declared listing after the rules decided."""
    participants.segment(row["segment"])
    listing = services.create_listing(
        actor=participants.actor_for(seller),
        reference=row["code"],
        segment=row["segment"],
        title=row["title"],
        description=row["description"],
        keywords=row["keywords"],
        source=row["source"],
        personal_data_class=row["personal_data_class"],
        update_interval_days=row.get("update_interval_days"),
    )
    data = datasets.load(row["data"])
    upload = services.UploadedData(data.file_name, data.media_type, data.content)
    version = factories.submitted(seller, listing, files=[upload])
    quality.measure_version(listing_version=version.public_id)
    return services.judge_version(listing_version=version.public_id).state


@pytest.mark.parametrize("code", sorted(DECLARED))
def test_a_declared_listing_is_decided_as_expected(db, code):
    rules.publish()
    row = DECLARED[code]
    seller = factories.seller("D", row["segment"])
    expected = row.get("expect", "published")
    assert judged(seller, row) == expected
    assert queries.counts()[expected] == 1
