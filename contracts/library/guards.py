"""Database guards of the library: what is published is published by two, templates are made of clauses, and terms meet what clauses demand."""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.permissions import Permission
from marketplace.kernel.texts import UNPRINTED
from marketplace.participants.acting import acts_now, holders

from ..locks import TEMPLATE_VERSION_LOCK
from .free import priced_unlawfully
from .special import FORBIDDEN, FORGED

_HOLDS = holders(Permission.RULEBOOK_WRITE)
ENTRY = """(e ->> 'clause', (e ->> 'version')::integer, e -> 'heading', e -> 'text', e -> 'parameters', e -> 'requires', e -> 'excludes',
    e -> 'demands', (e ->> 'survives')::boolean)"""
PUBLISHED = """(c.code::text, c.version::integer, c.heading, c.text, c.parameters, to_jsonb(c.requires), to_jsonb(c.excludes), c.demands,
    c.survives)"""
VALUE = "e -> 'values' -> (d ->> 'name')"


def gapless_versions() -> pgtrigger.Trigger:
    """The versions of a code are 1, 2, 3, …"""
    return pgtrigger.Trigger(
        name="gapless_versions",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
EXECUTE format('SELECT coalesce(max(version), 0) FROM %I.%I WHERE code = $1', TG_TABLE_SCHEMA, TG_TABLE_NAME)
   INTO latest USING NEW.code;
IF NEW.version <> latest + 1 THEN
    RAISE EXCEPTION 'the versions of % are numbered without a gap', NEW.code
        USING ERRCODE = 'check_violation', CONSTRAINT = 'gapless_versions';
END IF;
RETURN NEW;
""",
        declare=[("latest", "integer")],
    )


def published_by_two() -> pgtrigger.Trigger:
    """Two natural persons of the operator publish, the second with a fresh proof; what came with the market names nobody."""
    second = acts_now("NEW.published_by", holds=_HOLDS)
    first = acts_now("NEW.first_person", holds=_HOLDS, proved=False)
    return pgtrigger.Trigger(
        name="published_by_two",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF (NEW.published_by, NEW.first_person) IS DISTINCT FROM ('{SYSTEM.identifier}', '')
   AND NOT (NEW.first_person <> NEW.published_by AND {first} AND {second}) THEN
    RAISE EXCEPTION '% takes two people of the operator to publish', NEW.code
        USING ERRCODE = 'check_violation', CONSTRAINT = 'published_by_two';
END IF;
RETURN NULL;
""",
    )


def is_unlike_clause(entries: str) -> str:
    """Whether one of the entries (a JSON list in SQL) is not a published clause, or has values that its parameters do not allow."""
    return f"""EXISTS (
    SELECT FROM jsonb_array_elements({entries}) AS l(e)
     WHERE e ? 'clause' AND (
        NOT EXISTS (SELECT FROM public.contracts_clause c WHERE {PUBLISHED} IS NOT DISTINCT FROM {ENTRY})
        OR (SELECT count(*) FROM jsonb_object_keys(e -> 'values')) <> jsonb_array_length(e -> 'parameters')
        OR EXISTS (
            SELECT FROM jsonb_array_elements(e -> 'parameters') AS p(d) WHERE NOT coalesce((
                CASE d ->> 'type'
                WHEN 'number' THEN (CASE jsonb_typeof({VALUE}) WHEN 'number' THEN
                    ({VALUE})::numeric BETWEEN (d -> 'lowest')::numeric AND (d -> 'highest')::numeric END)
                WHEN 'day' THEN ({VALUE}) #>> '{{}}' ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$'
                WHEN 'choice' THEN EXISTS (SELECT FROM jsonb_array_elements(d -> 'options') AS o(x) WHERE x -> 'code' = {VALUE})
                WHEN 'text' THEN greatest(char_length({VALUE} ->> 'ja'), char_length({VALUE} ->> 'en')) <= (d -> 'length_max')::integer
                END), false))))"""  # noqa: S608  our own words


