"""A thousand tamperings with a log and its bundle: each is named, by the code that it deserves."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from verification import verify

from .bundles import LOG_KEY, Log, codes, key_of, made_log, private_key

TAMPERINGS = 1_000
SIZE, KEPT_SIZE = 300, 260
LOG = made_log(SIZE)
KEPT = LOG.note(KEPT_SIZE)
NOTE = LOG.note()


def edit(draw: random.Random) -> tuple[Log, str]:
    """A digit of an entry is another."""
    entries = list(LOG.entries)
    index, at = draw.randrange(SIZE), draw.randrange(15, 79)
    entry = bytearray(entries[index])
    entry[at] = draw.choice([digit for digit in b"0123456789abcdef" if digit != entry[at]])
    entries[index] = bytes(entry)
    return Log(LOG.records, entries), NOTE


def drop(draw: random.Random) -> tuple[Log, str]:
    """An entry is left out, and another ends the log."""
    entries = list(LOG.entries)
    del entries[draw.randrange(SIZE)]
    return Log(LOG.records, [*entries, made_log(1, "x").entries[0]]), NOTE


def reorder(draw: random.Random) -> tuple[Log, str]:
    """Two entries change places."""
    entries = list(LOG.entries)
    first, second = draw.sample(range(SIZE), 2)
    entries[first], entries[second] = entries[second], entries[first]
    return Log(LOG.records, entries), NOTE


def truncate(draw: random.Random) -> tuple[Log, str]:
    """Entries at the end are missing, while the checkpoint stays."""
    return Log(LOG.records, LOG.entries[: draw.randrange(1, SIZE)]), NOTE


def rollback(draw: random.Random) -> tuple[Log, str]:
    """The tail is cut together with the checkpoints after it."""
    log = Log(LOG.records, LOG.entries[: draw.randrange(1, KEPT_SIZE)])
    return log, log.note()


def fork(draw: random.Random) -> tuple[Log, str]:
    """From somewhere on the log is another, and is signed by the log's key."""
    at = draw.randrange(KEPT_SIZE)
    log = Log(LOG.records, [*LOG.entries[:at], *made_log(draw.randrange(KEPT_SIZE - at, 400), "y").entries])
    return log, log.note()


def re_sign(draw: random.Random) -> tuple[Log, str]:
    """An entry before what was kept is edited, and the whole signed anew."""
    entries = list(LOG.entries)
    entries[draw.randrange(KEPT_SIZE)] = made_log(1, str(draw.random())).entries[0]
    log = Log(LOG.records, entries)
    return log, log.note()


def re_sign_by_another(draw: random.Random) -> tuple[Log, str]:
    """The log is edited and signed by another key."""
    log, _ = re_sign(draw)
    return log, log.note(key=private_key(str(draw.random())))


def change_note(draw: random.Random) -> tuple[Log, str]:
    """A character of the signed checkpoint is another."""
    at = draw.randrange(len(NOTE))
    return LOG, NOTE[:at] + draw.choice([each for each in "abcXYZ019+/=\n " if each != NOTE[at]]) + NOTE[
        at + 1 :
    ]


NAMED: dict[Callable[[random.Random], tuple[Log, str]], set[str]] = {
    edit: {"entries_differ"},
    drop: {"entries_differ"},
    reorder: {"entries_differ"},
    truncate: {"entries_missing"},
    rollback: {"tail_missing"},
    fork: {"forked"},
    re_sign: {"forked"},
    re_sign_by_another: {"key_unknown"},
    change_note: {"checkpoint_unreadable", "signature_invalid", "key_unknown", "not_signed"},
}


def test_every_tampering_is_named(tmp_path: Path) -> None:
    draw, named = random.Random(20_261_130), Counter[str]()
    kinds = list(NAMED)
    keys = [key_of(LOG_KEY)]
    folder = LOG.write(tmp_path / "honest", openings=[0, 255, 256, SIZE - 1])
    assert codes(verify.Bundle(folder, keys, KEPT)) == []
    for number in range(TAMPERINGS):
        tamper = kinds[number % len(kinds)]
        log, note = tamper(draw)
        folder = log.write(tmp_path / f"{number}", note)
        found = codes(verify.Bundle(folder, keys, KEPT))
        assert NAMED[tamper] & set(found), (number, tamper.__name__, found)
        named[tamper.__name__] += 1
    assert sum(named.values()) == TAMPERINGS
    assert set(named) == {kind.__name__ for kind in kinds}
