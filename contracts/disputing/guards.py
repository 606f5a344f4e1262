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
    FILES_MAX,
    MAY_EXPEL,
    MAY_HAVE_AMOUNT,
    OUTCOMES,
    REASONS,
    REPLY_DAYS,
    SETTLEMENTS,
    WITH_AMOUNT,
)

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
IF coalesce(d.state <> 'open', true) OR EXISTS (
    SELECT FROM public.contracts_agreement a
     WHERE a.id = d.agreement_id AND (public.is_recused(NEW.person, a.buyer_id) OR public.is_recused(NEW.person, a.seller_id)
        OR public.is_recused(NEW.person, d.third_party_id)))
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
    """A remedy is ordered by a dispute that was decided or settled."""
    return pgtrigger.Trigger(
        name="remedy_of_outcome",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NOT EXISTS (
    SELECT FROM public.contracts_dispute d WHERE d.id = NEW.dispute_id AND d.state IN ('resolved', 'settled')) THEN
    RAISE EXCEPTION 'a remedy follows a decision or a settlement' USING ERRCODE = 'check_violation', CONSTRAINT = 'remedy_of_outcome';
END IF;
RETURN NEW;
""",
    )
