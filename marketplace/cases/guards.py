"""Database guards of cases: who decides them, and that nothing on hold is decided without one."""

from __future__ import annotations

from collections.abc import Mapping

import pgtrigger

from marketplace.kernel.guards import sql_list
from marketplace.participants.interest_guards import RECUSED

from .states import AGAINST

DECIDERS = """(
    SELECT p.person FROM public.cases_case f CROSS JOIN LATERAL (VALUES (f.first_person), (f.resolved_by)) AS p (person)
     WHERE f.kind <> 'appeal' AND f.state = 'resolved' AND {organisation} IN (f.organisation_id, f.counterparty_id)
       AND {appealed} IN (f.public_id, f.decision)
    UNION ALL SELECT s.suspended_by FROM public.participants_suspension s WHERE s.public_id = {appealed}
    UNION ALL SELECT p.person FROM public.participants_organisationrelation l
      CROSS JOIN LATERAL (VALUES (l.first_person), (l.stated_by)) AS p (person) WHERE l.public_id = {appealed})"""
"""Who decided what is appealed, in SQL after IN."""
JUDGES = """(
    SELECT p.person FROM public.cases_case f CROSS JOIN LATERAL (VALUES (f.first_person), (f.resolved_by)) AS p (person)
     WHERE f.kind = 'appeal' AND f.state = 'resolved' AND f.subject = {decision})"""
"""Who decided an appeal of the decision that put something on hold, in SQL after IN."""
APPEALED_PARTIES = """(
    SELECT p.id FROM public.cases_case f CROSS JOIN LATERAL (VALUES (f.organisation_id), (f.counterparty_id)) AS p (id)
     WHERE f.kind <> 'appeal' AND f.public_id = {appealed}
    UNION SELECT o.id FROM public.rules_decision d JOIN public.participants_organisation o ON o.public_id = ANY (d.parties)
     WHERE d.public_id = {appealed}
    UNION SELECT p.id FROM public.participants_organisationrelation l
      CROSS JOIN LATERAL (VALUES (l.organisation_id), (l.related_id)) AS p (id) WHERE l.public_id = {appealed})"""
"""The keys of both parties of what is appealed, in SQL after FROM: of a conclusion, a decision of the rules, or a relation."""


STILL_STANDS = """EXISTS (
    SELECT FROM public.participants_suspension s WHERE s.public_id = c.subject
       AND NOT EXISTS (SELECT FROM public.participants_reinstatement t WHERE t.suspension_id = s.id)
    UNION ALL SELECT FROM public.participants_organisationrelation l WHERE l.public_id = c.subject AND l.ended_at IS NULL)"""
"""Whether the suspension, or the relation, that a case ``c`` appeals still stands, in SQL."""


RELATION_BY_OTHERS = """(l.organisation_id = c.organisation_id AND l.source = 'found' OR l.related_id = c.organisation_id
         AND NOT EXISTS (SELECT FROM public.participants_organisation t WHERE t.id = l.related_id AND t.is_operator))"""
"""Whether another than the organisation of the case ``c``, a participant, stated its relation ``l``, in SQL."""


