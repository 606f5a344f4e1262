IF NEW.ordered_by IS NOT NULL AND EXISTS (
    SELECT FROM public.clearing_trade t
      JOIN public.participants_authoritylimit l ON l.organisation_id = t.buyer_id
     WHERE t.id = NEW.trade_id
) AND NOT EXISTS (
    SELECT FROM public.clearing_trade t
      JOIN public.participants_commitment c
        ON c.organisation_id = t.buyer_id AND c.act = 'buy' AND c.subject = t.public_id AND c.given_by = NEW.ordered_by
       AND c.currency = t.currency AND c.amount_minor = t.gross_minor AND c.transaction = pg_current_xact_id()
     WHERE t.id = NEW.trade_id
) AND NOT EXISTS (
    SELECT FROM public.clearing_trade t
      JOIN public.participants_membership m ON m.organisation_id = t.buyer_id AND m.ended_at IS NULL
      JOIN public.participants_rolegrant g ON g.membership_id = m.id AND g.role = '{APPOINTED}' AND g.revoked_at IS NULL
      JOIN public.participants_user u ON u.id = m.user_id
      LEFT JOIN public.participants_application p ON p.responsible_id = u.id AND p.organisation_id = t.buyer_id
     WHERE t.id = NEW.trade_id AND NEW.ordered_by IN (u.public_id, p.public_id)
) THEN
    RAISE EXCEPTION '% secures a trade without a commitment within a limit of authority', NEW.ordered_by
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
