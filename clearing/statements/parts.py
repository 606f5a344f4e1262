"""Reads the parts of monthly statements for several participants at once, by a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from marketplace.participants.queries import OrganisationView, organisations_by_id

from ..invoices.models import Invoice
from ..invoices.states import InvoiceKind, InvoicePurpose
from ..ledger.chart import PARTICIPANT_KINDS
from ..ledger.models import Account, Posting
from ..ledger.states import AccountKind, LineKind
from ..netting.models import NetPosition
from ..trades.models import Obligation
from ..trades.obligation_kinds import BENEFICIARY_KINDS, UNINVOICED_KINDS
from ..trades.states import ObligationKind
from .document import LISTED_MAX, Month, Parts, words
from .set_off import SetOffs


class PartsReader:
    """Reads the parts of statements of some participants for one month and currency."""

    def __init__(self, organisations: Sequence[int], currency: str, month: Month) -> None:
        """``organisations`` are keys."""
        self.organisations, self.currency, self.month = list(organisations), currency, month
        self.found: dict[int, Parts] = {key: Parts() for key in self.organisations}
        self.views: dict[int, OrganisationView] = {}
        rows = Account.objects.filter(organisation_id__in=self.organisations, currency=currency)
        self.accounts = {row.pk: row for row in rows}

    def read(self) -> dict[int, Parts]:
        """The parts by organisation; ``views`` has every organisation that they name."""
        self._balances()
        self._movements()
        invoices = list(self._invoices())
        set_offs = SetOffs(self.organisations, self.currency, self.month)
        others = list(self._others(set_offs.positions))
        keys = {key for row in invoices for key in (row.issuer_id, row.recipient_id, row.supplier_id) if key}
        keys |= {key for row in others for key in (row.debtor_id, row.creditor_id)}
        self.views = organisations_by_id(keys | set(self.organisations))
        for invoice in invoices:
            self._list_invoice(invoice)
        for organisation, cycle in set_offs.cycles():
            self.found[organisation].cycles.append(cycle)
        for other in others:
            self._list_other(other)
        return self.found

    def _balances(self) -> None:
        before, within = (
            Q(entry__business_date__lt=self.month.first),
            Q(entry__business_date__gte=self.month.first),
        )
        sums = {
            row["account_id"]: (row["opening"], row["moved"])
            for row in Posting.objects.filter(
                account_id__in=self.accounts, entry__business_date__lt=self.month.until
            )
            .values("account_id")
            .annotate(
                opening=Coalesce(Sum("amount_minor", filter=before), 0),
                moved=Coalesce(Sum("amount_minor", filter=within), 0),
            )
        }
        order = {kind: at for at, kind in enumerate(PARTICIPANT_KINDS)}
        for account in sorted(self.accounts.values(), key=lambda row: order[AccountKind(row.kind)]):
            opening, moved = (account.side * minor for minor in sums.get(account.pk, (0, 0)))
            self.found[account.organisation_id or 0].balances.append(
                {
                    "account": account.kind,
                    "label": words(AccountKind, account.kind),
                    "opening_minor": opening,
                    "moved_minor": moved,
                    "closing_minor": opening + moved,
                }
            )

    def _postings(self) -> QuerySet[Posting]:
        return Posting.objects.filter(
            account_id__in=self.accounts,
            entry__business_date__gte=self.month.first,
            entry__business_date__lt=self.month.until,
        )

    def _movements(self) -> None:
        groups: dict[tuple[int, str], dict[str, Any]] = {}
        counts: dict[int, int] = {}
        kinds = {kind: at for at, kind in enumerate(PARTICIPANT_KINDS)}
        lines = {kind: at for at, kind in enumerate(LineKind)}
        rows = (
            self._postings()
            .values("account_id", "line")
            .annotate(count=Count("pk"), total=Sum("amount_minor"))
        )
        for row in sorted(
            rows,
            key=lambda row: (
                lines[LineKind(row["line"])],
                kinds[AccountKind(self.accounts[row["account_id"]].kind)],
            ),
        ):
            account = self.accounts[row["account_id"]]
            group = {
                "line": row["line"],
                "account": account.kind,
                "label": words(LineKind, row["line"]),
                "account_label": words(AccountKind, account.kind),
                "count": row["count"],
                "total_minor": account.side * row["total"],
                "left_out": row["count"],
                "entries": [],
            }
            groups[account.pk, row["line"]] = group
            organisation = account.organisation_id or 0
            counts[organisation] = counts.get(organisation, 0) + row["count"]
            self.found[organisation].movements.append(group)
        self._list_movements(groups, {key for key, count in counts.items() if count <= LISTED_MAX})

    def _list_movements(self, groups: dict[tuple[int, str], dict[str, Any]], listed: set[int]) -> None:
        rows = self._postings().filter(account__organisation_id__in=listed).order_by("pk")
        for account_id, line, amount, day, entry, description, trade, cycle in rows.values_list(
            "account_id",
            "line",
            "amount_minor",
            "entry__business_date",
            "entry__public_id",
            "entry__description",
            "trade__public_id",
            "entry__cycle__business_key",
        ):
            group = groups[account_id, line]
            group["left_out"] -= 1
            group["entries"].append(
                {
                    "booked_on": day.isoformat(),
                    "entry": entry,
                    "description": description,
                    "trade": trade,
                    "cycle": cycle,
                    "amount_minor": self.accounts[account_id].side * amount,
                }
            )

    def _invoices(self) -> QuerySet[Invoice]:
        own = self.organisations
        return (
            Invoice.objects.filter(
                Q(issuer_id__in=own) | Q(recipient_id__in=own) | Q(supplier_id__in=own),
                currency=self.currency,
                issued_on__gte=self.month.first,
                issued_on__lt=self.month.until,
            )
            .select_related("replaces")
            .annotate(totals=F("document__totals"))
            .defer("document", "replaces__document")
            .order_by("pk")
        )

    def _list_invoice(self, invoice: Invoice) -> None:
        """Lists the invoice under its seller, also if the operator issued it; a return has negative amounts."""
        seller, recipient = invoice.supplier_id or invoice.issuer_id, invoice.recipient_id
        totals: Any = getattr(invoice, "totals", [])
        sign = -1 if invoice.kind == InvoiceKind.RETURN_INVOICE else 1
        row = {
            "number": invoice.number,
            "kind": invoice.kind,
            "kind_label": words(InvoiceKind, invoice.kind),
            "purpose": invoice.purpose,
            "purpose_label": words(InvoicePurpose, invoice.purpose),
            "issued_on": invoice.issued_on.isoformat(),
            "by_operator": invoice.supplier_id is not None,
            "purchase_order": invoice.purchase_order or None,
            "replaces": invoice.replaces.number if invoice.replaces else None,
            "net_minor": sign * invoice.net_minor,
            "tax_minor": sign * invoice.tax_minor,
            "total_minor": sign * invoice.total_minor,
            "totals": totals,
        }
        if seller in self.found:
            self.found[seller].issued.append(row | {"counterparty": self.views[recipient].name})
        if recipient in self.found:
            self.found[recipient].received.append(row | {"counterparty": self.views[seller].name})

    def _others(self, positions: list[NetPosition]) -> Iterator[Obligation]:
        """Shares, penalties and deferred obligations of the cycles posted in the month."""
        keys = {
            row.cycle_id
            for row in positions
            if row.cycle.posted_at and row.cycle.posted_at >= self.month.began_at
        }
        own = self.organisations
        rows = Obligation.objects.filter(
            Q(debtor_id__in=own) | Q(creditor_id__in=own),
            Q(kind__in=UNINVOICED_KINDS) | Q(deferred_from__isnull=False),
            cycle_id__in=keys,
        )
        yield from rows.select_related("trade", "cycle", "deferred_from__cycle").order_by("pk")

    def _list_other(self, other: Obligation) -> None:
        for own, sign, counterparty in (
            (other.creditor_id, 1, other.debtor_id),
            (other.debtor_id, -1, other.creditor_id),
        ):
            if own not in self.found:
                continue
            own_share = other.kind in BENEFICIARY_KINDS and own != other.trade.seller_id
            row = {
                "kind": other.kind,
                "label": words(ObligationKind, other.kind),
                "counterparty": self.views[counterparty].name,
                "trade": other.trade.public_id,
                # A beneficiary does not see the buyer's purchase order.
                "purchase_order": None if own_share else other.trade.reference,
                "cycle": other.cycle.business_key,
                "amount_minor": sign * (other.amount_minor + other.tax_minor),
            }
            if other.deferred_from is None:
                self.found[own].others.append(row)
            else:
                row["deferred_from"] = other.deferred_from.cycle.business_key
                self.found[own].deferred.append(row)
