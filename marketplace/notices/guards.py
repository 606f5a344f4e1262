"""The guard of tasks that reads another table."""

from __future__ import annotations

from typing import Final

import pgtrigger

NEEDS_AS_APPROVAL: Final = "needs_as_approval"


def needs_as_approval() -> pgtrigger.Trigger:
    """A task to approve a command needs the permission that its approval needs."""
    return pgtrigger.Trigger(
        name=NEEDS_AS_APPROVAL,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.kind = 'countersign'"),
        func=f"""
IF EXISTS (SELECT FROM public.approvals_approval a
            WHERE a.public_id = NEW.subject AND a.permission <> NEW.needs) THEN
    RAISE EXCEPTION 'a task to approve % is for who may approve it', NEW.subject
        USING ERRCODE = 'check_violation', CONSTRAINT = '{NEEDS_AS_APPROVAL}';
END IF;
RETURN NEW;
""",
    )
