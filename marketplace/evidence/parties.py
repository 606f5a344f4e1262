"""Whose a record is: the register of what records are about, and the SQL functions that name their parties.

Applications declare in ``record_parties.py`` of whom the rows are that their records are about, by the prefix of the rows' public
identifiers, or by the kind of record where it differs. The database writes the parties with each record, from the row
itself, so that no caller states them and none forgets them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import migrations

from marketplace.kernel.guards import sql_list

from .secret_kinds import SECRET_KINDS

PARTIES: dict[str, RecordParties] = {}
SEALS: list[str] = []
"""Conditions in SQL under which the record ``stated_record`` is sealed by people."""


@dataclass(frozen=True)
class RecordParties:
    """Whose the records are that are about rows with the prefix ``of``, or that are of the kind ``of``, which goes first.

    ``source`` is a table or query of rows ``r``. ``keys``, ``names`` and ``lists`` are SQL over ``r``: database keys and public
    identifiers of organisations, and arrays of these; ``also`` is a query of identifiers. ``where`` finds the row by
    ``stated_subject`` and ``stated_payload``. ``partly``: identifiers of parties from whom the fields ``withheld`` of the payload
    are kept, because they are the other's. ``untold``: nobody is told of the records while the row is so. ``sealed_days``: law
    keeps records of this kind secret, so long at first; people look at those for which ``reviewed_if`` holds of the record
    ``e`` before that. ``leaves``: the rows are deleted some day, the parties stay. ``nobody``: why the records are no
    participant's.
    """

    of: str
    source: str = ""
    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    also: str = ""
    where: str = "r.public_id = stated_subject"
    partly: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    untold: str = ""
    sealed_days: int = 0
    reviewed_if: str = "true"
    leaves: bool = False
    nobody: str = ""

    def __post_init__(self) -> None:
        """Register it; raises ValueError if it is declared twice, names neither parties nor why there are none, or is
        sealed at first without its place in ``secret_kinds``."""
        named = bool(self.keys or self.names or self.lists or self.also or self.partly)
        if self.of in PARTIES or named == bool(self.nobody) or bool(self.partly) != bool(self.withheld):
            raise ValueError(f"parties of records {self.of} are declared twice, or are unclear")
        if bool(self.sealed_days) != (self.of in SECRET_KINDS):
            raise ValueError(f"records {self.of} are not sealed at first as evidence.secret_kinds says")
        PARTIES[self.of] = self

    @property
    def is_kind(self) -> bool:
        """Whether it is about a kind of record, not about a prefix."""
        return "." in self.of

    @property
    def query(self) -> str:
        """The identifiers of the parties and whether each sees the whole payload, in SQL."""
        rows = f"FROM {self.source} r WHERE {self.where}"
        found = [f"SELECT (unnest({name}))::text, true {rows}" for name in self.lists]
        found += [f"SELECT ({name})::text, true {rows}" for name in self.names]
        found += [f"SELECT ({name})::text, false {rows}" for name in self.partly]
        if self.keys:
            found.append(
                "SELECT o.public_id::text, true FROM public.participants_organisation o, "  # noqa: S608  our own words
                f"{self.source} r WHERE {self.where} AND o.id IN ({', '.join(self.keys)})"
            )
        if self.also:
            found.append(f"SELECT f.name::text, true FROM ({self.also}) AS f (name)")  # noqa: S608  our own words
        return " UNION ".join(found)


def prefix_of(subject: str) -> str:
    """The prefix of a public identifier."""
    return subject.partition("_")[0]


def is_declared(kind: str, subject: str) -> bool:
    """Whether the register says whose a record is."""
    return kind in PARTIES or prefix_of(subject) in PARTIES


def withheld_fields(kind: str, subject: str) -> tuple[str, ...]:
    """The fields of the payload that are withheld from parties that do not see the whole."""
    found = PARTIES.get(kind) or PARTIES.get(prefix_of(subject))
    return found.withheld if found else ()


def _declared() -> list[RecordParties]:
    """All declarations in one order, so that the functions do not depend on which module was imported first."""
    return sorted(PARTIES.values(), key=lambda each: each.of)


def parties_function() -> str:
    """The statement that makes ``evidence_parties``: whose a record is, from the row that it is about."""
    declared = _declared()
    named = [each for each in declared if not each.nobody]
    kinds = "".join(
        f"WHEN '{each.of}' THEN RETURN QUERY {each.query}; RETURN;\n" for each in named if each.is_kind
    )
    prefixes = "".join(
        f"WHEN '{each.of}' THEN RETURN QUERY {each.query};\n" for each in named if not each.is_kind
    )
    nobody = sql_list(each.of for each in declared if each.nobody and each.is_kind)
    return f"""
CREATE OR REPLACE FUNCTION public.evidence_parties(stated_kind text, stated_subject text, stated_payload jsonb)
RETURNS TABLE (party text, is_whole boolean) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (stated_kind IN ({nobody})) THEN
        RETURN;
    END IF;
    CASE stated_kind
    {kinds}
    ELSE NULL;
    END CASE;
    CASE split_part(stated_subject, '_', 1)
    {prefixes}
    ELSE NULL;
    END CASE;
END $$
"""


def sealed_function() -> str:
    """The statement that makes ``evidence_is_sealed``: whether nobody is told of a record now."""
    declared = _declared()
    secret = "".join(
        f"WHEN '{each.of}' THEN days := {each.sealed_days};\n" for each in declared if each.sealed_days
    )
    untold = "".join(
        f"WHEN '{each.of}' THEN\n"
        f"RETURN EXISTS (SELECT FROM {each.source} r WHERE {each.where} AND ({each.untold}));\n"
        for each in declared
        if each.untold
    )
    return f"""
CREATE OR REPLACE FUNCTION public.evidence_is_sealed(
    stated_record text, stated_kind text, stated_subject text, occurred_at timestamptz
) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE days integer := 0;
BEGIN
    CASE stated_kind
    {secret}
    ELSE NULL;
    END CASE;
    IF (public.business_now() < occurred_at + make_interval(days => days)) OR {" OR ".join(sorted(SEALS))} THEN
        RETURN true;
    END IF;
    CASE split_part(stated_subject, '_', 1)
    {untold}
    ELSE RETURN false;
    END CASE;
END $$
"""


def make_functions() -> migrations.RunPython:
    """The operation that makes both functions from what the applications declare; a migration anew when they declare otherwise."""

    def make(apps: Any, schema_editor: Any) -> None:
        for statement in (parties_function(), sealed_function()):
            schema_editor.execute(statement, params=None)

    return migrations.RunPython(make, migrations.RunPython.noop)
