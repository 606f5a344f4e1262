"""The guards of lower tables that know people: who approves, or gives up an event as the second, is a person with the role;
whoever decides about a participant, as its record says, has no interest in it."""

from __future__ import annotations

import pgtrigger

from marketplace.approvals.models import Approval
from marketplace.events.models import Abandonment
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.permissions import Permission

from ..acting import acted_by_person, approved_by_members
from ..recusal_records import recorded_by_unrelated

pgtrigger.register(approved_by_members())(Approval)
pgtrigger.register(recorded_by_unrelated())(EvidenceRecord)
pgtrigger.register(
    acted_by_person(
        "abandoned_by", Permission.SUPPORT_WRITE, first="first_person", when="NEW.first_person <> ''"
    )
)(Abandonment)
