"""The SQL functions by which guards know a natural person who may act, with a role and a fresh proof; a migration makes them.

``acting_roles`` is the one home of who acts now: a role of a live membership of an active account that no suspension withholds,
and where a proof is asked for, a session with a second factor proved within ``PROOF_MINUTES`` of real time, counted from the
beginning of the transaction.
"""

from __future__ import annotations

from pathlib import Path

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import PROOF_MINUTES, RULES, Permission
from marketplace.kernel.suspensions import EFFECTS

_SQL = Path(__file__).parent / "sql"

WITHHELD = " OR ".join(
    f"s.kind = '{kind}' AND $2 NOT IN ({sql_list(sorted(effect.acting))})"
    for kind, effect in EFFECTS.items()
    if effect.acting is not None
)
"""That a suspension ``s`` withholds what the role ``$2`` gives beside reading."""

CREATE = sql_body(
    _SQL / "person_functions.sql",
    PROOF_MINUTES=PROOF_MINUTES,
    WITHHELD=WITHHELD,
    CHANGING=sql_list(sorted(RULES[Permission.PAYOUT_WRITE].participant)),
)
DROP = """
    DROP FUNCTION public.acting_members(bigint);
    DROP FUNCTION public.is_proved_staff(text, text[]);
    DROP FUNCTION public.is_proved_member(text, bigint, text[]);
    DROP FUNCTION public.acting_roles(text, boolean);
    DROP FUNCTION public.is_withheld(bigint, text);
"""
