"""Database guards of this application: no access without secured payment, no acceptance without matching hashes."""

from __future__ import annotations

import pgtrigger


def secured_first() -> pgtrigger.Trigger:
    """An entitlement is created only if the outbox has the trade.secured event of its trade, with the same parties."""
    return pgtrigger.Trigger(
        name="secured_first",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF NOT EXISTS (
                SELECT FROM events_outboxevent e
                WHERE e.public_id = NEW.secured_event AND e.type = 'trade.secured'
                  AND e.data->>'trade' = NEW.trade AND e.data->>'agreement' = NEW.agreement
                  AND e.data->>'listing_version' = NEW.listing_version
                  AND e.data->>'buyer' = NEW.buyer_identifier AND e.data->>'seller' = NEW.seller_identifier
            ) THEN
                RAISE EXCEPTION 'access implies that payment is secured: no such event'
                    USING ERRCODE = 'check_violation';
            END IF;
            IF NOT EXISTS (
                SELECT FROM participants_organisation b, participants_organisation s
                WHERE b.id = NEW.buyer_id AND b.public_id = NEW.buyer_identifier
                  AND s.id = NEW.seller_id AND s.public_id = NEW.seller_identifier
            ) THEN
                RAISE EXCEPTION 'the parties of an entitlement are those of its trade'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def access_is_whole() -> pgtrigger.Trigger:
    """Access starts with a file and an inspection; it is terminated only without an open inspection."""
    return pgtrigger.Trigger(
        name="access_is_whole",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func="""
            IF OLD.state = 'requested' AND NEW.state = 'started' AND NOT (
                EXISTS (SELECT FROM delivery_entitleddistribution WHERE entitlement_id = NEW.id)
                AND EXISTS (SELECT FROM delivery_inspection WHERE entitlement_id = NEW.id)
            ) THEN
                RAISE EXCEPTION 'access starts with something to fetch and to inspect'
                    USING ERRCODE = 'check_violation';
            END IF;
            IF NEW.state = 'terminated' AND EXISTS (
                SELECT FROM delivery_inspection
                WHERE entitlement_id = NEW.id AND state IN ('awaiting', 'running', 'disputed')
            ) THEN
                RAISE EXCEPTION 'access cannot be terminated while its inspection is open'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def fixed_once_started() -> pgtrigger.Trigger:
    """The files of an entitlement are added before access starts, and never afterwards."""
    return pgtrigger.Trigger(
        name="fixed_once_started",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text")],
        func="""
            SELECT state INTO present FROM delivery_entitlement WHERE id = NEW.entitlement_id FOR SHARE;
            IF present <> 'requested' THEN
                RAISE EXCEPTION 'nothing is added to an entitlement after access started'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def inspection_follows() -> pgtrigger.Trigger:
    """The first inspection has round 1; a further one follows a round that is delivered again."""
    return pgtrigger.Trigger(
        name="inspection_follows",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text")],
        func="""
            SELECT state INTO present FROM delivery_entitlement WHERE id = NEW.entitlement_id FOR SHARE;
            IF present IN ('completed', 'terminated') THEN
                RAISE EXCEPTION 'no inspection begins once access is over'
                    USING ERRCODE = 'check_violation';
            END IF;
            IF NEW.round > 1 AND NOT EXISTS (
                SELECT FROM delivery_inspection
                WHERE entitlement_id = NEW.entitlement_id AND round = NEW.round - 1 AND state = 'repeated'
            ) THEN
                RAISE EXCEPTION 'an inspection follows a round that is to be delivered again'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def matched_in_full() -> pgtrigger.Trigger:
    """An inspection is matched only if every distribution has a matching voucher of the same round."""
    return pgtrigger.Trigger(
        name="matched_in_full",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
            IF NEW.matched_at IS NOT NULL AND EXISTS (
                SELECT FROM delivery_entitleddistribution d
                WHERE d.entitlement_id = NEW.entitlement_id AND NOT EXISTS (
                    SELECT FROM delivery_voucher v
                    WHERE v.inspection_id = NEW.id AND v.distribution_id = d.id AND v.matched
                )
            ) THEN
                RAISE EXCEPTION 'a delivery is matched when every distribution has a matching voucher'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def access_open() -> pgtrigger.Trigger:
    """A download begins only while access is open, in the current round, not during a dispute."""
    return pgtrigger.Trigger(
        name="access_open",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text"), ("inspected", "text")],
        func="""
            SELECT state INTO present FROM delivery_entitlement WHERE id = NEW.entitlement_id FOR SHARE;
            SELECT state INTO inspected FROM delivery_inspection
                WHERE id = NEW.inspection_id AND entitlement_id = NEW.entitlement_id;
            IF present <> 'started' OR inspected IS NULL
               OR inspected NOT IN ('awaiting', 'running', 'accepted') THEN
                RAISE EXCEPTION 'nothing is sent without open access'
                    USING ERRCODE = 'check_violation';
            END IF;
            IF NOT EXISTS (
                SELECT FROM delivery_entitleddistribution
                WHERE id = NEW.distribution_id AND entitlement_id = NEW.entitlement_id
            ) THEN
                RAISE EXCEPTION 'the entitlement does not cover this distribution'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def sent_as_sold() -> pgtrigger.Trigger:
    """A download is finished only with the size and hashes of the file that was sold."""
    return pgtrigger.Trigger(
        name="sent_as_sold",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
            IF NEW.state = 'sent' AND NOT EXISTS (
                SELECT FROM delivery_entitleddistribution d
                WHERE d.id = NEW.distribution_id AND d.size_bytes = NEW.sent_bytes
                  AND d.sha256 = NEW.sent_sha256 AND d.sha512 = NEW.sent_sha512
            ) THEN
                RAISE EXCEPTION 'what was sent is not what was sold'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def voucher_of_sent() -> pgtrigger.Trigger:
    """A voucher repeats the hashes of a complete download of the same round."""
    return pgtrigger.Trigger(
        name="voucher_of_sent",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF NOT EXISTS (
                SELECT FROM delivery_download l
                WHERE l.id = NEW.download_id AND l.state = 'sent'
                  AND l.inspection_id = NEW.inspection_id AND l.distribution_id = NEW.distribution_id
                  AND l.entitlement_id = NEW.entitlement_id
                  AND l.sent_sha256 = NEW.sent_sha256 AND l.sent_sha512 = NEW.sent_sha512
            ) THEN
                RAISE EXCEPTION 'a voucher is for what was sent to its end'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )
