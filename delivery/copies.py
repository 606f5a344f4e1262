"""What an agreement's buyer may hold of the data, in SQL: contracts asks it of a duty to delete, from Python and in its guards."""

from __future__ import annotations

COPIES_SENT = """
CREATE OR REPLACE FUNCTION public.copies_sent(of_agreement text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.delivery_entitlement d JOIN public.delivery_download l ON l.entitlement_id = d.id
         WHERE d.agreement = of_agreement AND (l.state IN ('sending', 'sent') OR l.sent_bytes > 0 OR l.abort_reason = 'abandoned'))
$$
"""
"""Whether anything was sent under an agreement, as ``queries.COLLECTED`` counts it."""

ACCESS_BEGAN = """
CREATE OR REPLACE FUNCTION public.access_began(of_agreement text) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT min(d.granted_at) FROM public.delivery_entitlement d WHERE d.agreement = of_agreement
$$
"""
"""When access under an agreement was first granted; null if it never was."""
