"""Database guards of disputes: who opens, answers, settles, mediates and decides them, and when."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acts_now, holders
from marketplace.participants.interest_guards import RECUSED

from ..states import INSPECTED_ON
from .rules import (
    ANSWER_DAYS,
    DECISION_DAYS,
    FILES_MAX,
    HOLDING,
    MAY_EXPEL,
    MAY_HAVE_AMOUNT,
    OUTCOMES,
    REASONS,
    REMEDY_DAYS,
    REPLY_DAYS,
    SETTLEMENT_DAYS,
    SETTLEMENTS,
    WITH_AMOUNT,
)
from .states import RELIEVED_BY_MARKET, Impossible, Relief

_SQL = Path(__file__).parent / "sql"
_SIDE = "(CASE {party} WHEN 'buyer' THEN a.buyer_id WHEN 'seller' THEN a.seller_id ELSE {dispute}.third_party_id END)"
_PAIRS_OUTCOMES = ", ".join(
    f"('{party}', '{outcome}')" for party, outcomes in OUTCOMES.items() for outcome in outcomes
)
PAIRS_EXPELLED = ", ".join(
    f"('{party}', '{other}')" for party, others in MAY_EXPEL.items() for other in others
)
"""Who opened a dispute, and whose expulsion its decision may propose, in SQL."""
_PAIRS_SETTLEMENTS = ", ".join(
    f"('{party}', '{outcome}')" for party, outcomes in SETTLEMENTS.items() for outcome in outcomes
)


def _acts(
    person: str, party: str, permission: Permission, *, dispute: str = "d", proved: bool = False
) -> str:
    """Whether a person holds the permission in the organisation of a side (``party`` in SQL); ``a`` is the agreement."""
    side = _SIDE.format(party=party, dispute=dispute)
    return acts_now(person, holds=holders(permission), organisation=f"o.id = {side}", proved=proved)


def days_depart(row: str) -> str:
    """Whether the days of a dispute (a row in SQL) are others than the rules count from its opening."""
    return (
        f"(({row}.answer_by, {row}.decide_by) IS DISTINCT FROM (public.end_of_period({row}.opened_at, 'P{ANSWER_DAYS}D'),"
        f" public.end_of_period({row}.opened_at, 'P{DECISION_DAYS}D')))"
    )


def ordered_by(row: str) -> str:
    """The kinds of remedies and whether the end of a dispute (a row in SQL) orders each, as rows ``w (kind, is_ordered)``."""
    holds = f"{row}.opened_as IN ({sql_list(HOLDING)})"
    return f"""(VALUES
    ('money_back', {row}.outcome IN ('refund', 'termination') AND {holds}),
    ('price_adjusted', {row}.amount_minor IS NOT NULL),
    ('delivered_again', {row}.outcome = 'redelivery'),
    ('use_stopped', {row}.outcome = 'stop_of_use'),
    ('agreement_ended', {row}.outcome = 'termination' OR {row}.outcome = 'refund' AND {row}.accepted_at IS NOT NULL)) AS w (kind, is_ordered)"""


def unremedied(row: str) -> str:
    """Whether a remedy that the end of a dispute (a row in SQL) orders was not ordered, or another was."""
    return f"""EXISTS (
    SELECT FROM {ordered_by(row)} WHERE w.is_ordered IS DISTINCT FROM EXISTS (
        SELECT FROM public.contracts_remedy r WHERE r.dispute_id = {row}.id AND r.kind = w.kind))"""  # noqa: S608  our own words


def cannot_mediate(person: str, dispute: str) -> str:
    """Whether a person (SQL) decides no disputes now, or has an interest in a side of a dispute (a row in SQL)."""
    return f"(NOT {decides_disputes(person)} OR {has_interest(person, dispute)})"


def decides_disputes(person: str) -> str:
    """Whether a person (SQL) of the operator may decide disputes now."""
    return acts_now(person, holds=holders(Permission.DISPUTES_WRITE), proved=False)


def has_interest(person: str, dispute: str) -> str:
    """Whether a person (SQL) has declared an interest in a side of a dispute (a row in SQL)."""
    return f"""EXISTS (
    SELECT FROM public.contracts_agreement a
     WHERE a.id = {dispute}.agreement_id AND (public.is_recused({person}, a.buyer_id) OR public.is_recused({person}, a.seller_id)
        OR public.is_recused({person}, {dispute}.third_party_id)))"""


SIDES_OF_REMEDY = (
    "SELECT unnest(ARRAY[a.buyer_id, a.seller_id, d.third_party_id]) FROM public.contracts_dispute d"
    " JOIN public.contracts_agreement a ON a.id = d.agreement_id WHERE d.id = NEW.dispute_id"
)


def disputed_lawfully() -> pgtrigger.Trigger:
    """A dispute is opened over an agreement that was not terminated, for a reason of that side; a third party's by its stake in the
    listing; one over what was accepted within the days of the plan."""
    return pgtrigger.Trigger(
        name="disputed_lawfully",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("a", "record"), ("days", "integer")],
        func=sql_body(
            _SQL / "disputed_lawfully.sql",
            INSPECTED_ON=sql_list(INSPECTED_ON),
            DAYS_DEPART=days_depart("NEW"),
            ANSWER_DAYS=ANSWER_DAYS,
            DECISION_DAYS=DECISION_DAYS,
            REASONS=", ".join(
                f"('{party}', '{reason}')" for reason, (_, parties) in REASONS.items() for party in parties
            ),
        ),
    )


def ended_lawfully() -> pgtrigger.Trigger:
    """A dispute is decided by its mediator after the answer or its time, settled as was accepted, or withdrawn by who opened it."""
    return pgtrigger.Trigger(
        name="ended_lawfully",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state", "unanswered_at", "expels"),
        declare=[("a", "record"), ("answered", "boolean")],
        func=sql_body(
            _SQL / "ended_lawfully.sql",
            OUTCOMES=_PAIRS_OUTCOMES,
            WITH_AMOUNT=sql_list(WITH_AMOUNT),
            MAY_HAVE_AMOUNT=sql_list(MAY_HAVE_AMOUNT),
            MAY_EXPEL=PAIRS_EXPELLED,
            CLAIMANT_ACTS=_acts(
                "NEW.resolved_by", "NEW.opened_as", Permission.DELIVERIES_ANSWER, dispute="NEW"
            ),
        ),
    )


def resolved_by_unrelated() -> pgtrigger.Trigger:
    """Nobody decides a dispute who has declared an interest in anybody of it."""
    recused = " OR ".join(
        f"public.is_recused({person}, {organisation})"
        for person in ("NEW.resolved_by", "NEW.resolved_first")
        for organisation in ("a.buyer_id", "a.seller_id", "NEW.third_party_id")
    )
    return pgtrigger.Trigger(
        name=RECUSED,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("resolved_by", "resolved_first"),
        func=f"""
