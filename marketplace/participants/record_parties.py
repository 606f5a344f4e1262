"""Whose the records are that are about organisations, their people, programs, keys and facts."""

from __future__ import annotations

from marketplace.evidence.parties import RecordParties

RecordParties("org", names=("stated_subject",), source="(SELECT 1)", where="true")
for _prefix, _table in {
    "adm": "admission",
    "alm": "authoritylimit",
    "cmt": "commitment",
    "dsq": "disqualification",
    "ofc": "factchange",
    "key": "organisationkey",
    "mbr": "membership",
    "pac": "payoutaccountchange",
    "app": "application",
    "qlf": "qualification",
    "sus": "suspension",
}.items():
    RecordParties(_prefix, source=f"public.participants_{_table}", keys=("r.organisation_id",))
RecordParties(
    "acd",
    source="(SELECT c.public_id, a.organisation_id FROM public.participants_admissioncondition c"
    " JOIN public.participants_admission a ON a.id = c.admission_id)",
    keys=("r.organisation_id",),
)
RecordParties("rcv", source="public.participants_ownerrecovery", keys=("r.organisation_id",), leaves=True)
RecordParties("ivt", source="public.participants_invitation", keys=("r.organisation_id",), leaves=True)
RecordParties(
    "orl", source="public.participants_organisationrelation", keys=("r.organisation_id", "r.related_id")
)
for _prefix, _table in {"mfr": "secondfactorreset", "mch": "memberchange"}.items():
    RecordParties(
        _prefix,
        source="(SELECT c.public_id, m.organisation_id"  # noqa: S608  our own words
        f" FROM public.participants_{_table} c JOIN public.participants_membership m ON m.id = c.membership_id)",
        keys=("r.organisation_id",),
    )
RecordParties(
    "tru",
    source="(SELECT t.public_id, s.organisation_id FROM public.participants_trusteeappointment t"
    " JOIN public.participants_suspension s ON s.id = t.suspension_id)",
    keys=("r.organisation_id",),
)
RecordParties("sin", nobody="It is what a person of the operator declares of itself, so that it is recused.")
RecordParties("lck", nobody="It is a person's own login, whichever organisations the person acts for.")
RecordParties("participants.qualification_kind_opened", nobody="The list of qualifications is public.")
RecordParties("participants.segment_opened", nobody="A segment is the market's.")
