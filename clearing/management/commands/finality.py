"""``manage.py finality PARTICIPANT TIME``: lists what is final if the participant became insolvent at that time."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.kernel.clock import market_zone
from marketplace.kernel.errors import Missing
from marketplace.participants.queries import OrganisationView, find_organisation, get_organisation

from ...reports.finality import Finality, finality

NOT_FINAL = "NOT FINAL: claims between the parties, before netting"
FINAL = "FINAL: the operator owes in the debtor's place; netting cannot be undone"
DISCHARGED = "FINAL AND DISCHARGED by settlement"
HEADINGS = {"gross": NOT_FINAL, "taken_over": FINAL, "discharged": DISCHARGED}


class Command(BaseCommand):
    """Prints obligations by stage, holds, payments and balances at the moment; ``--json`` prints JSON."""

    help = "List what is final for PARTICIPANT (public identifier or corporate number) at TIME (ISO 8601)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Participant and time; a time without a zone is in the market's zone."""
        parser.add_argument("participant", help="org_… or a corporate number of 13 digits")
        parser.add_argument("time", help="2026-12-08T15:00:00+09:00; without a zone, in the market's zone")
        parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and print."""
        found = finality(organisation=_participant(options["participant"]), at=_instant(options["time"]))
        if options["json"]:
            self.stdout.write(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
            return
        for line in lines(found):
            self.stdout.write(line)


def _participant(text: str) -> OrganisationView:
    try:
        view = get_organisation(text) if text.startswith("org_") else find_organisation(text)
    except Missing as error:
        raise CommandError(str(error)) from error
    if view is None:
        raise CommandError(f"no organisation is registered under the corporate number {text}")
    return view


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is not a date and time: write it as 2026-12-08T15:00:00+09:00") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=market_zone())


def lines(found: Finality) -> list[str]:
    """The report as lines of text."""
    page = [f"{found.organisation} at {found.at.isoformat()}", ""]
    for stage, heading in HEADINGS.items():
        rows = [row for row in found.obligations if row["stage"] == stage]
        page += [heading, *map(_obligation, rows), *(["  nothing"] if not rows else []), ""]
    page += ["ON HOLD for open trades: the buyer's money, not final", *map(_held, found.held)]
    page += ["", "PAYMENTS by bank", *map(_payment, found.payments), "", "BALANCES"]
    page += [
        f"  {currency} {kind} {amount:,}"
        for currency, kinds in sorted(found.balances.items())
        for kind, amount in sorted(kinds.items())
        if amount
    ]
    page += ["", "TOTALS"]
    page += [
        f"  {row['currency']} {row['stage']}: {row['count']} obligations, owes {row['owes_minor']:,},"
        f" is owed {row['is_owed_minor']:,}"
        for row in found.totals()
    ]
    return page


def _obligation(row: dict[str, Any]) -> str:
    side = "owes" if row["side"] == "owes" else "is owed"
    since = f", final since {row['final_at']}" if row["final_at"] else ""
    return (
        f"  {row['cycle']} {row['business_key']} {row['kind']}: {side}"
        f" {row['amount_minor']:,} {row['currency']} ({row['legal_basis']}{since})"
    )


def _held(row: dict[str, Any]) -> str:
    return f"  {row['business_key']} as {row['side']}: {row['held_minor']:,} {row['currency']}"


def _payment(row: dict[str, Any]) -> str:
    outcome = (
        f"returned {row['failed_at']}"
        if row["failed_at"]
        else f"confirmed {row['confirmed_at']}"
        if row["confirmed_at"]
        else "not confirmed yet"
    )
    return f"  {row['reference']} {row['direction']} {row['amount_minor']:,} {row['currency']}: {outcome}"
