"""Database guards of pools, and the SQL functions that say who signs and which shares are in force. A migration makes the functions."""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.guards import sql_list
from marketplace.kernel.permissions import RULES, Permission
from marketplace.participants.acting import acts_now, holders

from .states import AHEAD_DAYS_MAX

_SAFE = "STABLE SET search_path = pg_catalog, public"

SIGNATORIES = sql_list(sorted(RULES[Permission.CONTRACTS_SIGN].participant))
CREATE = f"""
CREATE OR REPLACE FUNCTION public.may_sign_pools(of_organisation bigint) RETURNS boolean LANGUAGE sql {_SAFE} AS $$
    SELECT EXISTS (
        SELECT FROM public.participants_organisation o
          JOIN public.participants_membership m ON m.organisation_id = o.id AND m.ended_at IS NULL
          JOIN public.participants_user u ON u.id = m.user_id AND u.is_active
          JOIN public.participants_rolegrant g ON g.membership_id = m.id AND g.revoked_at IS NULL
         WHERE o.id = of_organisation AND NOT o.is_operator AND NOT o.operator_affiliate AND g.role IN ({SIGNATORIES})
           AND NOT public.is_withheld(o.id, g.role))
$$;
COMMENT ON FUNCTION public.may_sign_pools(bigint) IS 'Whether a person may sign for an organisation that may be a member of a pool';
CREATE OR REPLACE FUNCTION public.pool_signers(of_version bigint) RETURNS SETOF bigint LANGUAGE sql {_SAFE} AS $$
    WITH named AS (
        SELECT v.pool_id, v.number, v.cause, v.state, v.content, p.lead_id FROM public.contracts_poolversion v
          JOIN public.contracts_pool p ON p.id = v.pool_id WHERE v.id = of_version),
    before AS (
        SELECT b.id, b.lead_decides FROM public.contracts_poolversion b JOIN named n ON n.pool_id = b.pool_id
         WHERE b.state = 'signed' AND b.number < n.number ORDER BY b.number DESC LIMIT 1),
    own AS (SELECT organisation_id FROM public.contracts_poolshare WHERE version_id = of_version),
    -- Who cannot sign is left out without its signature; while the version waits, who can sign again must.
    earlier AS (
        SELECT s.organisation_id FROM public.contracts_poolshare s JOIN before b ON b.id = s.version_id CROSS JOIN named n
         WHERE NOT (EXISTS (SELECT FROM jsonb_array_elements(coalesce(n.content -> 'left_out', '[]')) AS l(one)
                             WHERE l.one ->> 'organisation' = s.organisation_identifier)
                    AND (n.state <> 'proposed' OR NOT public.may_sign_pools(s.organisation_id))))
    SELECT e.organisation_id FROM earlier e, named n
     WHERE n.cause = 'withdrawal' AND e.organisation_id NOT IN (SELECT organisation_id FROM own)
    UNION SELECT n.lead_id FROM named n WHERE n.cause = 'terms'
    UNION SELECT o.organisation_id FROM own o, named n
     WHERE n.cause = 'terms' AND (NOT coalesce((SELECT lead_decides FROM before), false)
        OR o.organisation_id NOT IN (SELECT organisation_id FROM earlier))
    UNION SELECT e.organisation_id FROM earlier e, named n
     WHERE n.cause = 'terms' AND NOT (SELECT lead_decides FROM before)
$$;
COMMENT ON FUNCTION public.pool_signers(bigint) IS 'The organisations that sign a version of a pool before it is signed';
CREATE OR REPLACE FUNCTION public.pool_shares_on(of_listing text, on_day date)
    RETURNS TABLE (organisation_id bigint, numerator bigint, denominator bigint) LANGUAGE sql {_SAFE} AS $$
    SELECT s.organisation_id, s.numerator, v.denominator
      FROM public.contracts_poolshare s JOIN public.contracts_poolversion v ON v.id = s.version_id
     WHERE v.id = (SELECT c.id FROM public.contracts_poolversion c JOIN public.contracts_pool p ON p.id = c.pool_id
                    WHERE p.listing = of_listing AND c.state = 'signed' AND c.effective_on <= on_day
                    ORDER BY c.effective_on DESC LIMIT 1)
$$;
COMMENT ON FUNCTION public.pool_shares_on(text, date) IS 'The signed shares in the income of a listing on a day, the lead''s among them';
CREATE OR REPLACE FUNCTION public.is_pooled(of_listing text) RETURNS boolean LANGUAGE sql {_SAFE} AS $$
    SELECT EXISTS (SELECT FROM public.contracts_pool p JOIN public.contracts_poolversion v ON v.pool_id = p.id
                    WHERE p.listing = of_listing AND v.state = 'signed')
$$;
COMMENT ON FUNCTION public.is_pooled(text) IS 'Whether the income of a listing is divided by the signed shares of a pool';
CREATE OR REPLACE FUNCTION public.was_pooled(of_listing text, at_moment timestamptz) RETURNS boolean LANGUAGE sql {_SAFE} AS $$
    SELECT EXISTS (SELECT FROM public.contracts_pool p JOIN public.contracts_poolversion v ON v.pool_id = p.id
                    WHERE p.listing = of_listing AND v.state = 'signed' AND v.closed_at <= at_moment)
$$;
COMMENT ON FUNCTION public.was_pooled(text, timestamptz) IS 'Whether the income of what was concluded over a listing at a moment is divided by a pool';
"""  # noqa: S608  our own words
DROP = """
DROP FUNCTION public.was_pooled(text, timestamptz);
DROP FUNCTION public.is_pooled(text);
DROP FUNCTION public.pool_shares_on(text, date);
DROP FUNCTION public.pool_signers(bigint);
DROP FUNCTION public.may_sign_pools(bigint);
"""
TODAY = "(public.business_now() AT TIME ZONE 'Asia/Tokyo')::date"


def led_by_seller() -> pgtrigger.Trigger:
    """A pool is opened by a signatory of the seller of its listing, which is neither the operator nor an affiliate."""
    acts = acts_now(
        "NEW.opened_by", holds=holders(Permission.CONTRACTS_SIGN), organisation="o.id = NEW.lead_id"
    )
    return pgtrigger.Trigger(
        name="led_by_seller",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF NOT {acts} OR NOT EXISTS (
    SELECT FROM public.listings_listing l JOIN public.participants_organisation o ON o.id = l.seller_id
     WHERE l.public_id = NEW.listing AND (o.id, o.public_id) = (NEW.lead_id, NEW.lead_identifier)
       AND NOT o.is_operator AND NOT o.operator_affiliate) THEN
    RAISE EXCEPTION 'a signatory of the seller of a listing opens its pool'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'led_by_seller';
END IF;
RETURN NEW;
""",
    )


def independent_member() -> pgtrigger.Trigger:
    """A member is an organisation on record, and neither the operator nor an affiliate; who joins is active and admitted."""
    return pgtrigger.Trigger(
        name="independent_member",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NOT EXISTS (
    SELECT FROM public.participants_organisation o
     WHERE (o.id, o.public_id) = (NEW.organisation_id, NEW.organisation_identifier) AND NOT o.is_operator
       AND (NOT o.operator_affiliate OR EXISTS (
            SELECT FROM public.contracts_poolversion v WHERE v.id = NEW.version_id AND v.cause = 'withdrawal'))) THEN
    RAISE EXCEPTION 'a member of a pool is neither the operator nor its affiliate'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'independent_member';
END IF;
IF NOT EXISTS (
    SELECT FROM public.participants_organisation o JOIN public.participants_admission a ON a.organisation_id = o.id
     WHERE o.id = NEW.organisation_id AND o.state = 'active' AND a.state = 'admitted')
   AND NOT EXISTS (
    SELECT FROM public.contracts_poolversion v JOIN public.contracts_pool p ON p.id = v.pool_id
     WHERE v.id = NEW.version_id AND (p.lead_id = NEW.organisation_id OR EXISTS (
        SELECT FROM public.contracts_poolshare s WHERE s.organisation_id = NEW.organisation_id AND s.version_id = (
            SELECT b.id FROM public.contracts_poolversion b WHERE b.pool_id = p.id AND b.state = 'signed' AND b.number < v.number
             ORDER BY b.number DESC LIMIT 1)))) THEN
    RAISE EXCEPTION 'who joins a pool is active and admitted'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'independent_member';
END IF;
RETURN NEW;
""",
    )