def is_apart(entries: str, beside: str = "'[]'::jsonb") -> str:
    """Whether among entries and those ``beside`` (JSON lists in SQL) one stands twice, lacks what it requires or meets what it excludes.

    What is required, and what stands twice, is asked of ``entries``.
    """
    every = f"(SELECT e FROM jsonb_array_elements({entries} || {beside}) AS l(e) WHERE e ? 'clause')"  # noqa: S608
    return f"""EXISTS (
    SELECT FROM {every} AS a(e) GROUP BY e ->> 'clause' HAVING count(*) > 1
    UNION ALL SELECT FROM jsonb_array_elements({entries}) AS l(e), jsonb_array_elements_text(e -> 'requires') AS r(code)
     WHERE e ? 'clause' AND NOT EXISTS (SELECT FROM {every} AS o(x) WHERE o.x ->> 'clause' = r.code)
    UNION ALL SELECT FROM {every} AS a(e), jsonb_array_elements_text(a.e -> 'excludes') AS r(code)
     WHERE EXISTS (SELECT FROM {every} AS o(x) WHERE o.x ->> 'clause' = r.code))"""  # noqa: S608  our own words


def is_unmet(demands: str, terms: str) -> str:
    """Whether terms (JSON in SQL) do not meet one of the demands (a JSON list in SQL)."""
    value = f"coalesce({terms} #> string_to_array(l.d ->> 'term', '.'), 'null'::jsonb)"
    return f"""EXISTS (
    SELECT FROM jsonb_array_elements({demands}) AS l(d)
     WHERE NOT coalesce(l.d -> 'in' @> {value}, true) OR coalesce(l.d -> 'not_in' @> {value}, false))"""


def codes_of(entries: str) -> str:
    """The codes of the clauses among entries (a JSON list in SQL), in order, as a JSON list."""
    return f"""(SELECT coalesce(jsonb_agg(l.e -> 'clause' ORDER BY l.at), '[]')
      FROM jsonb_array_elements({entries}) WITH ORDINALITY AS l(e, at) WHERE l.e ? 'clause')"""  # noqa: S608


def demands_of(entries: str) -> str:
    """What the clauses among entries (a JSON list in SQL) demand, each with its clause, in order, as a JSON list."""
    return f"""(SELECT coalesce(jsonb_agg(jsonb_build_object('clause', l.e -> 'clause') || m.d ORDER BY l.at, m.at), '[]')
      FROM jsonb_array_elements({entries}) WITH ORDINALITY AS l(e, at)
      CROSS JOIN LATERAL jsonb_array_elements(coalesce(l.e -> 'demands', '[]')) WITH ORDINALITY AS m(d, at))"""  # noqa: S608


def is_touching(entries: str) -> str:
    """Whether a free text among entries (a JSON list in SQL) states an amount, a date or a period, hides characters, or forges a heading."""
    expression = "|".join(f"({part})" for part in (*FORBIDDEN, *FORGED)).replace("'", "''")
    return f"""EXISTS (
    SELECT FROM jsonb_array_elements({entries}) AS l(e),
           unnest(ARRAY[e #>> '{{heading,ja}}', e #>> '{{heading,en}}', e #>> '{{text,ja}}', e #>> '{{text,en}}']) AS s(said)
     WHERE NOT e ? 'clause' AND coalesce(lower(normalize(s.said, NFKC)) ~ '{expression}' OR s.said ~ '{UNPRINTED}', true))"""


def is_misnumbered(entries: str) -> str:
    """Whether entries of a template (a JSON list in SQL) are not all clauses, numbered 1, 2, 3, …"""
    return f"""EXISTS (
    SELECT FROM jsonb_array_elements({entries}) WITH ORDINALITY AS l(e, at)
     WHERE (l.e ->> 'number')::bigint IS DISTINCT FROM l.at OR NOT l.e ? 'clause')"""  # noqa: S608


def made_of_clauses() -> pgtrigger.Trigger:
    """A template is made of published clauses that may stand together; its codes and demands are theirs."""
    return pgtrigger.Trigger(
        name="made_of_clauses",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF {is_misnumbered("NEW.clauses")} OR {is_unlike_clause("NEW.clauses")} OR {is_apart("NEW.clauses")}
   OR NEW.clause_codes IS DISTINCT FROM {codes_of("NEW.clauses")} OR NEW.demands IS DISTINCT FROM {demands_of("NEW.clauses")} THEN
    RAISE EXCEPTION 'the template % is not made of published clauses that may stand together', NEW.code
        USING ERRCODE = 'check_violation', CONSTRAINT = 'made_of_clauses';
END IF;
RETURN NEW;
""",
    )


def out_of_force(segment: str, *, at: str = "") -> str:
    """Whether a template ``t`` is retired, not for a segment (its code in SQL), or not the newest version of the library, now or ``at`` a
    moment (SQL)."""
    since = f" AND newer.published_at <= {at}" if at else ""
    return f"""(t.retired OR (t.segments <> '[]' AND NOT t.segments ? {segment}::text) OR EXISTS (
    SELECT FROM public.contracts_template newer WHERE newer.code = t.code AND newer.version > t.version{since}))"""


OF_AGREEMENT = """(SELECT made.template_id FROM public.contracts_agreement a
      JOIN public.contracts_negotiation made ON made.id = a.negotiation_id WHERE a.id = {row}.amends_id)"""
"""The template with which the agreement was made that a negotiation (a row in SQL) amends."""


def template_in_force() -> pgtrigger.Trigger:
    """A negotiation begins with the newest version of a template that is not retired, for its segment; an amendment has the template of its
    agreement, whatever became of that. Nothing is published while a negotiation begins."""
    return pgtrigger.Trigger(
        name="template_in_force",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
{TEMPLATE_VERSION_LOCK.acquire_shared_in_guard()}
IF (NEW.amends_id IS NULL AND EXISTS (
        SELECT FROM public.contracts_template t WHERE t.id = NEW.template_id AND {out_of_force("NEW.segment")}))
   OR (NEW.amends_id IS NOT NULL AND NEW.template_id IS DISTINCT FROM {OF_AGREEMENT.format(row="NEW")}) THEN
    RAISE EXCEPTION 'the template of % is not in force in %', NEW.public_id, NEW.segment
        USING ERRCODE = 'check_violation', CONSTRAINT = 'template_in_force';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def free_as_open() -> pgtrigger.Trigger:
    """No version is published whose offer costs nothing, unless its template says that it is open data or a trial."""
    return pgtrigger.Trigger(
        name="free_as_open",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=f"""
IF NEW.state = 'published' AND OLD.state <> 'published' AND EXISTS (
    SELECT FROM public.listings_offer o
      LEFT JOIN LATERAL (SELECT t.clause_codes FROM public.contracts_template t WHERE t.code = o.template ORDER BY t.version DESC LIMIT 1) t ON true
     WHERE o.version_id = NEW.id AND {priced_unlawfully("o.price_minor", "o.charging", "t.clause_codes")}) THEN
    RAISE EXCEPTION '% costs nothing, and is neither open data nor a trial', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'free_as_open';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def clauses_agree() -> pgtrigger.Trigger:
    """Proposed terms meet what the template and the special clauses demand; special clauses are of the library, or touch no term."""
    return pgtrigger.Trigger(
        name="clauses_agree",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("t", "record"), ("special", "jsonb")],
        func=f"""
SELECT l.code, l.demands, l.clause_codes INTO t FROM public.contracts_negotiation n JOIN public.contracts_template l ON l.id = n.template_id
 WHERE n.id = NEW.negotiation_id;
special := coalesce(NEW.terms -> 'special_clauses', '[]');
IF {is_unmet("t.demands", "NEW.terms")} THEN
    RAISE EXCEPTION 'the terms do not meet what the clauses of % demand', t.code
        USING ERRCODE = 'check_violation', CONSTRAINT = 'clauses_agree';
END IF;
IF {priced_unlawfully("(NEW.terms ->> 'price_minor')::bigint", "(NEW.terms -> 'charging')", "t.clause_codes")} THEN
    RAISE EXCEPTION 'what costs nothing is open data or a trial by the clauses of %', t.code
        USING ERRCODE = 'check_violation', CONSTRAINT = 'clauses_agree';
END IF;
IF special <> '[]' THEN
    IF {is_unlike_clause("special")} OR {is_unmet(demands_of("special"), "NEW.terms")} OR {is_touching("special")}
       OR (SELECT {is_apart("special", "base.clauses")} FROM public.contracts_negotiation n
             JOIN public.contracts_template base ON base.id = n.template_id WHERE n.id = NEW.negotiation_id) THEN
        RAISE EXCEPTION 'a special clause is no published clause, contradicts the terms or the template, or states what only terms state'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'clauses_agree';
    END IF;
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )
