{SHARE_TRADING_LOCK}
IF EXISTS (
    SELECT FROM public.rules_halt WHERE lifted_at IS NULL AND (
        scope = 'market' OR scope = 'segment' AND subject = NEW.{SEGMENT}
        OR scope = 'listing' AND subject = NEW.{LISTING})
) THEN
    RAISE EXCEPTION '%: trading is halted', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
