"""Guards of invoices, and of the notices by which the operator issues them for sellers."""

from __future__ import annotations

import pgtrigger


def invoice_numbers_without_gap() -> pgtrigger.Trigger:
    """The numbers of an issuer run 1, 2, 3, …: the one before each new one exists when the statement ends."""
    return pgtrigger.Trigger(
        name="numbers_without_gap",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func="""
            SELECT i.issuer_id, i.sequence INTO fault FROM new_rows i
             WHERE i.sequence <> 1 AND NOT EXISTS (
                SELECT FROM clearing_invoice b WHERE b.issuer_id = i.issuer_id AND b.sequence = i.sequence - 1)
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'invoice % of issuer % would leave a gap', fault.sequence, fault.issuer_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def corrected_alike() -> pgtrigger.Trigger:
    """An invoice that replaces another is of the same parties, purpose and amounts: only words are corrected."""
    columns = (
        "issuer_id",
        "recipient_id",
        "supplier_id",
        "purpose",
        "kind",
        "cycle_id",
        "obligation_id",
        "currency",
        "net_minor",
        "tax_minor",
        "total_minor",
    )
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("i", "r"))
    return pgtrigger.Trigger(
        name="corrected_alike",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=f"""
            SELECT i.number, r.number AS replaced INTO fault
              FROM new_rows i JOIN clearing_invoice r ON r.id = i.replaces_id
             WHERE ({new}) IS DISTINCT FROM ({old}) LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'invoice % does not state the parties and amounts of % that it replaces',
                    fault.number, fault.replaced USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,  # noqa: S608  the columns are our own words
    )


def withdrawn_by_its_giver() -> pgtrigger.Trigger:
    """A withdrawal names a notice, not another withdrawal, of the same organisation, and does not end before it."""
    return pgtrigger.Trigger(
        name="withdrawn_by_its_giver",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF NEW.withdraws_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM clearing_intermediarynotice n WHERE n.id = NEW.withdraws_id AND n.withdraws_id IS NULL
                   AND n.organisation_id = NEW.organisation_id AND n.effective_from <= NEW.effective_from
            ) THEN
                RAISE EXCEPTION 'a notice is withdrawn by its giver, from its own beginning on at the earliest'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )
