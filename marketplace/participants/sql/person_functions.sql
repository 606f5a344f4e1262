CREATE OR REPLACE FUNCTION public.is_withheld(organisation bigint, role text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.participants_suspension s
         WHERE s.organisation_id = $1 AND ({WITHHELD})
           AND NOT EXISTS (SELECT FROM public.participants_reinstatement l WHERE l.suspension_id = s.id))
$$;
CREATE OR REPLACE FUNCTION public.acting_roles(person text, proved boolean)
RETURNS TABLE (organisation_id bigint, role text)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT m.organisation_id, g.role
      FROM public.participants_user u
      JOIN public.participants_membership m ON m.user_id = u.id AND m.ended_at IS NULL
      JOIN public.participants_rolegrant g ON g.membership_id = m.id AND g.revoked_at IS NULL
     WHERE u.public_id = $1 AND u.is_active AND NOT public.is_withheld(m.organisation_id, g.role)
       AND (NOT $2 OR EXISTS (
            SELECT FROM public.participants_session s
             WHERE s.user_id = u.id AND s.expire_date > now()
               AND s.proved_at > now() - interval '{PROOF_MINUTES} minutes'))
$$;
CREATE OR REPLACE FUNCTION public.is_proved_member(person text, organisation bigint, roles text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.acting_roles($1, true) g WHERE g.organisation_id = $2 AND g.role = ANY ($3))
$$;
CREATE OR REPLACE FUNCTION public.is_proved_staff(person text, roles text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT public.is_proved_member($1, (SELECT id FROM public.participants_organisation WHERE is_operator), $2)
$$;
CREATE OR REPLACE FUNCTION public.acting_members(organisation bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT count(*) FROM public.participants_membership m JOIN public.participants_user u ON u.id = m.user_id
     WHERE m.organisation_id = $1 AND m.ended_at IS NULL AND u.is_active AND (
           NOT public.is_withheld($1, 'owner')
        OR EXISTS (SELECT FROM public.participants_rolegrant g
                    WHERE g.membership_id = m.id AND g.revoked_at IS NULL AND g.role IN ({CHANGING})
                      AND NOT public.is_withheld($1, g.role)))
$$;
