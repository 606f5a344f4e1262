"""A market for benchmarks, made through the services: an operator, a seller, and buyers with money."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from clearing.bank.queries import pay_in_reference
from clearing.run.services.cycles import open_first_cycle
from clearing.settlement.services.client_accounts import register_client_account
from clearing.settlement.services.funds_regimes import declare_funds_regime
from clearing.trades.services.acceptance import accept_delivered
from clearing.trades.services.disputes import dispute_trade, resolve_trade
from clearing.trades.services.trades import conclude_trade
from fixtures.day.bank import Movement, carry_in, statement
from fixtures.sessions import open_session
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.schemas.contracts import AgreementConcluded
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.errors import Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.permissions import OPERATOR_ROLES, permissions_of
from marketplace.participants import queries as participants
from marketplace.participants.models import User
from marketplace.participants.queries import OrganisationView
from marketplace.participants.services import add_member, register_organisation
from marketplace.rules.services import publish_rulebook

CURRENCY = "JPY"
RULEBOOK = Path(__file__).parents[1] / "fixtures" / "rulebook.yaml"
CLIENT_ACCOUNT = {
    "requester_code": "0000000001",
    "requester_name": "ｻﾝﾎﾟ",
    "bank_code": "0901",
    "branch_code": "001",
    "account_type": "ordinary",
    "account_number": "7654321",
}


def prepare(tag: str, *, buyers: int, funds_minor: int) -> tuple[list[str], str]:
    """Public identifiers of new buyers, each with ``funds_minor`` paid in, and of a new seller."""
    operator = operator_actor()
    seller = _register(f"seller {tag}")
    found = [_register(f"buyer {tag} {number}") for number in range(buyers)]
    movements = [
        Movement(f"{tag}-{number}", "credit", funds_minor, "BUYER", pay_in_reference(organisation=buyer))
        for number, buyer in enumerate(found)
    ]
    carry_in(operator, operator_actor("second"), statement(clock.today(), movements), file_name=f"{tag}.csv")
    return found, seller


def operator_actor(name: str = "first") -> Actor:
    """A person of the operator of this benchmark's database, made with its rulebook and first cycle if it is new."""
    try:
        view = participants.operator_organisation()
        new = False
    except Missing:
        _register("operator", is_operator=True, corporate_number="7999901000001")
        view = participants.operator_organisation()
        new = True
    actor = _person(view, name)
    if new:
        document = yaml.safe_load(RULEBOOK.read_text(encoding="utf-8"))
        # A benchmark's clock does not move: its next rulebook applies at once.
        document["parameters"]["rulebook_notice_hours"] = 0
        publish_rulebook(actor=actor, document=document, effective_from=clock.now())
        _by_two(
            view,
            declare_funds_regime,
            currency=CURRENCY,
            regime="agency_receipt",
            legal_reference="benchmark",
            balance_cap_minor=10**15,
            idle_days=365,
        )
        open_first_cycle(actor=actor, currency=CURRENCY)
        _by_two(view, register_client_account, currency=CURRENCY, **CLIENT_ACCOUNT)
    return actor


def _person(view: OrganisationView, name: str) -> Actor:
    """A person of the operator with every role, added if need be, and a fresh proof."""
    email = f"{name}@operator.example.jp"
    person = User.objects.filter(email=email).first() or add_member(
        actor=SYSTEM, organisation=view.public_id, email=email, name=name, roles=OPERATOR_ROLES
    )
    open_session(person)
    return Actor(
        person.public_id,
        Role.OPERATOR,
        view.id,
        view.public_id,
        permissions_of(OPERATOR_ROLES, proved=True, is_operator=True),
        proved_at=clock.real_now(),
        responsible=person.public_id,
    )


def _by_two(view: OrganisationView, command: Callable[..., object], **stated: Any) -> None:
    """One person of the operator gives a command, and a second person the same one."""
    with suppress(SecondPersonNeeded):
        command(actor=_person(view, "first"), **stated)
    command(actor=_person(view, "second"), **stated)


def _register(name: str, **options: Any) -> str:
    """A foreign business: it needs no corporate number."""
    organisation = register_organisation(
        actor=SYSTEM,
        name={"ja": name, "en": name},
        corporate_number=options.pop("corporate_number", None),
        kind="business",
        country="JP" if options.get("is_operator") else "SG",
        address="benchmark",
        representative="benchmark",
        **options,
    )
    return str(organisation.public_id)


def trade_money(label: str, buyer: str, seller: str, price_minor: int, *, captured: bool) -> None:
    """The whole money of one trade: held, then captured for the cycle, or returned to the buyer."""
    agreement = new_identifier("agr")
    concluded = AgreementConcluded(
        agreement=agreement,
        negotiation=new_identifier("ngt"),
        reference=label,
        listing="lst_benchmark",
        listing_version="lsv_benchmark",
        segment="economy",
        buyer=buyer,
        seller=seller,
        price_minor=price_minor,
        currency=CURRENCY,
        tax_category="standard",
        funding_days=1,
        inspection_days=1,
        signed_hash="0" * 64,
    )
    conclude_trade(actor=SYSTEM, agreement=concluded, concluded_at=clock.now())
    if captured:
        accept_delivered(actor=SYSTEM, agreement=agreement, transaction_id=None)
    else:
        dispute_trade(actor=SYSTEM, agreement=agreement, dispute="dsp_benchmark")
        resolve_trade(actor=SYSTEM, agreement=agreement, dispute="dsp_benchmark", refund=True)
