"""What a request costs does not grow with what is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from delivery import services
from delivery.collection import collection_period
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from tests.participants import factories as participants

from . import factories

pytestmark = pytest.mark.django_db

LIST_QUERIES = 9
CHILD_LIST_QUERIES = 2


def test_who_asks_for_a_delivery_that_is_not_granted_yet_takes_two_queries(
    granted, django_assert_num_queries
):
    buyer = participants.client_of(granted.buyer)
    with django_assert_num_queries(2):
        answer = buyer.get("/api/v1/deliveries/?agreement=agr_waiting")
    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_lists_take_the_same_queries_for_one_and_for_three(matched, django_assert_num_queries):
    buyer = participants.client_of(matched.buyer)
    collection_period(clock.now())  # what a rulebook states is read once in the life of a process
    expected = {"deliveries": LIST_QUERIES, "vouchers": CHILD_LIST_QUERIES, "downloads": CHILD_LIST_QUERIES}
    for rows in (1, 3):
        for name, queries_expected in expected.items():
            with django_assert_num_queries(queries_expected):
                answer = buyer.get(f"/api/v1/{name}/")
            assert len(answer.json()["results"]) == rows
        if rows == 1:
            for _ in range(2):
                factories.granted(buyer=matched.buyer, seller=matched.seller).receive()


def test_overdue_deliveries_take_the_same_queries_for_one_and_for_three(matched, django_assert_num_queries):
    buyer = participants.client_of(matched.buyer)
    due, deliveries = clock.now() + timedelta(days=1), [matched]
    deliveries += [factories.granted(buyer=matched.buyer, seller=matched.seller) for _ in range(2)]
    collection_period(due)
    clock.move_to(due, running=False)
    for rows, delivery in enumerate(deliveries, 1):
        charge = {"trade": f"trd_{rows}", "agreement": delivery.agreement}
        services.await_payment(actor=SYSTEM, **charge, secure_by=due, made_at=due - timedelta(days=1))
        with django_assert_num_queries(LIST_QUERIES):
            shown = buyer.get("/api/v1/deliveries/").json()["results"]
        codes = [row["access"]["code"] for row in shown]
        assert codes.count("payment_overdue") == rows
