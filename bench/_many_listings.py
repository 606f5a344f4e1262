"""Many listings on sale, made by SQL as copies of one that the market published, with real descriptions of open data."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from psycopg import sql

from bench._databases import superuser
from marketplace.runtime.layout import PROJECT

REGISTRY = (
    Path(os.environ.get("SHARED_DATA", PROJECT.parent / "shared" / "data")) / "open-data-registry.jsonl"
)
DESCRIPTION_CHARACTERS = 1_200
OFFSET = 1_000_000

Values = dict[str, sql.Composable]


def add_listings(database: str, listing: str, *, first: int, last: int) -> None:
    """Add the listings numbered ``first`` to ``last``, each with its version, file, offer and profile.

    Triggers guard how a listing comes on sale; they are left out for these copies. Constraints are kept.
    """
    with superuser(database) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        _write_words(connection)
        indexes = _drop_search_indexes(connection)
        found = connection.execute(
            "SELECT l.id, v.id, v.public_id FROM listings_listing l JOIN listings_listingversion v ON v.listing_id = l.id"
            " WHERE l.public_id = %s AND v.state = 'published'",
            [listing],
        ).fetchone()
        assert found is not None, listing
        row = sql.SQL("{offset} + n").format(offset=sql.Literal(OFFSET))
        bounds = {"first": first, "last": last}
        _copy(connection, "listings_listing", sql.SQL("t.id = {}").format(sql.Literal(found[0])), bounds, {
            "id": row, "public_id": _identifier("lst"), "reference": sql.SQL("'copy-' || n"),
            "title_en": sql.SQL("w.title"), "title_ja": sql.SQL("w.title"), "description_en": sql.SQL("w.description"),
            "search": sql.SQL("w.search"), "search_text": sql.SQL("w.search_text"), "search_pairs": sql.SQL("w.search_pairs"),
        })  # fmt: skip
        version = sql.SQL("t.id = {}").format(sql.Literal(found[1]))
        _copy(connection, "listings_listingversion", version, bounds, {
            "id": row, "public_id": _identifier("lsv"), "listing_id": row,
        })  # fmt: skip
        of_version = sql.SQL("t.version_id = {}").format(sql.Literal(found[1]))
        for table, prefix in (("listings_distribution", "dst"), ("listings_offer", "ofr")):
            _copy(connection, table, of_version, bounds, {
                "id": row, "public_id": _identifier(prefix), "version_id": row,
            })  # fmt: skip
        measured = sql.SQL("t.listing_version = {}").format(sql.Literal(found[2]))
        _copy(connection, "quality_profile", measured, bounds, {
            "id": row, "public_id": _identifier("prf"), "listing_version": _identifier("lsv"),
        })  # fmt: skip
        for definition in indexes:
            connection.execute(definition.encode())
        for table in (
            "listings_listing",
            "listings_listingversion",
            "listings_distribution",
            "listings_offer",
            "quality_profile",
        ):
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))


def is_of_copy(breach: Any) -> bool:
    """Whether an invariant names a row of a copy: copies are in no evidence, because no service made them."""
    return '"lsv_00000000' in str(breach)


def _drop_search_indexes(connection: Any) -> list[str]:
    """Drop the indexes for search, which are made quicker at once than row by row; returns their definitions."""
    found = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam"
        " WHERE i.indrelid = 'listings_listing'::regclass AND a.amname = 'gin'"
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}".encode())
    return [definition for _, definition in found]


def _write_words(connection: Any) -> None:
    """A table of the registry's descriptions with their search columns, made by the market's own tokenizer."""
    from listings.search import substring_pairs, substring_text, words  # deferred: Django set up

    connection.execute("DROP TABLE IF EXISTS pg_temp.words")
    connection.execute(
        "CREATE TEMP TABLE words (number int PRIMARY KEY, title text, description text, search tsvector, search_text text,"
        " search_pairs varchar(2)[])"
    )
    rows = [json.loads(line) for line in REGISTRY.read_text("utf-8").splitlines()]
    for number, row in enumerate(rows):
        title, description = row["Name"][:200], row["Description"][:DESCRIPTION_CHARACTERS]
        text = substring_text([title, description])
        connection.execute(
            "INSERT INTO words VALUES (%s, %s, %s, setweight(to_tsvector('simple', %s), 'A')"
            " || setweight(to_tsvector('english', %s), 'C'), %s, %s)",
            [
                number,
                title,
                description,
                " ".join(words(title)),
                description,
                text,
                substring_pairs(text),
            ],
        )


def _identifier(prefix: str) -> sql.Composable:
    """A public identifier made of the copy's number."""
    return sql.SQL("{} || lpad(n::text, 26, '0')").format(sql.Literal(f"{prefix}_"))


def _copy(
    connection: Any, table: str, condition: sql.Composable, bounds: dict[str, int], values: Values
) -> None:
    """Copy the rows of ``table`` that meet ``condition`` once a number, with some columns' ``values`` of their own."""
    columns = [
        name
        for (name,) in connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = ''",
            [table],
        )
    ]
    connection.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {table} t"
            " CROSS JOIN generate_series({first}::int, {last}::int) AS n"
            " JOIN words w ON w.number = n % (SELECT count(*) FROM words) WHERE {condition}"
        ).format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(
                values.get(name, sql.SQL("t.{}").format(sql.Identifier(name))) for name in columns
            ),
            first=sql.Literal(bounds["first"]),
            last=sql.Literal(bounds["last"]),
            condition=condition,
        )
    )
