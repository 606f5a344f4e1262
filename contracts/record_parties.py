"""Whose the records of negotiations, agreements, disputes and mandates are."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

_OF_AGREEMENT = (
    "(SELECT s.public_id, a.buyer_identifier, a.seller_identifier FROM public.contracts_{} s"
    " JOIN public.contracts_agreement a ON a.id = s.agreement_id)"
)
_OF_DISPUTE = (
    "(SELECT s.public_id, a.buyer_id, a.seller_id, d.third_party_id FROM public.contracts_{} s"
    " JOIN public.contracts_dispute d ON d.id = s.dispute_id JOIN public.contracts_agreement a ON a.id = d.agreement_id)"
)
_SIDES = ("r.buyer_id", "r.seller_id", "r.third_party_id")
_BOTH = ("r.buyer_identifier", "r.seller_identifier")

RecordParties("ngt", source="public.contracts_negotiation", names=_BOTH)
RecordParties("agr", source="public.contracts_agreement", names=_BOTH)
RecordParties(
    "dsp",
    source="(SELECT d.public_id, a.buyer_id, a.seller_id, d.third_party_id FROM public.contracts_dispute d"
    " JOIN public.contracts_agreement a ON a.id = d.agreement_id)",
    keys=_SIDES,
)
RecordParties("mdr", source=_OF_DISPUTE.format("mediator"), keys=_SIDES)
RecordParties("dsm", source=_OF_DISPUTE.format("statement"), keys=_SIDES)
RecordParties("dfl", source=_OF_DISPUTE.format("disputefile"), keys=_SIDES)
RecordParties("dss", source=_OF_DISPUTE.format("settlement"), keys=_SIDES)
RecordParties("end", source=_OF_AGREEMENT.format("ending"), names=_BOTH)
RecordParties("ver", source=_OF_AGREEMENT.format("agreementversion"), names=_BOTH)
RecordParties("rnw", source=_OF_AGREEMENT.format("renewal"), names=_BOTH)
RecordParties("ddy", source=_OF_AGREEMENT.format("deletionduty"), names=_BOTH)
RecordParties(
    "dct",
    source="(SELECT s.public_id, a.buyer_identifier, a.seller_identifier FROM public.contracts_deletioncertificate s"
    " JOIN public.contracts_deletionduty d ON d.id = s.duty_id JOIN public.contracts_agreement a ON a.id = d.agreement_id)",
    names=_BOTH,
)
RecordParties("adj", source=_OF_AGREEMENT.format("adjustment"), names=_BOTH)
RecordParties("fad", source=_OF_AGREEMENT.format("firedadjustment"), names=_BOTH)
RecordParties("lad", source=_OF_AGREEMENT.format("lawadjustment"), names=_BOTH)
RecordParties("lex", nobody="That every agreement was examined under a rulebook is the whole market's.")
RecordParties("idx", nobody="The value of an index is the whole market's.")
RecordParties("pol", source="public.contracts_pool", names=("r.lead_identifier",))
RecordParties(
    "plv",
    source="(SELECT v.public_id, p.lead_identifier FROM public.contracts_poolversion v JOIN public.contracts_pool p ON p.id = v.pool_id)",
    names=("r.lead_identifier",),
    also="SELECT s.organisation_identifier FROM public.contracts_poolshare s"
    " JOIN public.contracts_poolversion v ON v.id = s.version_id WHERE v.public_id = stated_subject",
)
RecordParties(
    "pls",
    source="(SELECT s.public_id, s.organisation_identifier, p.lead_identifier FROM public.contracts_poolsignature s"
    " JOIN public.contracts_poolversion v ON v.id = s.version_id JOIN public.contracts_pool p ON p.id = v.pool_id)",
    names=("r.organisation_identifier", "r.lead_identifier"),
)
RecordParties("slf", source=_OF_AGREEMENT.format("sellerfault"), names=_BOTH)
RecordParties(
    "ptk",
    source="(SELECT s.public_id, n.buyer_identifier, n.seller_identifier FROM public.contracts_pricetalk s"
    " JOIN public.contracts_negotiation n ON n.id = s.negotiation_id)",
    names=_BOTH,
)
RecordParties("mdt", source="public.contracts_mandate", names=("r.organisation_identifier",))
RecordParties("mds", source="public.contracts_messagedisclosure", names=("r.organisation_identifier",))
RecordParties(
    "nat",
    source="(SELECT s.public_id, n.buyer_identifier, n.seller_identifier FROM public.contracts_attachment s"
    " JOIN public.contracts_proposal p ON p.id = s.proposal_id JOIN public.contracts_negotiation n ON n.id = p.negotiation_id)",
    names=_BOTH,
)
RecordParties("pnt", source="public.contracts_privatenote", names=("r.organisation_identifier",))
RecordParties("cls", nobody="A clause of contracts is the whole market's.")
RecordParties("tpl", nobody="A template of contracts is the whole market's.")