IF NEW.resolved_by <> '' AND EXISTS (
    SELECT FROM public.contracts_agreement a WHERE a.id = NEW.agreement_id AND ({recused})) THEN
    RAISE EXCEPTION 'who has declared an interest in a party resolves no dispute of it'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",
    )


EXPULSION_MISSING = """NOT EXISTS (
    SELECT FROM public.contracts_agreement a JOIN public.cases_case c
        ON c.organisation_id = (CASE {dispute}.expels WHEN 'buyer' THEN a.buyer_id ELSE a.seller_id END)
      JOIN public.contracts_remedy r ON r.dispute_id = {dispute}.id AND r.kind = 'expulsion' AND r.reference = c.public_id
     WHERE a.id = {dispute}.agreement_id AND c.kind = 'expulsion' AND c.subject = {dispute}.public_id)"""
"""Whether the expulsion that a dispute (a row in SQL) proposes has no case of its party, or no remedy that names it."""
JUDGED = """(
    SELECT m.person FROM public.contracts_mediator m JOIN public.contracts_dispute d ON d.id = m.dispute_id WHERE d.public_id = {case}.subject
    UNION ALL SELECT p.person FROM public.contracts_dispute d
      CROSS JOIN LATERAL (VALUES (d.resolved_by), (d.resolved_first)) AS p (person) WHERE d.public_id = {case}.subject AND p.person <> '')"""
"""Who mediated or decided the dispute that a case (a row in SQL) of an expulsion is about, in SQL after IN."""


def expelled_in_case() -> pgtrigger.Trigger:
    """At the end of the transaction that proposes an expulsion, its case is open, and a remedy of the dispute names it."""
    return pgtrigger.Trigger(
        name="expelled_in_case",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func=f"""
IF NEW.expels <> '' AND OLD.expels = '' AND {EXPULSION_MISSING.format(dispute="NEW")} THEN
    RAISE EXCEPTION 'the expulsion that % proposes has its case', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'expelled_in_case';
END IF;
RETURN NULL;
""",
    )


