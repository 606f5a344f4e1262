"""The SQL function that says whether a price may be reduced, and the guard of adjustments that asks it. A migration makes the function."""

from __future__ import annotations

import pgtrigger

FAULT_FOUND = (
    "d.state = 'resolved' AND d.opened_as <> 'seller' AND d.outcome IN ('refund', 'reduction', 'termination')"
)
"""Whether a dispute (``d`` in SQL) was decided against the seller, so that its fault is recorded. What was settled between the parties is
not: the price is not reduced by consent, and a seller that concedes a fault admits it."""

CREATE = f"""
CREATE FUNCTION public.is_reducible(of_agreement text) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT NOT EXISTS (
        SELECT FROM public.contracts_agreement a JOIN public.contracts_instrument i ON i.id = a.instrument_id
         WHERE a.public_id = of_agreement AND i.content::jsonb #> '{{plan,commission}}' IS NOT NULL
           AND NOT EXISTS (SELECT FROM public.contracts_sellerfault f WHERE f.agreement_id = a.id)
           AND NOT EXISTS (SELECT FROM public.contracts_dispute d
                            WHERE d.agreement_id = a.id AND {FAULT_FOUND}))
$$;
COMMENT ON FUNCTION public.is_reducible(text) IS
    'Whether the price of an agreement may be reduced: it is no commissioned work that a law protects, or a fault of its seller is recorded';
"""  # noqa: S608  our own words
DROP = "DROP FUNCTION public.is_reducible(text);"


def reduced_for_fault() -> pgtrigger.Trigger:
    """The price of commissioned work is reduced by an adjustment only once a fault of its seller is recorded, by programs too."""
    return pgtrigger.Trigger(
        name="reduced_for_fault",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NEW.debtor = 'seller' AND NOT public.is_reducible(
    (SELECT a.public_id::text FROM public.contracts_agreement a WHERE a.id = NEW.agreement_id)) THEN
    RAISE EXCEPTION 'the price of commissioned work is reduced once a fault of its seller is recorded'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'reduced_for_fault';
END IF;
RETURN NEW;
""",
    )
