"""Database guards of the evidence log."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.kernel.tiles import TILE_WIDTH

from .public_entries import ENTRY_END, ENTRY_START

_SQL = Path(__file__).parent / "sql"
CLOCKS_DIFFER_MINUTES = 5
"""So far the clock of a timestamp authority may be from the market's, and an answer under way."""


def leaves_in_commit_order() -> pgtrigger.Trigger:
    """The leaves of a statement follow the last one without a gap, for the next records in commit order, hashed in tiles."""
    return pgtrigger.Trigger(
        name="leaves_in_commit_order",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("added", "record"), ("previous", "record")],
        func=sql_body(
            _SQL / "leaves_in_commit_order.sql",
            TILE_WIDTH=TILE_WIDTH,
            ENTRY_START=ENTRY_START,
            ENTRY_END=ENTRY_END,
        ),
    )


def parties_of_records() -> pgtrigger.Trigger:
    """The parties of new records are written with them, from the rows that they are about."""
    return pgtrigger.Trigger(
        name="parties_of_records",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        func=sql_body(_SQL / "parties_of_records.sql"),
    )


def party_of_row() -> pgtrigger.Trigger:
    """Nobody but the row that a record is about says who its parties are."""
    return pgtrigger.Trigger(
        name="party_of_row",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "party_of_row.sql"),
    )


def tile_grows() -> pgtrigger.Trigger:
    """A tile begins when the one before it is full, and changes only by hashes added at its end."""
    return pgtrigger.Trigger(
        name="tile_grows",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(_SQL / "tile_grows.sql", TILE_WIDTH=TILE_WIDTH),
    )


def note_states_checkpoint() -> pgtrigger.Trigger:
    """The note of a checkpoint states its size and root, as many leaves exist, and the key in force signed it."""
    return pgtrigger.Trigger(
        name="note_states_checkpoint",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("lines", "text[]")],
        func=sql_body(_SQL / "note_states_checkpoint.sql"),
    )


def key_follows() -> pgtrigger.Trigger:
    """A key of the market has the identifier of its bytes, begins when the one before it ends, now, and was announced by two."""
    return pgtrigger.Trigger(
        name="key_follows",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[("announced", "record")],
        func=sql_body(_SQL / "key_follows.sql"),
    )


def announced_before_use() -> pgtrigger.Trigger:
    """A key that is announced has the identifier of its bytes, and never signed before."""
    return pgtrigger.Trigger(
        name="announced_before_use",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "announced_before_use.sql"),
    )


def witness_key() -> pgtrigger.Trigger:
    """A witness has the key identifier of its bytes, begins live, and is ended now."""
    return pgtrigger.Trigger(
        name="witness_key",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(_SQL / "witness_key.sql"),
    )


def cosigned_while_live() -> pgtrigger.Trigger:
    """A cosignature arrives while its witness lives, and states a time near the present."""
    return pgtrigger.Trigger(
        name="cosigned_while_live",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "cosigned_while_live.sql"),
    )


def stamped_as_noted() -> pgtrigger.Trigger:
    """A timestamp is of the note of its checkpoint, and its time is that of its arrival, after the checkpoint."""
    return pgtrigger.Trigger(
        name="stamped_as_noted",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("stamped", "record")],
        func=sql_body(_SQL / "stamped_as_noted.sql", MINUTES=CLOCKS_DIFFER_MINUTES),
    )
