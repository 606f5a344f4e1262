"""The clearing report: its figures agree with the cycle, and it is the operator's alone."""

from __future__ import annotations

import base64
import re

import pytest

from clearing.models import SettlementInstruction
from clearing.reports.cycle_report import cycle_report, cycle_report_html
from tests.participants.factories import client_of

from .. import factories


@pytest.fixture
def cleared(market):
    """Three trades cleared, one left out because a complaint is open."""
    factories.accepted(market, "a", "b", 10_000)
    factories.accepted(market, "b", "c", 10_000)
    factories.accepted(market, "c", "a", 5_000)
    held = factories.conclude(market, "a", "c", 2_000)
    factories.pay_in(market, "a", held.gross_minor)
    factories.complain(held)
    return factories.clear(market)


def test_the_figures_are_those_of_the_cycle(cleared):
    report = cycle_report(cleared)
    assert (report["trades"], report["payments_before"], report["payments_after"]) == (3, 6, 4)
    assert (report["gross_minor"], report["net_minor"]) == (cleared.gross_minor, cleared.net_minor)
    assert report["value_reduced_bp"] == (
        (cleared.gross_minor - cleared.net_minor) * 10_000 // cleared.gross_minor
    )
    payments = SettlementInstruction.objects.filter(cycle=cleared)
    assert report["bank_payments"] == payments.count()
    assert report["bank_value_minor"] == sum(row.amount_minor for row in payments)
    assert report["cleared_minor"] == 27_500
    assert sum(flow["amount_minor"] for flow in report["flows"]) == 27_500 + 1_250
    assert [(row["gross_minor"], row["reason"]) for row in report["left_out"]] == [
        (2_200, "a dispute is open")
    ]
    assert [row["state"] for row in report["steps"]] == ["validated", "netted", "posted", "settling"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_holds_its_pictures_and_nothing_from_elsewhere(cleared, language):
    page = cycle_report_html(cleared, language)
    sources = re.findall(r'<img src="([^"]*)"', page)
    assert len(sources) == 6
    for source in sources:
        kind, _, content = source.partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert base64.b64decode(content).startswith(b"<svg")
    assert "http" not in page.replace("http://www.w3.org", "")
    assert {"ja": "清算報告書", "en": "Clearing report"}[language] in page


def test_an_empty_cycle_has_a_report_too(market):
    cycle = factories.clear(market, "settled")
    assert cycle_report(cycle)["value_reduced_bp"] is None
    assert "<figure>" in cycle_report_html(cycle, "en")


def test_the_report_is_the_operator_s_alone(market, cleared):
    operator, party = client_of(market.operator), client_of(market.party("a"))
    for path in ("", "document.html/"):
        route = f"/api/v1/cycle-reports/{cleared.public_id}/{path}"
        assert operator.get(route).status_code == 200
        assert party.get(route).status_code == 403
    assert operator.get(f"/api/v1/cycle-reports/{market.cycle.public_id}/").status_code == 404
    refused = operator.get(f"/api/v1/cycle-reports/{cleared.public_id}/document.html/?language=fr")
    assert (refused.status_code, refused.json()["code"]) == (422, "document_language_unknown")
    assert [error["field"] for error in refused.json()["errors"]] == ["language"]