def version_in_turn() -> pgtrigger.Trigger:
    """Versions are numbered without a gap, begin within a year, after today and after the signed one before, and say what their content says."""
    return pgtrigger.Trigger(
        name="version_in_turn",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("p", "record"), ("last", "record")],
        func=f"""
SELECT public_id, listing, lead_identifier INTO p FROM public.contracts_pool WHERE id = NEW.pool_id;
SELECT coalesce(max(number), 0) AS number, max(effective_on) FILTER (WHERE state = 'signed') AS effective_on INTO last
  FROM public.contracts_poolversion WHERE pool_id = NEW.pool_id;
IF NEW.state <> 'proposed' OR NEW.number <> last.number + 1 OR NEW.effective_on <= {TODAY}
    OR NEW.effective_on > {TODAY} + {AHEAD_DAYS_MAX} OR NEW.effective_on <= coalesce(last.effective_on, '-infinity') THEN
    RAISE EXCEPTION 'a version of a pool follows the one before, and begins after today and after it'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'version_in_turn';
END IF;
IF (NEW.content ->> 'pool', NEW.content ->> 'listing', NEW.content ->> 'lead', NEW.content ->> 'number', NEW.content ->> 'cause',
    NEW.content ->> 'effective_on', NEW.content ->> 'lead_decides') IS DISTINCT FROM
   (p.public_id::text, p.listing::text, p.lead_identifier::text, NEW.number::text, NEW.cause::text, NEW.effective_on::text,
    NEW.lead_decides::text) THEN
    RAISE EXCEPTION 'a version of a pool says what is signed' USING ERRCODE = 'check_violation', CONSTRAINT = 'version_in_turn';
END IF;
IF NEW.content ? 'left_out' AND (NEW.cause <> 'terms' OR EXISTS (
    SELECT FROM jsonb_array_elements(NEW.content -> 'left_out') AS l(one)
      LEFT JOIN public.participants_organisation o ON o.public_id = l.one ->> 'organisation'
     WHERE o.id IS NULL OR o.public_id = p.lead_identifier OR public.may_sign_pools(o.id)
        OR NEW.content -> 'members' @> jsonb_build_array(jsonb_build_object('organisation', o.public_id)))) THEN
    RAISE EXCEPTION 'a version of a pool leaves out only who cannot sign it' USING ERRCODE = 'check_violation', CONSTRAINT = 'version_in_turn';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def signed_by_all() -> pgtrigger.Trigger:
    """A version is signed before its day, once everybody who must has signed its hash; it lapses only on its day or when a member leaves."""
    return pgtrigger.Trigger(
        name="signed_by_all",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=f"""
IF NEW.state = 'signed' AND OLD.state <> 'signed' AND (NEW.effective_on <= {TODAY}
    OR NOT EXISTS (SELECT FROM public.pool_signers(NEW.id))
    OR EXISTS (
    SELECT FROM public.pool_signers(NEW.id) needed(organisation_id) WHERE NOT EXISTS (
        SELECT FROM public.contracts_poolsignature s WHERE s.version_id = NEW.id
           AND s.organisation_id = needed.organisation_id AND s.signed_hash = NEW.content_hash))) THEN
    RAISE EXCEPTION '% is signed before its day by everybody who must', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'signed_by_all';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


