"""What the database refuses of quality, whoever asks."""

import pytest
from django.db import connection

from quality.models import Measurement, Profile
from tests.listings import factories
from tests.roles import assert_refused

pytestmark = pytest.mark.django_db

REPEATED_PROFILE = (
    "INSERT INTO quality_profile (public_id, listing_version, measured_at, tabular, row_count, files, personal_data)"
    " SELECT 'prf_x', listing_version, now(), true, 1, '[]', '[]' FROM quality_profile"
)
REPEATED_MEASUREMENT = (
    "INSERT INTO quality_measurement (profile_id, characteristic, value, unit, formula_ja, formula_en)"
    " SELECT profile_id, characteristic, value, unit, '', '' FROM quality_measurement"
)


def refused(sql):
    with connection.cursor() as cursor:
        # What is still to be checked of the arrangement must not stand in the way.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert_refused(lambda: cursor.execute(sql))


def rows():
    return sorted(Profile.objects.values_list("id", "row_count")), sorted(Measurement.objects.values_list())


@pytest.fixture
def version(seller):
    return factories.published(seller)


@pytest.mark.parametrize(
    "sql",
    [
        REPEATED_PROFILE,
        REPEATED_MEASUREMENT,
        "UPDATE quality_profile SET row_count = 9",
        "UPDATE quality_profile SET personal_data = '[]'",
        "DELETE FROM quality_profile",
        "TRUNCATE quality_profile CASCADE",
        "UPDATE quality_measurement SET value = 1",
        "DELETE FROM quality_measurement",
    ],
)
def test_what_was_found_cannot_be_changed(version, sql):
    before = rows()
    refused(sql)
    assert rows() == before


@pytest.mark.parametrize(
    ("characteristic", "value"), [("recoverability", "1.01"), ("recoverability", "-0.1"), ("beauty", "1")]
)
def test_a_value_is_a_share(version, characteristic, value):
    before = rows()
    refused(
        "INSERT INTO quality_measurement (profile_id, characteristic, value, unit, formula_ja, formula_en)"
        f" SELECT id, '{characteristic}', {value}, 'share', '', '' FROM quality_profile"
    )
    assert rows() == before


def test_a_profile_needs_a_version_that_exists(version):
    before = rows()
    refused(
        "INSERT INTO quality_profile (public_id, listing_version, measured_at, tabular, row_count, files,"
        " personal_data) VALUES ('prf_x', 'lsv_nothing', now(), true, 1, '[]', '[]')"
    )
    assert rows() == before
