"""Database guards of the facts of organisations: they change by their own people, with a history."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import RULES, Permission

from .organisation_facts import Fact

_SQL = Path(__file__).parent / "sql"
_WRITING = RULES[Permission.ORGANISATION_WRITE]


def fact_by_own_person() -> pgtrigger.Trigger:
    """A fact is changed by a person of the organisation who may, with a fresh proof, from what it was."""
    return pgtrigger.Trigger(
        name="fact_by_own_person",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(
            _SQL / "fact_by_own_person.sql",
            WRITING=sql_list(sorted(_WRITING.participant | _WRITING.operator)),
        ),
    )


def facts_change_with_history() -> pgtrigger.Trigger:
    """A fact of an organisation becomes what a change says that was written in the same transaction."""
    tests = "\n".join(
        f"    OR NEW.{fact.value} IS DISTINCT FROM OLD.{fact.value} AND NOT EXISTS ("
        f" SELECT FROM public.participants_factchange c WHERE c.organisation_id = NEW.id AND c.fact = '{fact.value}'"
        f" AND c.transaction = pg_current_xact_id() AND c.old_value = coalesce(OLD.{fact.value}, '')"
        f" AND c.new_value = coalesce(NEW.{fact.value}, ''))"
        for fact in Fact
    )
    return pgtrigger.Trigger(
        name="facts_change_with_history",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf(*(fact.value for fact in Fact)),
        func=sql_body(_SQL / "facts_change_with_history.sql", UNEXPLAINED=tests),
    )