def resolved_in_its_transaction() -> pgtrigger.Trigger:
    """A case begins undecided; the transaction that decides it is on record, by which guards below know it."""
    return pgtrigger.Trigger(
        name="resolved_in_its_transaction",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
IF TG_OP = 'INSERT' THEN
    NEW.resolved_in := NULL;
ELSIF NEW.state = 'resolved' AND OLD.state <> 'resolved' THEN
    NEW.resolved_in := pg_current_xact_id();
ELSE
    NEW.resolved_in := OLD.resolved_in;
END IF;
RETURN NEW;
""",
    )


def ended_for_good() -> pgtrigger.Trigger:
    """A case that has ended stays as it was decided."""
    return pgtrigger.Trigger(
        name="ended_for_good",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="""
IF OLD.state <> 'open' AND (NEW.state, NEW.outcome, NEW.reason, NEW.first_person, NEW.resolved_by, NEW.ended_at, NEW.kept_until)
   IS DISTINCT FROM (OLD.state, OLD.outcome, OLD.reason, OLD.first_person, OLD.resolved_by, OLD.ended_at, OLD.kept_until) THEN
    RAISE EXCEPTION 'the case % has ended', OLD.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def appeal_by_others() -> pgtrigger.Trigger:
    """Who decides an appeal did not decide what is appealed, nor the other way round."""
    people = {
        "organisation": "NEW.organisation_id",
        "appealed": "NEW.subject",
        "decision": "nullif(NEW.decision, '')",
    }
    deciders, judges = DECIDERS.format(**people), JUDGES.format(**people)
    return pgtrigger.Trigger(
        name="appeal_by_others",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("first_person", "resolved_by"),
        func=f"""
IF NEW.state = 'resolved' AND (
    NEW.kind = 'appeal' AND (NEW.first_person IN {deciders} OR NEW.resolved_by IN {deciders})
    OR NEW.kind <> 'appeal' AND (NEW.first_person IN {judges} OR NEW.resolved_by IN {judges})) THEN
    RAISE EXCEPTION 'who decided % first does not decide the appeal', NEW.subject
        USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_by_others';
END IF;
RETURN NULL;
""",
    )


def appealed_parties_recused() -> pgtrigger.Trigger:
    """Who decides an appeal has declared an interest in no party of what is appealed, as the other of a conclusion or a relation."""
    recused = " OR ".join(
        f"public.is_recused({person}, p.id)" for person in ("NEW.first_person", "NEW.resolved_by")
    )
    return pgtrigger.Trigger(
        name="appealed_parties_recused",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("first_person", "resolved_by"),
        func=f"""
IF NEW.kind = 'appeal' AND NEW.state = 'resolved' AND OLD.state IS DISTINCT FROM NEW.state AND EXISTS (
    SELECT FROM {APPEALED_PARTIES.format(appealed="NEW.subject")} p WHERE {recused}) THEN
    RAISE EXCEPTION 'who has declared an interest in a party of what is appealed decides no appeal of it'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",
    )


def remedied_unrelated() -> pgtrigger.Trigger:
    """Who carries out an appeal has declared an interest in no party of it, nor of what is appealed."""
    return pgtrigger.Trigger(
        name=RECUSED,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF EXISTS (SELECT FROM public.cases_case c WHERE c.id = NEW.case_id AND (
    public.is_recused(NEW.carried_out_by, c.organisation_id) OR EXISTS (
        SELECT FROM {APPEALED_PARTIES.format(appealed="c.subject")} p WHERE public.is_recused(NEW.carried_out_by, p.id)))) THEN
    RAISE EXCEPTION 'who has declared an interest in a party of what is appealed carries out no appeal of it'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",  # noqa: S608  our own words
    )


def appeal_has_its_statement() -> pgtrigger.Trigger:
    """When the transaction ends that opens an appeal, its statement is there; only an appeal has one."""
    return pgtrigger.Trigger(
        name="appeal_has_its_statement",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func="""
IF NEW.kind = 'appeal' AND NOT EXISTS (SELECT FROM public.cases_appeal a WHERE a.case_id = NEW.id) THEN
    RAISE EXCEPTION 'the appeal % has no statement', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
""",
    )


def appeal_of_own() -> pgtrigger.Trigger:
    """An appeal is of what concerns its organisation: a decided case, a decision of the rules, a suspension or a relation of it."""
    return pgtrigger.Trigger(
        name="appeal_of_own",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF NOT EXISTS (
    SELECT FROM public.cases_case c JOIN public.participants_organisation o ON o.id = c.organisation_id
     WHERE c.id = NEW.case_id AND c.kind = 'appeal' AND c.state = 'open' AND (
           EXISTS (SELECT FROM public.cases_case f WHERE f.public_id = c.subject AND f.kind <> 'appeal'
                      AND c.organisation_id IN (f.organisation_id, f.counterparty_id)
                      AND f.state = 'resolved' AND f.outcome IN ({sql_list(AGAINST)}))
        OR EXISTS (SELECT FROM public.rules_decision d WHERE d.public_id = c.subject
                      AND o.public_id = ANY (d.parties) AND d.outcome IN ('hold', 'deny'))
        OR EXISTS (SELECT FROM public.participants_suspension s WHERE s.public_id = c.subject
                      AND s.organisation_id = c.organisation_id)
        OR EXISTS (SELECT FROM public.participants_organisationrelation l WHERE l.public_id = c.subject
                      AND {RELATION_BY_OTHERS}))) THEN
    RAISE EXCEPTION 'an appeal is of what was decided against its own organisation' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def remedies_changed_appeal() -> pgtrigger.Trigger:
    """Only an appeal that changed the first decision is carried out; that of a suspension or a relation, when this has ended."""
    return pgtrigger.Trigger(
        name="remedies_changed_appeal",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF NOT EXISTS (SELECT FROM public.cases_case c WHERE c.id = NEW.case_id AND c.outcome = 'changed') THEN
    RAISE EXCEPTION 'only an appeal that changed the first decision is carried out' USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (SELECT FROM public.cases_case c WHERE c.id = NEW.case_id AND {STILL_STANDS}) THEN
    RAISE EXCEPTION 'the suspension or the relation that the appeal ends still stands' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def rescreened_while_standing() -> pgtrigger.Trigger:
    """The case of an admission that a new rulebook would not give is opened while the admission stands.

    The admission's row is locked until the transaction ends: who ends it sees the case.
    """
    return pgtrigger.Trigger(
        name="rescreened_while_standing",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NEW.kind = 'rescreening' THEN
    PERFORM FROM public.participants_admission a WHERE a.public_id = NEW.subject AND a.state = 'admitted' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the admission % does not stand: there is nothing to decide', NEW.subject
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rescreened_while_standing';
    END IF;
END IF;
RETURN NEW;
""",
    )


def decided_in_case(kind: str, outcomes: Mapping[str, str]) -> pgtrigger.Trigger:
    """What the rules put on hold changes by the case of it that two people decide in the same transaction.

    ``outcomes``: which outcome of the case each state follows from.
    """
    cases = " ".join(f"WHEN '{state}' THEN '{outcome}'" for state, outcome in outcomes.items())
    return pgtrigger.Trigger(
        name="decided_in_case",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=f"""
IF OLD.state = 'on_hold' AND NEW.state IN ({sql_list(outcomes)}) AND NOT EXISTS (
    SELECT FROM public.cases_case c
     WHERE c.kind = '{kind}' AND c.subject = NEW.public_id AND c.state = 'resolved'
       AND c.resolved_in = pg_current_xact_id() AND c.outcome = CASE NEW.state {cases} END) THEN
    RAISE EXCEPTION '% is on hold: two people decide its case', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'decided_in_case';
END IF;
RETURN NEW;
""",
    )


def stated_in_case() -> pgtrigger.Trigger:
    """The conditions of an admission are stated in the transaction in which two people allow its case."""
    return pgtrigger.Trigger(
        name="stated_in_case",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NOT EXISTS (
    SELECT FROM public.cases_case c JOIN public.participants_admission a ON a.public_id = c.subject
     WHERE a.id = NEW.admission_id AND c.kind = 'admission' AND c.state = 'resolved' AND c.outcome = 'allow'
       AND c.resolved_in = pg_current_xact_id()) THEN
    RAISE EXCEPTION 'two people state the conditions of an admission in its case'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'stated_in_case';
END IF;
RETURN NEW;
""",
    )
