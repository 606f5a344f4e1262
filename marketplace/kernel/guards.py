"""Database guards: triggers that a model declares in ``Meta.triggers``, built on django-pgtrigger.

Each raises SQLSTATE 23514 (check_violation), which Django raises as IntegrityError. Guards that follow from a list of
columns or states are generated here. A guard written by hand has its body in ``sql/<guard>.sql`` beside the module
that declares it, and loads it by ``sql_body``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pgtrigger

from .states import StateMachine

APPEND_ONLY = "append_only"
DATED_NOW = "dated_now"
_PLACEHOLDER = re.compile(r"\{([A-Z][A-Z_]*)\}")


def sql_body(file: Path, **parameters: str | int) -> str:
    """The PL/pgSQL body in ``file``, each ``{NAME}`` in it filled with the SQL text that ``parameters`` has for NAME.

    Raises ValueError where a placeholder is not filled, or a parameter has no placeholder.
    """
    body = file.read_text(encoding="utf-8")
    placeholders = set(_PLACEHOLDER.findall(body))
    if unfilled := placeholders - set(parameters):
        raise ValueError(f"{file.name}: no parameter fills {', '.join(sorted(unfilled))}")
    if unknown := set(parameters) - placeholders:
        raise ValueError(f"{file.name}: no placeholder is named {', '.join(sorted(unknown))}")
    return _PLACEHOLDER.sub(lambda found: str(parameters[found[1]]), body)


def sql_list(values: Iterable[str]) -> str:
    """Our own words (states, kinds) as a list of SQL strings, in the order given: ``'a', 'b'``."""
    return ", ".join(f"'{value}'" for value in values)


def _refuse(message: str, *arguments: str) -> str:
    values = "".join(f", {argument}" for argument in arguments)
    return f"RAISE EXCEPTION '{message}'{values} USING ERRCODE = 'check_violation';"


def append_only() -> pgtrigger.Trigger:
    """Refuse every update, deletion and truncation."""
    return pgtrigger.Trigger(
        name=APPEND_ONLY,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func=_refuse("% is append-only: % is refused", "TG_TABLE_NAME", "TG_OP"),
    )


def dated_now(
    *business: str, real: Iterable[str] = (), past: Iterable[str] = (), stated: Iterable[str] = ()
) -> pgtrigger.Trigger:
    """The moments of a new row are those of the database's clock, within ``moments.LATE_SECONDS_MAX``.

    ``business`` and ``real``: columns of the present business and real time. ``past``: columns of business moments that may
    be long over, but not to come. ``stated``: columns of moments that somebody chooses, such as the beginning of a rule;
    they are only named, so that a test knows that no column was forgotten.
    """
    columns = {"business": tuple(business), "real": tuple(real), "past": tuple(past)}
    parts = [
        test.format(first=f"least({', '.join(names)})", last=f"greatest({', '.join(names)})")
        for (kind, names) in columns.items()
        if names
        for test in [_DATED[kind]]
    ]
    return pgtrigger.Trigger(
        name=DATED_NOW,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        func=f"""
            -- Somebody states: {", ".join(stated) or "nothing"}.
            IF NOT (SELECT coalesce({" AND ".join(parts)}, true) FROM new_rows) THEN
                {_refuse("%: a moment is not that of the clock", "TG_TABLE_NAME")}
            END IF;
            RETURN NULL;
        """,  # noqa: S608  our own words
    )


def set_now(*columns: str) -> pgtrigger.Trigger:
    """Moments of business time that an update sets are those of the database's clock, as ``dated_now`` compares new rows."""
    wrong = " OR ".join(
        f"(NEW.{column} IS DISTINCT FROM OLD.{column} AND NOT public.is_business_present(NEW.{column}, NEW.{column}))"
        for column in columns
    )
    return pgtrigger.Trigger(
        name="set_now",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf(*columns),
        func=f"""
            IF {wrong} THEN
                {_refuse("%: a moment is not that of the clock", "TG_TABLE_NAME")}
            END IF;
            RETURN NULL;
        """,
    )


