"""Database guards of this application: an agreement is what two independent parties signed."""

from __future__ import annotations

import pgtrigger


def independent_parties() -> pgtrigger.Trigger:
    """Parties are active, have their own identifiers, and neither is the operator or its affiliate.

    Their rows are locked until the transaction ends, so neither is suspended or becomes an affiliate meanwhile: a
    suspension waits for this transaction and then finds its rows.
    """
    return pgtrigger.Trigger(
        name="independent_parties",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("independent", "integer")],
        func="""
            SELECT count(*) INTO independent FROM (
                SELECT FROM participants_organisation
                WHERE (id, public_id) IN (
                    (NEW.buyer_id, NEW.buyer_identifier), (NEW.seller_id, NEW.seller_identifier)
                ) AND NOT is_operator AND NOT operator_affiliate AND state = 'active' FOR SHARE
            ) AS parties;
            IF independent <> 2 THEN
                RAISE EXCEPTION 'a contract has two active parties, neither of them the operator or its affiliate' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def begins_with_proposal() -> pgtrigger.Trigger:
    """At the end of the transaction that creates it, a negotiation has a proposal."""
    return pgtrigger.Trigger(
        name="begins_with_proposal",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func="""
            IF NOT EXISTS (SELECT FROM contracts_proposal WHERE negotiation_id = NEW.id) THEN
                RAISE EXCEPTION 'a negotiation begins with a proposal' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def steps_signed() -> pgtrigger.Trigger:
    """A negotiation is agreed with the seller's signature, verified with both, finalized with its agreement."""
    return pgtrigger.Trigger(
        name="steps_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        declare=[("signers", "text[]")],
        func="""
            IF NEW.state IN ('agreed', 'verified') AND NEW.state <> OLD.state THEN
                SELECT array_agg(s.party ORDER BY s.party) INTO signers
                    FROM contracts_signature s JOIN contracts_instrument i ON i.id = s.instrument_id
                    WHERE i.negotiation_id = NEW.id;
                IF signers IS DISTINCT FROM
                   (CASE NEW.state WHEN 'agreed' THEN ARRAY['seller'] ELSE ARRAY['buyer', 'seller'] END) THEN
                    RAISE EXCEPTION 'a negotiation moves on with the signatures it is named for' USING ERRCODE = 'check_violation';
                END IF;
            END IF;
            IF NEW.state = 'finalized' AND NEW.state <> OLD.state AND NOT EXISTS (
                SELECT FROM contracts_agreement WHERE negotiation_id = NEW.id
            ) THEN
                RAISE EXCEPTION 'a negotiation is finalized by its agreement' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def proposal_in_turn() -> pgtrigger.Trigger:
    """A proposal follows the previous one, and its party is the one whose request or offer the state says it is."""
    return pgtrigger.Trigger(
        name="proposal_in_turn",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text"), ("latest", "integer")],
        func="""
            SELECT state INTO present FROM contracts_negotiation WHERE id = NEW.negotiation_id FOR SHARE;
            SELECT coalesce(max(number), 0) INTO latest
                FROM contracts_proposal WHERE negotiation_id = NEW.negotiation_id;
            IF NEW.number <> latest + 1 THEN
                RAISE EXCEPTION 'proposals are numbered without a gap' USING ERRCODE = 'check_violation';
            END IF;
            IF coalesce((present, NEW.party) NOT IN (('requested', 'buyer'), ('offered', 'seller')), true) THEN
                RAISE EXCEPTION 'a proposal is a request of the buyer or an offer of the seller, in turn' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def instrument_whole() -> pgtrigger.Trigger:
    """An instrument is drawn up over the latest proposal, with its terms, and its hashes match its content.

    The database computes the hashes itself: SHA-256 of the content, and of each text.
    """
    return pgtrigger.Trigger(
        name="instrument_whole",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb"), ("n", "record"), ("p", "record")],
        func="""
            said := NEW.content::jsonb;
            SELECT * INTO n FROM contracts_negotiation WHERE id = NEW.negotiation_id FOR SHARE;
            SELECT * INTO p FROM contracts_proposal
                WHERE negotiation_id = NEW.negotiation_id ORDER BY number DESC LIMIT 1;
            IF coalesce(n.state NOT IN ('requested', 'accepted'), true) OR p.id IS DISTINCT FROM NEW.proposal_id THEN
                RAISE EXCEPTION 'an instrument is drawn up over the terms that stand, when the seller signs' USING ERRCODE = 'check_violation';
            END IF;
            IF NEW.signed_hash IS DISTINCT FROM encode(sha256(convert_to(NEW.content, 'UTF8')), 'hex')
               OR said#>>'{text,ja}' IS DISTINCT FROM encode(sha256(convert_to(NEW.text_ja, 'UTF8')), 'hex')
               OR said#>>'{text,en}' IS DISTINCT FROM encode(sha256(convert_to(NEW.text_en, 'UTF8')), 'hex')
            THEN
                RAISE EXCEPTION 'the hashes of an instrument are those of what stands in it' USING ERRCODE = 'check_violation';
            END IF;
            IF (said->>'negotiation', said->>'agreement', said->>'reference', said#>>'{provider,id}',
                said#>>'{consumer,id}', said#>>'{dataset,listing}', said#>>'{dataset,version}',
                said#>>'{dataset,segment}', said->'terms', said#>'{policy,permission}',
                said#>'{policy,prohibition}', said#>'{policy,obligation}')
               IS DISTINCT FROM
               (n.public_id::text, n.agreement_identifier::text, n.reference::text, n.seller_identifier::text,
                n.buyer_identifier::text, n.listing::text, n.listing_version::text, n.segment::text, p.terms,
                p.policy->'permission', p.policy->'prohibition', p.policy->'obligation') THEN
                RAISE EXCEPTION 'an instrument says what was negotiated' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def signature_of_instrument() -> pgtrigger.Trigger:
    """A party of the negotiation signs the instrument's hash, the seller first."""
    return pgtrigger.Trigger(
        name="signature_of_instrument",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("hash", "text"), ("n", "record")],
        func="""
            SELECT signed_hash INTO hash FROM contracts_instrument WHERE id = NEW.instrument_id;
            SELECT * INTO n FROM contracts_negotiation
                WHERE id = (SELECT negotiation_id FROM contracts_instrument WHERE id = NEW.instrument_id)
                FOR SHARE;
            IF NEW.signed_hash IS DISTINCT FROM hash THEN
                RAISE EXCEPTION 'what is signed is the hash of the instrument' USING ERRCODE = 'check_violation';
            END IF;
            IF (NEW.party = 'seller' AND n.state IN ('requested', 'accepted')
                AND (NEW.organisation_id, NEW.organisation_identifier) = (n.seller_id, n.seller_identifier))
               OR (NEW.party = 'buyer' AND n.state = 'agreed'
                AND (NEW.organisation_id, NEW.organisation_identifier) = (n.buyer_id, n.buyer_identifier)) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'the parties sign in turn, each for itself' USING ERRCODE = 'check_violation';
        """,
    )


def agreed_as_signed() -> pgtrigger.Trigger:
    """An agreement comes from a verified negotiation with two signatures over one hash, and repeats the signed content."""
    return pgtrigger.Trigger(
        name="agreed_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb"), ("n", "record"), ("signers", "text[]")],
        func="""
            SELECT * INTO n FROM contracts_negotiation WHERE id = NEW.negotiation_id FOR SHARE;
            SELECT content::jsonb INTO said FROM contracts_instrument
                WHERE id = NEW.instrument_id AND negotiation_id = NEW.negotiation_id;
            SELECT array_agg(party ORDER BY party) INTO signers FROM contracts_signature
                WHERE instrument_id = NEW.instrument_id AND signed_hash = NEW.signed_hash;
            IF n.state IS DISTINCT FROM 'verified' OR signers IS DISTINCT FROM ARRAY['buyer', 'seller'] THEN
                RAISE EXCEPTION 'an agreement needs the signatures of both parties over one hash' USING ERRCODE = 'check_violation';
            END IF;
            IF (NEW.public_id::text, NEW.buyer_id, NEW.seller_id) IS DISTINCT FROM
               (n.agreement_identifier::text, n.buyer_id, n.seller_id)
               OR (NEW.public_id::text, NEW.reference::text, NEW.seller_identifier::text,
                   NEW.buyer_identifier::text, NEW.listing::text, NEW.listing_version::text, NEW.segment::text,
                   NEW.price_minor::text, NEW.currency::text, NEW.tax_category::text, NEW.funding_days::text,
                   NEW.inspection_days::text) IS DISTINCT FROM
                  (said->>'agreement', said->>'reference', said#>>'{provider,id}', said#>>'{consumer,id}',
                   said#>>'{dataset,listing}', said#>>'{dataset,version}', said#>>'{dataset,segment}',
                   said#>>'{terms,price_minor}', said#>>'{terms,currency}', said#>>'{terms,tax_category}',
                   said#>>'{terms,funding_days}', said#>>'{terms,inspection_days}') THEN
                RAISE EXCEPTION 'an agreement says what was signed' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def concluded_whole() -> pgtrigger.Trigger:
    """At the end of the transaction that creates an agreement, its negotiation is finalized."""
    return pgtrigger.Trigger(
        name="concluded_whole",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func="""
            IF NOT EXISTS (
                SELECT FROM contracts_negotiation WHERE id = NEW.negotiation_id AND state = 'finalized'
            ) THEN
                RAISE EXCEPTION 'an agreement ends its negotiation' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def disputed_in_force() -> pgtrigger.Trigger:
    """A dispute can be opened only over an agreement in force."""
    return pgtrigger.Trigger(
        name="disputed_in_force",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text")],
        func="""
            SELECT state INTO present FROM contracts_agreement WHERE id = NEW.agreement_id FOR SHARE;
            IF present IS DISTINCT FROM 'in_force' THEN
                RAISE EXCEPTION 'a dispute is opened over an agreement in force' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def within_price() -> pgtrigger.Trigger:
    """Adjustments are in the agreement's currency, made while it is in force, and never return more than the price."""
    return pgtrigger.Trigger(
        name="within_price",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("a", "record"), ("returned", "numeric")],
        func="""
            SELECT * INTO a FROM contracts_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
            SELECT coalesce(sum(CASE debtor WHEN 'seller' THEN amount_minor ELSE -amount_minor END), 0)
                INTO returned FROM contracts_adjustment WHERE agreement_id = NEW.agreement_id;
            IF a.state IS DISTINCT FROM 'in_force' OR NEW.currency <> a.currency THEN
                RAISE EXCEPTION 'a correction is in the currency of an agreement in force' USING ERRCODE = 'check_violation';
            END IF;
            IF NEW.debtor = 'seller' AND returned + NEW.amount_minor > a.price_minor THEN
                RAISE EXCEPTION 'corrections never pass the price' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )
