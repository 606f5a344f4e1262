"""How long trading was halted: the one home of what deadlines of parties are given back. Public.

A deadline does not run while a halt covers its listing, its segment or the market. When none does any more, it moves by the
time that halts covered since it began to run; halts that overlap count once. Each row keeps until when halts were counted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet

from marketplace.kernel.prepared import fetch_prepared

from .models import Halt
from .states import HaltScope

_COVERS = """(h.scope = 'market' OR h.scope = 'segment' AND h.subject = $2 OR h.scope = 'listing' AND h.subject = $1)"""

CREATE = f"""
CREATE OR REPLACE FUNCTION public.halted_time(listing text, segment text, since timestamptz, until timestamptz)
RETURNS interval LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(sum(upper(part) - lower(part)), interval '0') FROM unnest((
        SELECT range_agg(tstzrange(greatest(h.started_at, $3), least(coalesce(h.lifted_at, $4), $4)))
          FROM public.rules_halt h
         WHERE h.started_at < $4 AND coalesce(h.lifted_at, $4) > $3 AND $3 < $4 AND {_COVERS})) AS part
$$;
CREATE OR REPLACE FUNCTION public.is_halted(listing text, segment text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.rules_halt h WHERE h.lifted_at IS NULL AND {_COVERS})
$$;
"""  # noqa: S608  our own words
DROP = """
DROP FUNCTION public.is_halted(text, text);
DROP FUNCTION public.halted_time(text, text, timestamptz, timestamptz);
"""

_HALTED = "SELECT public.halted_time(%s, %s, %s::timestamptz, %s::timestamptz), public.is_halted(%s, %s)"


def halted_time(*, listing: str, segment: str, since: datetime, until: datetime) -> tuple[timedelta, bool]:
    """How long halts covered a listing (public identifier) of a segment (code) between two moments, and whether one does now."""
    ((time, is_halted),) = fetch_prepared(_HALTED, [listing, segment, since, until, listing, segment])
    return time, bool(is_halted)


def covered_by_halts(*, listing: str = "listing", segment: str = "segment") -> Q:
    """The condition on rows with columns of these names that a halt covers them now."""
    covered = Q(pk__in=[])
    for scope, subject in Halt.objects.filter(lifted_at=None).values_list("scope", "subject"):
        if scope == HaltScope.MARKET:
            return Q(pk__isnull=False)
        covered |= Q(**{segment if scope == HaltScope.SEGMENT else listing: subject})
    return covered


def extended_as_halted(
    column: str, counted: str, began: str, *, listing: str, segment: str, joins: str = ""
) -> str:
    """The body of a guard on both columns: while the state stays, the deadline in ``column`` moves only by what halts covered.

    ``counted``: the column that says until when halts were counted, which never moves back, so that nothing is given back
    twice; ``began``: when the deadline began to run, in SQL over ``OLD``. ``listing`` and ``segment``: expressions, over
    ``NEW`` and the rows of ``joins``.
    """
    return f"""
IF NEW.state = OLD.state AND OLD.{column} IS NOT NULL
   AND (NEW.{column}, NEW.{counted}) IS DISTINCT FROM (OLD.{column}, OLD.{counted})
   AND (NEW.{counted} IS NULL OR NEW.{counted} < OLD.{counted}
        OR NOT public.is_business_present(NEW.{counted}, NEW.{counted}) OR NOT EXISTS (
    SELECT FROM (SELECT {listing} AS listing, {segment} AS segment {joins}) AS of
     WHERE NOT public.is_halted(of.listing, of.segment)
       AND NEW.{column} = OLD.{column}
           + public.halted_time(of.listing, of.segment, coalesce(OLD.{counted}, {began}), NEW.{counted}))) THEN
    RAISE EXCEPTION '%: a deadline moves by the time that trading was halted, and by nothing else', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'extended_as_halted';
END IF;
RETURN NEW;
"""


def lifted_after(moment: str) -> QuerySet[Halt]:
    """Halts that were lifted after the moment in a column of the outer query: those that a sweep has yet to count."""
    return Halt.objects.filter(lifted_at__gt=OuterRef(moment))
