"""The guards of the evidence log's witnesses and key announcements, which its floor cannot declare."""

from __future__ import annotations

import pgtrigger

from marketplace.evidence.models import KeyAnnouncement, Witness
from marketplace.kernel.permissions import Permission

from ..acting import acted_by_person
from ..witness_guards import affiliate_without_witness, witness_by_right, witness_of_affiliate
from .organisations import Organisation

pgtrigger.register(witness_by_right(), witness_of_affiliate())(Witness)
pgtrigger.register(affiliate_without_witness())(Organisation)
pgtrigger.register(
    acted_by_person("announced_by", Permission.RULEBOOK_WRITE, first="first_person", name="announced_by_two")
)(KeyAnnouncement)
