"""Database guards of commands on money, and of which permission a command of clearing takes."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.participants.interest_guards import RECUSED
from marketplace.rules.parameters import PARAMETERS

from .locks import COMMAND_LOCK
from .permissions import CONCERNED, DEFAULT, PERMISSIONS, PREFIX, UNRELATED

_SQL = Path(__file__).parent / "sql"


def within_one_persons_limit() -> pgtrigger.Trigger:
    """A command has its own approval, or one person's commands of its kind for the payee that day stay below the limit."""
    return pgtrigger.Trigger(
        name="within_one_persons_limit",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("limit_minor", "numeric"), ("alone_minor", "numeric")],
        func=sql_body(
            _SQL / "within_one_persons_limit.sql",
            COMMAND_LOCK=COMMAND_LOCK.acquire_for_in_guard(
                "concat_ws(':', NEW.command, NEW.payee, NEW.currency, NEW.given_on)"
            ),
            LIMIT_DEFAULT=PARAMETERS["second_person_minor"].default,
        ),
    )


def commanded_by_right() -> pgtrigger.Trigger:
    """Who approves a command of clearing acts with the permission of that command, which the operator's roles alone have."""
    cases = " ".join(f"WHEN '{command}' THEN '{needed}'" for command, needed in sorted(PERMISSIONS.items()))
    return pgtrigger.Trigger(
        name="commanded_by_right",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "commanded_by_right.sql", PREFIX=PREFIX, CASES=cases, DEFAULT=DEFAULT),
    )


def commanded_by_unrelated(*people: str, payload: str, when: str) -> pgtrigger.Trigger:
    """Nobody gives a command about single participants who has declared an interest in one of them."""
    recused = " OR ".join(f"public.is_recused(NEW.{person}, c.id)" for person in people)
    concerned = CONCERNED.format(payload=payload, subject="NEW.subject")
    return pgtrigger.Trigger(
        name="commanded_by_unrelated",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
IF NEW.command IN ({sql_list(sorted(UNRELATED))}) AND {when} AND EXISTS (SELECT FROM {concerned} c WHERE {recused}) THEN
    RAISE EXCEPTION 'who has declared an interest in a party of % gives no command about it', NEW.subject
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",
    )
