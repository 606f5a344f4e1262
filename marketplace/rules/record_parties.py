"""Whose the records of decisions, halts and rulebooks are."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties(
    "rules.decided",
    source="public.rules_decision",
    lists=("r.parties",),
    where="r.public_id = stated_payload ->> 'decision'",
)
RecordParties("dec", source="public.rules_decision", lists=("r.parties",))
RecordParties(
    "hlt",
    source="public.rules_halt",
    also="SELECT p.party FROM public.rules_halt h, LATERAL public.evidence_parties('', h.subject, NULL) p"
    " WHERE h.public_id = stated_subject AND h.scope = 'listing'",
)
for _prefix in ("rbk", "rbd", "rsc"):
    RecordParties(_prefix, nobody="A rulebook is the whole market's, and public.")
for _prefix in ("nbl", "cfl"):
    RecordParties(_prefix, nobody="What outsiders check of a period is the whole market's, and public.")