WRONG_SHARES = """(
    (SELECT sum(s.numerator) FROM public.contracts_poolshare s WHERE s.version_id = v.id) IS DISTINCT FROM v.denominator
    OR jsonb_array_length(v.content -> 'members') <> (SELECT count(*) FROM public.contracts_poolshare s WHERE s.version_id = v.id)
    OR NOT EXISTS (SELECT FROM public.contracts_poolshare s JOIN public.contracts_pool p ON p.lead_id = s.organisation_id
                    WHERE s.version_id = v.id AND p.id = v.pool_id)
    OR EXISTS (SELECT FROM public.contracts_poolshare s WHERE s.version_id = v.id AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(v.content -> 'members') m WHERE m ->> 'organisation' = s.organisation_identifier
           AND split_part(m ->> 'share', '/', 1)::numeric * v.denominator
             = split_part(m ->> 'share', '/', 2)::numeric * s.numerator))
    OR v.cause = 'withdrawal' AND NOT EXISTS (
        SELECT FROM public.contracts_poolversion b JOIN public.contracts_poolshare left_by ON left_by.version_id = b.id
         WHERE b.id = (SELECT c.id FROM public.contracts_poolversion c WHERE c.pool_id = v.pool_id AND c.state = 'signed'
                          AND c.number < v.number ORDER BY c.number DESC LIMIT 1)
           AND b.lead_decides = v.lead_decides
           AND NOT EXISTS (SELECT FROM public.contracts_poolshare s WHERE s.version_id = v.id
                              AND s.organisation_id = left_by.organisation_id)
           AND (SELECT count(*) FROM public.contracts_poolshare s WHERE s.version_id = b.id)
             = (SELECT count(*) FROM public.contracts_poolshare s WHERE s.version_id = v.id) + 1
           AND NOT EXISTS (
            SELECT FROM public.contracts_poolshare s LEFT JOIN public.contracts_poolshare was
                ON was.version_id = b.id AND was.organisation_id = s.organisation_id
             WHERE s.version_id = v.id
               AND (was.numerator::numeric * v.denominator) IS DISTINCT FROM
                   (s.numerator::numeric * (b.denominator - left_by.numerator)))))"""
"""Whether the shares of a version ``v`` are not those of its content, do not sum to 1, or after a withdrawal are not in proportion."""


def shares_whole(version: str = "NEW.id") -> pgtrigger.Trigger:
    """At the end of a transaction the shares of a version are those that it says, sum to exactly 1, and follow a withdrawal."""
    return pgtrigger.Trigger(
        name="shares_whole",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=f"""
IF EXISTS (SELECT FROM public.contracts_poolversion v WHERE v.id = {version} AND {WRONG_SHARES}) THEN
    RAISE EXCEPTION 'the shares of a version of a pool are those that it says, and sum to 1'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'shares_whole';
END IF;
RETURN NULL;
""",
    )


def signed_by_signatory() -> pgtrigger.Trigger:
    """A signatory of an organisation that must sign signs the hash of a version that is proposed, with a fresh proof."""
    acts = acts_now(
        "NEW.signer", holds=holders(Permission.CONTRACTS_SIGN), organisation="o.id = NEW.organisation_id"
    )
    return pgtrigger.Trigger(
        name="signed_by_signatory",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF NOT {acts} OR NOT EXISTS (
    SELECT FROM public.contracts_poolversion v JOIN public.participants_organisation o ON o.id = NEW.organisation_id
     WHERE v.id = NEW.version_id AND v.state = 'proposed' AND v.content_hash = NEW.signed_hash
       AND o.public_id = NEW.organisation_identifier)
    OR NEW.organisation_id NOT IN (SELECT public.pool_signers(NEW.version_id)) THEN
    RAISE EXCEPTION 'a signatory of who must sign a version of a pool signs its hash while it is proposed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'signed_by_signatory';
END IF;
RETURN NEW;
""",
    )
