"""A market with many admitted participants, and a rulebook with many rules at the point of admission."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from stdnum.jp import cn

from bench._market import operator_actor
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.participants.models import Admission, Organisation, Segment
from marketplace.participants.queries import get_segment, operator_organisation
from marketplace.participants.services import open_segment
from marketplace.rules.models import Rulebook
from marketplace.rules.services import publish_rulebook

SEGMENT = "mobility"
BATCH = 1_000
FIRST_NUMBER = 200_000_000_000
DECLARATIONS = {"antisocial_forces_excluded": True, "security_contact": "security@example.jp"}
TEXT = {"ja": "規則", "en": "Rule"}
CONDITIONS = (
    "applicant.is_operator || applicant.operator_affiliate",
    "!applicant.antisocial_forces_excluded && applicant.country == 'JP'",
    "applicant.kind == 'information_bank' && !('information_bank' in applicant.qualifications)",
    "applicant.country.matches('^(KP|IR)$')",
    "applicant.refused_before >= {at} + 3",
)


def rulebook_of(count: int) -> Rulebook:
    """A rulebook in force with ``count`` rules at the point of admission, published by two people."""
    second = operator_actor("second")
    first = operator_actor("first")
    rules: list[dict[str, Any]] = [
        {
            "code": f"ADM-{at:03d}",
            "point": "admission",
            "when": CONDITIONS[at % len(CONDITIONS)].replace("{at}", str(at)),
            "outcome": "deny",
            "text": TEXT,
        }
        for at in range(1, count)
    ]
    rules.append(
        {
            "code": "ADM-900",
            "point": "admission",
            "when": "applicant.active",
            "outcome": "allow",
            "text": TEXT,
        }
    )
    newest = Rulebook.objects.latest("number")
    document = {**newest.document, "rules": rules, "examples": {"cases": []}}
    return publish_rulebook(
        actor=second, first_person=first.identifier, document=document, replaces=newest.public_id
    )


def admit(count: int) -> list[str]:
    """The public identifiers of ``count`` new admissions, written in batches; each of an organisation of its own."""
    operator_organisation()
    segment = _segment()
    number = FIRST_NUMBER + (Organisation.objects.aggregate(last=Max("pk"))["last"] or 0) * 2
    made: list[str] = []
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        organisations = Organisation.objects.bulk_create(
            _organisation(number + start + at) for at in range(size)
        )
        now = clock.now()
        admissions = Admission.objects.bulk_create(
            Admission(
                organisation=organisation,
                segment=segment,
                capacity="buyer",
                declarations=DECLARATIONS,
                applied_at=now,
            )
            for organisation in organisations
        )
        keys = [admission.pk for admission in admissions]
        Admission.objects.filter(pk__in=keys).update(state="admitted", decided_at=now, decision="dec_bench")
        made += [admission.public_id for admission in admissions]
    return made


def _segment() -> Segment:
    found = Segment.objects.filter(code=SEGMENT).first()
    if found is None:
        open_segment(actor=SYSTEM, code=SEGMENT, name={"ja": "移動", "en": "Mobility"})
        found = Segment.objects.get(pk=get_segment(SEGMENT).id)
    return found


def _organisation(number: int) -> Organisation:
    digits = str(number)
    return Organisation(
        name_ja=f"参加者{number}",
        name_en=f"Participant {number}",
        kind="business",
        corporate_number=cn.calc_check_digit(digits) + digits,
        address="東京都千代田区1-1",
        representative="代表 太郎",
        registered_at=clock.now(),
    )