_DATED = {
    "business": "public.is_business_present(min({first}), max({last}))",
    "real": "public.is_real_present(min({first}), max({last}))",
    "past": "public.is_business_present(public.business_now(), greatest(max({last}), public.business_now()))",
}


class _DiffersFromDrawn(pgtrigger.Condition):
    """The key of a new row is not the one that the sequence of its table gave last in this session."""

    sql = "NEW.id IS DISTINCT FROM currval('public.{table}_id_seq'::regclass)"

    def resolve(self, model: Any) -> str:
        """The condition for the table of ``model``."""
        return self.sql.format(table=model._meta.db_table)


def own_key() -> pgtrigger.Trigger:
    """The key of a new row is drawn from its table's sequence as it is written: it takes none of a later row, and no place
    among earlier ones. The server compares them without a call, so it costs what a check costs."""
    return pgtrigger.Trigger(
        name="own_key",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=_DiffersFromDrawn(),
        func=_refuse("%: the key % was not drawn from the sequence", "TG_TABLE_NAME", "NEW.id"),
    )


def own_transaction() -> pgtrigger.Trigger:
    """The column ``transaction`` of a new row is the transaction that writes it; compared as ``own_key`` compares."""
    return pgtrigger.Trigger(
        name="own_transaction",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.transaction IS DISTINCT FROM pg_current_xact_id()"),
        func=_refuse("%: transaction % does not write this row", "TG_TABLE_NAME", "NEW.transaction"),
    )


def only_forward() -> pgtrigger.Trigger:
    """A position (``transaction``, ``event_id``) in the order of commits never moves back."""
    return pgtrigger.Trigger(
        name="only_forward",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition("((NEW.transaction, NEW.event_id) < (OLD.transaction, OLD.event_id))"),
        func=_refuse("%: a position does not move back", "TG_TABLE_NAME"),
    )


def no_delete() -> pgtrigger.Trigger:
    """Refuse every deletion and truncation; the other guards decide which updates are allowed."""
    return pgtrigger.Trigger(
        name="no_delete",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Delete | pgtrigger.Truncate,
        func=_refuse("rows of % are kept: % is refused", "TG_TABLE_NAME", "TG_OP"),
    )


def state_guard(machine: StateMachine, field: str = "state") -> pgtrigger.Trigger:
    """Rows are inserted in an initial state and change state only along the edges of ``machine``."""
    initial = sql_list(sorted(map(str, machine.initial)))
    edges = ", ".join(f"('{source}', '{target}')" for source, target in machine.edges()) or "(NULL, NULL)"
    return pgtrigger.Trigger(
        name=f"{field}_guard",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
            IF TG_OP = 'INSERT' THEN
                IF NEW.{field} NOT IN ({initial}) THEN
                    {_refuse(machine.name + ": a row cannot begin as %", f"NEW.{field}")}
                END IF;
            ELSIF NEW.{field} IS DISTINCT FROM OLD.{field}
                  AND (OLD.{field}, NEW.{field}) NOT IN ({edges}) THEN
                {_refuse(machine.name + ": % does not lead to %", f"OLD.{field}", f"NEW.{field}")}
            END IF;
            RETURN NEW;
        """,
    )


def immutable(*columns: str, name: str = "immutable") -> pgtrigger.Trigger:
    """The named columns keep the value they were inserted with."""
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
            IF {changed} THEN
                {_refuse("%: what was agreed cannot be changed", "TG_TABLE_NAME")}
            END IF;
            RETURN NEW;
        """,
    )


def set_once(*columns: str, name: str = "set_once") -> pgtrigger.Trigger:
    """The named columns may change from NULL to a value once, and never again."""
    changed = " OR ".join(
        f"(OLD.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column})" for column in columns
    )
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
            IF {changed} THEN
                {_refuse("%: what was recorded cannot be changed", "TG_TABLE_NAME")}
            END IF;
            RETURN NEW;
        """,
    )
