"""What a checkpoint that somebody kept elsewhere says of the log: whether it continues it, and what is missing if not."""

from __future__ import annotations

from django.conf import settings

from marketplace.kernel.tiles import TiledTree, TileMissing

from .errors import KeyUnknown, SignatureInvalid
from .models import Checkpoint
from .notes import TreeHead, open_note, published_keys
from .queries import read_tile


def faults_of_kept(note: str, size: int) -> tuple[int, list[str]]:
    """How many leaves of ``size`` the kept checkpoint vouches for, and what differs from it.

    It vouches for none unless the market signed it and the tree has its root at its size.
    """
    try:
        kept = open_note(note, published_keys())
    except KeyUnknown as refusal:
        return 0, [
            f"the kept checkpoint is signed by a key that is not in the published history: {refusal.fields['key']}"
        ]
    except SignatureInvalid:
        return 0, ["the kept checkpoint is none, or its signature is not valid"]
    if kept.origin != settings.EVIDENCE_ORIGIN:
        return 0, [f"the kept checkpoint is of another log: {kept.origin}"]
    if kept.size > size:
        return 0, [f"the log has {size} leaves; kept is {_stated(kept)}: both are missing"]
    fault = _fault_of_root(kept)
    if fault:
        return 0, [fault]
    if not Checkpoint.objects.filter(size=kept.size, root=kept.root.hex()).exists():
        return kept.size, [f"the checkpoint of {_stated(kept)} is missing"]
    return kept.size, []


def _fault_of_root(kept: TreeHead) -> str | None:
    try:
        root = TiledTree(read_tile).root(kept.size)
    except TileMissing:
        return f"tiles of the tree of {_stated(kept)} are missing"
    if root != kept.root:
        return (
            f"the log was rewritten or forked: kept is {_stated(kept)}; the log has root {root.hex()} there"
        )
    return None


def _stated(head: TreeHead) -> str:
    return f"size {head.size} with root {head.root.hex()}"
