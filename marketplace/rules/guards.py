"""Database guards of this application: the numbering of rulebooks, and the consistency of decisions."""

from __future__ import annotations

from collections.abc import Iterable

import pgtrigger


def gapless_rulebooks() -> pgtrigger.Trigger:
    """Rulebooks are numbered 1, 2, 3 … without a gap, each published no earlier than the one before it."""
    return pgtrigger.Trigger(
        name="gapless_rulebooks",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("last_number", "integer"), ("last_published_at", "timestamptz")],
        func="""
            SELECT coalesce(max(number), 0), max(published_at)
                INTO last_number, last_published_at FROM rules_rulebook;
            IF NEW.number <> last_number + 1 THEN
                RAISE EXCEPTION 'rulebook % does not follow on rulebook %', NEW.number, last_number
                    USING ERRCODE = 'check_violation';
            END IF;
            IF NEW.published_at < last_published_at THEN
                RAISE EXCEPTION 'a rulebook is published after the one before it'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def neutral_vocabulary(namespaces: Iterable[str]) -> pgtrigger.Trigger:
    """At tariff points and neutral points the vocabulary has only facts of the given ``namespaces``."""
    permitted = ", ".join(f"'{namespace}'" for namespace in namespaces)
    return pgtrigger.Trigger(
        name="neutral_vocabulary",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
            IF jsonb_typeof(NEW.vocabulary->'points') IS DISTINCT FROM 'object' OR EXISTS (
                SELECT FROM jsonb_each(NEW.vocabulary->'points') AS point,
                            jsonb_object_keys(point.value->'facts') AS fact
                WHERE (point.value->>'neutral' = 'true' OR point.value->>'kind' = 'tariff')
                  AND split_part(fact, '.', 1) NOT IN ({permitted})
            ) THEN
                RAISE EXCEPTION 'a neutral point does not know who takes part'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def rulebook_in_force() -> pgtrigger.Trigger:
    """A decision uses the rulebook in force: of those effective by then, the one with the highest number."""
    return pgtrigger.Trigger(
        name="rulebook_in_force",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF NEW.rulebook_id IS DISTINCT FROM (
                SELECT id FROM rules_rulebook WHERE effective_from <= NEW.decided_at
                ORDER BY number DESC LIMIT 1
            ) THEN
                RAISE EXCEPTION 'a decision rests on the rulebook in force'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def outcome_follows(strength: Iterable[str]) -> pgtrigger.Trigger:
    """A decision has reasons, and its outcome is their strongest; ``strength`` lists the weakest first."""
    order = ", ".join(f"'{outcome}'" for outcome in strength)
    return pgtrigger.Trigger(
        name="outcome_follows",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("strongest", "text"), ("unknown", "bigint")],
        func=f"""
            IF jsonb_typeof(NEW.reasons) <> 'array' THEN
                RAISE EXCEPTION 'reasons are a list' USING ERRCODE = 'check_violation';
            END IF;
            SELECT (ARRAY[{order}])[max(array_position(ARRAY[{order}], reason->>'outcome'))],
                   count(*) FILTER (WHERE coalesce(array_position(ARRAY[{order}], reason->>'outcome'), 0) = 0)
                INTO strongest, unknown FROM jsonb_array_elements(NEW.reasons) AS reason;
            IF unknown > 0 OR strongest IS DISTINCT FROM NEW.outcome THEN
                RAISE EXCEPTION 'the outcome % does not follow from the reasons', NEW.outcome
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,  # noqa: S608  built from the names of outcomes alone
    )
