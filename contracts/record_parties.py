"""Whose the records of negotiations, agreements, disputes and mandates are."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

_OF_AGREEMENT = (
    "(SELECT s.public_id, a.buyer_identifier, a.seller_identifier FROM public.contracts_{} s"
    " JOIN public.contracts_agreement a ON a.id = s.agreement_id)"
)
_BOTH = ("r.buyer_identifier", "r.seller_identifier")

RecordParties("ngt", source="public.contracts_negotiation", names=_BOTH)
RecordParties("agr", source="public.contracts_agreement", names=_BOTH)
RecordParties("dsp", source=_OF_AGREEMENT.format("dispute"), names=_BOTH)
RecordParties("end", source=_OF_AGREEMENT.format("ending"), names=_BOTH)
RecordParties("ver", source=_OF_AGREEMENT.format("agreementversion"), names=_BOTH)
RecordParties("ddy", source=_OF_AGREEMENT.format("deletionduty"), names=_BOTH)
RecordParties(
    "dct",
    source="(SELECT s.public_id, a.buyer_identifier, a.seller_identifier FROM public.contracts_deletioncertificate s"
    " JOIN public.contracts_deletionduty d ON d.id = s.duty_id JOIN public.contracts_agreement a ON a.id = d.agreement_id)",
    names=_BOTH,
)
RecordParties("adj", source=_OF_AGREEMENT.format("adjustment"), names=_BOTH)
RecordParties("mdt", source="public.contracts_mandate", names=("r.organisation_identifier",))
RecordParties("mds", source="public.contracts_messagedisclosure", names=("r.organisation_identifier",))
RecordParties(
    "nat",
    source="(SELECT s.public_id, n.buyer_identifier, n.seller_identifier FROM public.contracts_attachment s"
    " JOIN public.contracts_proposal p ON p.id = s.proposal_id JOIN public.contracts_negotiation n ON n.id = p.negotiation_id)",
    names=_BOTH,
)
RecordParties("pnt", source="public.contracts_privatenote", names=("r.organisation_identifier",))
RecordParties("tpl", nobody="A template of contracts is the whole market's.")