def expelled_by_others() -> pgtrigger.Trigger:
    """A case of an expulsion is of a dispute that proposes it, and nobody decides it who mediated or decided that dispute."""
    return pgtrigger.Trigger(
        name="expelled_by_others",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("first_person", "resolved_by"),
        func=f"""
IF NEW.kind = 'expulsion' AND (NOT EXISTS (
    SELECT FROM public.contracts_dispute d JOIN public.contracts_agreement a ON a.id = d.agreement_id
     WHERE d.public_id = NEW.subject AND d.state = 'resolved'
       AND NEW.organisation_id = (CASE d.expels WHEN 'buyer' THEN a.buyer_id WHEN 'seller' THEN a.seller_id END))
   OR NEW.state = 'resolved' AND (NEW.first_person IN {JUDGED.format(case="NEW")} OR NEW.resolved_by IN {JUDGED.format(case="NEW")})) THEN
    RAISE EXCEPTION 'who mediated or decided % decides no expulsion that it proposes', NEW.subject
        USING ERRCODE = 'check_violation', CONSTRAINT = 'expelled_by_others';
END IF;
RETURN NULL;
""",
    )


def mediates_lawfully() -> pgtrigger.Trigger:
    """A mediator of an open dispute has no interest in anybody of it, and decided no other dispute over the agreement."""
    return pgtrigger.Trigger(
        name=RECUSED,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        declare=[("d", "record")],
        func=f"""
SELECT * INTO d FROM public.contracts_dispute WHERE id = NEW.dispute_id FOR SHARE;
IF coalesce(d.state <> 'open', true) OR {has_interest("NEW.person", "d")}
   OR EXISTS (
    SELECT FROM public.contracts_dispute o
     WHERE o.agreement_id = d.agreement_id AND o.id <> d.id AND o.state = 'resolved' AND NEW.person IN (o.resolved_by, o.resolved_first)) THEN
    RAISE EXCEPTION 'who has an interest in a party, or decided before, does not mediate'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",  # noqa: S608  our own words
    )


def stated_in_time() -> pgtrigger.Trigger:
    """A person of a side answers or replies in an open dispute, in time."""
    return pgtrigger.Trigger(
        name="stated_in_time",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("d", "record"), ("a", "record"), ("answered_at", "timestamptz")],
        func=sql_body(
            _SQL / "stated_in_time.sql",
            REPLY_DAYS=REPLY_DAYS,
            ACTS=_acts("NEW.stated_by", "NEW.party", Permission.DELIVERIES_ANSWER),
        ),
    )


def filed_while_open() -> pgtrigger.Trigger:
    """A side of an open dispute hands in files, so many at most."""
    return pgtrigger.Trigger(
        name="filed_while_open",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("d", "record")],
        func=f"""
SELECT * INTO d FROM public.contracts_dispute WHERE id = NEW.dispute_id FOR NO KEY UPDATE;
IF coalesce(d.state <> 'open', true) OR (NEW.party = 'third_party' AND d.third_party_id IS NULL) OR {FILES_MAX} <= (
    SELECT count(*) FROM public.contracts_disputefile f WHERE f.dispute_id = d.id AND f.party = NEW.party) THEN
    RAISE EXCEPTION 'a side of an open dispute hands in {FILES_MAX} files at most'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'filed_while_open';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def settles_lawfully() -> pgtrigger.Trigger:
    """A side of an open dispute proposes what may be agreed, and a signatory of the other accepts it in time."""
    return pgtrigger.Trigger(
        name="settles_lawfully",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        declare=[("d", "record"), ("a", "record"), ("other", "text")],
        func=sql_body(
            _SQL / "settles_lawfully.sql",
            SETTLEMENTS=_PAIRS_SETTLEMENTS,
            SETTLEMENT_DAYS=SETTLEMENT_DAYS,
            WITH_AMOUNT=sql_list(WITH_AMOUNT),
            MAY_HAVE_AMOUNT=sql_list(MAY_HAVE_AMOUNT),
            PROPOSER_ACTS=_acts("NEW.proposed_by", "NEW.party", Permission.CONTRACTS_SIGN, proved=True),
            OTHER_ACTS=_acts("NEW.answered_by", "other", Permission.CONTRACTS_SIGN, proved=True),
        ),
    )


def settled_whole() -> pgtrigger.Trigger:
    """At the end of the transaction that accepts a settlement, its dispute is settled so; nothing is proposed in one that ended."""
    return pgtrigger.Trigger(
        name="settled_whole",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func="""
IF NEW.state = 'accepted' AND NOT EXISTS (
    SELECT FROM public.contracts_dispute d WHERE d.id = NEW.dispute_id AND d.state = 'settled' AND d.outcome = NEW.outcome) THEN
    RAISE EXCEPTION '% settles its dispute', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'settled_whole';
END IF;
RETURN NULL;
""",
    )


def remedy_of_outcome() -> pgtrigger.Trigger:
    """A remedy is ordered by a dispute that was decided or settled, and is due within the days of the rules."""
    return pgtrigger.Trigger(
        name="remedy_of_outcome",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF NOT EXISTS (
    SELECT FROM public.contracts_dispute d WHERE d.id = NEW.dispute_id AND d.state IN ('resolved', 'settled')) THEN
    RAISE EXCEPTION 'a remedy follows a decision or a settlement' USING ERRCODE = 'check_violation', CONSTRAINT = 'remedy_of_outcome';
END IF;
IF NEW.due_by IS DISTINCT FROM public.end_of_period(NEW.ordered_at, 'P{REMEDY_DAYS}D') THEN
    RAISE EXCEPTION 'a remedy is carried out within {REMEDY_DAYS} days' USING ERRCODE = 'check_violation', CONSTRAINT = 'remedy_of_outcome';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def remedied_whole() -> pgtrigger.Trigger:
    """At the end of the transaction that decides or settles a dispute, what its outcome orders is ordered, and nothing else."""
    return pgtrigger.Trigger(
        name="remedied_whole",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func=f"""
IF NEW.state <> OLD.state AND NEW.state IN ('resolved', 'settled') AND {unremedied("NEW")} THEN
    RAISE EXCEPTION 'the end of % orders other remedies', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'remedied_whole';
END IF;
RETURN NULL;
""",
    )


def relieved_lawfully() -> pgtrigger.Trigger:
    """A mediator of an open dispute steps back itself, is relieved by a colleague without an interest, or by the market once it may not
    decide any more."""
    return pgtrigger.Trigger(
        name="relieved_lawfully",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("relief", "relieved_by", "relieved_at"),
        declare=[("d", "record")],
        func=f"""
IF NEW.relieved_at IS NULL OR OLD.relieved_at IS NOT NULL THEN
    RETURN NEW;
END IF;
SELECT * INTO d FROM public.contracts_dispute WHERE id = NEW.dispute_id FOR SHARE;
IF coalesce(d.state <> 'open', true) OR NOT coalesce((CASE NEW.relief
    WHEN '{Relief.WITHDREW}' THEN NEW.relieved_by = NEW.person
    WHEN '{Relief.UNAVAILABLE}' THEN NEW.relieved_by <> NEW.person AND NOT {has_interest("NEW.relieved_by", "d")}
    WHEN '{Relief.AUTHORITY_ENDED}' THEN NOT {decides_disputes("NEW.person")}
    WHEN '{Relief.INTEREST}' THEN {has_interest("NEW.person", "d")} END), false)
   OR (NEW.relief IN ({sql_list(RELIEVED_BY_MARKET)})) <> (NEW.relieved_by = 'system') THEN
    RAISE EXCEPTION 'the mediator of an open dispute steps back, or is relieved for a reason that stands'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'relieved_lawfully';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def impossible_lawfully() -> pgtrigger.Trigger:
    """The market ends a remedy by itself where nothing of its adjustment moved, because of the charge nothing was left to return."""
    return pgtrigger.Trigger(
        name="impossible_lawfully",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("impossible_at", "because"),
        func=f"""
IF NEW.because = '{Impossible.CAME_BACK}' AND OLD.because IS NULL AND NOT EXISTS (
    SELECT FROM public.contracts_adjustment j
      JOIN public.contracts_dispute d ON d.agreement_id = j.agreement_id AND d.id = NEW.dispute_id
     WHERE NEW.kind = 'price_adjusted' AND j.public_id = NEW.reference AND j.debtor = 'seller' AND j.unmoved_minor = j.amount_minor
       AND d.outcome <> 'termination') THEN
    RAISE EXCEPTION 'a remedy of which something is left to carry out ends by people'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'impossible_lawfully';
END IF;
RETURN NEW;
""",
    )


def unmoved_as_recorded() -> pgtrigger.Trigger:
    """What did not move of an adjustment is what clearing has recorded of it."""
    return pgtrigger.Trigger(
        name="unmoved_as_recorded",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("unmoved_minor"),
        func="""
IF NEW.unmoved_minor IS DISTINCT FROM OLD.unmoved_minor AND NOT EXISTS (
    SELECT FROM public.evidence_evidencerecord e
     WHERE e.kind = 'contracts.adjustment_unmoved' AND e.subject = NEW.public_id
       AND (e.payload ->> 'unmoved_minor')::bigint = NEW.unmoved_minor) THEN
    RAISE EXCEPTION 'what did not move of % is on record', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'unmoved_as_recorded';
END IF;
RETURN NEW;
""",
    )
