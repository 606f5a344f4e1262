"""Invariants of rulebooks, decisions and halts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marketplace.kernel.canonical import digest_of
from marketplace.kernel.invariants import Invariant, by_query, declare_readable
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_at, holders

from .models import Rulebook
from .parameters import values_of, weakened
from .points import LAW_SECTIONS
from .services import verify_replays
from .services.rulebooks import changed_sections, keeps_notice
from .states import Lane


def _wrong_digests() -> list[dict[str, Any]]:
    return [
        {"rulebook": rulebook.public_id, "number": rulebook.number}
        for rulebook in Rulebook.objects.order_by("number")
        if digest_of(rulebook.document) != rulebook.digest
        or digest_of(rulebook.vocabulary) != rulebook.vocabulary_digest
    ]


Invariant(
    name="rules.decisions_replay",
    promise=5,
    statement="Replaying a decision from its facts and its rulebook gives the same outcome, reasons and digest.",
    guards=("rules_decision.append_only", "rules_decision.decision_digest", "rules_rulebook.append_only"),
    test="tests/rules/test_guards.py::test_a_forged_decision_is_found",
    check=verify_replays,
)
Invariant(
    name="rules.rulebooks_are_as_published",
    promise=5,
    statement="A rulebook's digests match its document and its vocabulary.",
    guards=("rules_rulebook.append_only", "rules_rulebook.rulebook_digests"),
    test="tests/rules/test_guards.py::test_a_forged_rulebook_is_found",
    check=_wrong_digests,
)
Invariant(
    name="rules.rulebooks_follow_each_other",
    promise=5,
    statement="Rulebooks are numbered without a gap in order of publication, and none takes effect earlier.",
    guards=(
        "rules_rulebook.rulebook_number_once",
        "rules_rulebook.gapless_rulebooks",
        "rules_rulebook.rulebook_effective_later",
    ),
    test="tests/rules/test_guards.py::test_a_gap_between_rulebooks_is_refused",
    check=by_query(
        "SELECT public_id, number FROM (SELECT public_id, number, published_at, effective_from,"
        " row_number() OVER (ORDER BY number) AS place,"
        " lag(published_at) OVER (ORDER BY number) AS earlier FROM rules_rulebook) AS numbered"
        " WHERE number <> place OR published_at < earlier OR effective_from < published_at"
    ),
)
Invariant(
    name="rules.decided_under_the_rulebook_in_force",
    promise=5,
    statement="A decision uses the rulebook that was in force when it was made.",
    guards=("rules_decision.rulebook_in_force",),
    test="tests/rules/test_guards.py::test_a_rulebook_out_of_force_decides_nothing",
    # While business time is stopped, a version may take effect at the same instant as an earlier decision.
    check=by_query(
        "SELECT d.public_id FROM rules_decision d JOIN rules_rulebook r ON r.id = d.rulebook_id"
        " WHERE r.effective_from > d.decided_at OR EXISTS (SELECT FROM rules_rulebook later"
        "  WHERE later.number > r.number AND later.effective_from < d.decided_at)"
    ),
)
Invariant(
    name="rules.outcome_follows_from_reasons",
    promise=5,
    statement="A decision has reasons, and its outcome is their strongest: deny, hold, warn, allow.",
    guards=("rules_decision.outcome_follows", "rules_decision.decision_outcome"),
    test="tests/rules/test_guards.py::test_an_outcome_without_its_reason_is_refused",
    check=by_query(
        "SELECT public_id, outcome FROM rules_decision WHERE outcome IS DISTINCT FROM ("
        " SELECT (ARRAY['allow', 'warn', 'hold', 'deny'])"
        "[max(array_position(ARRAY['allow', 'warn', 'hold', 'deny'], reason->>'outcome'))]"
        " FROM jsonb_array_elements(reasons) AS reason)"
    ),
)
Invariant(
    name="rules.fees_do_not_know_who_trades",
    promise=5,
    statement="At tariff points and neutral points a rulebook reads only facts of the trade and the market.",
    guards=("rules_rulebook.neutral_vocabulary",),
    test="tests/rules/test_guards.py::test_a_fee_that_knows_who_trades_is_refused",
    check=by_query(
        "SELECT r.public_id, point.key AS point, fact FROM rules_rulebook r,"
        " jsonb_each(r.vocabulary->'points') AS point, jsonb_object_keys(point.value->'facts') AS fact"
        " WHERE (point.value->>'neutral' = 'true' OR point.value->>'kind' = 'tariff')"
        " AND split_part(fact, '.', 1) NOT IN ('market', 'trade')"
    ),
)
Invariant(
    name="rules.halts_are_kept",
    promise=5,
    statement="A listing, a segment and the market have at most one halt in force, and a halt's text never changes.",
    guards=(
        "rules_halt.halt_one_live",
        "rules_halt.halt_of_what",
        "rules_halt.halt_says_why",
        "rules_halt.halt_lifted_whole",
        "rules_halt.halt_lifted_by_two",
        "rules_halt.immutable",
        "rules_halt.set_once",
        "rules_halt.no_delete",
    ),
    test="tests/rules/test_guards.py::test_a_second_live_halt_is_refused",
    check=by_query(
        "SELECT scope, subject FROM rules_halt WHERE lifted_at IS NULL GROUP BY 1, 2 HAVING count(*) > 1"
        " UNION ALL SELECT scope, subject FROM rules_halt WHERE lifted_at < started_at"
    ),
)


def _weakened_by_one() -> list[dict[str, Any]]:
    """Rulebooks whose parameters weaken a control, without two people or without the notice of the one before."""
    found: list[dict[str, Any]] = []
    earlier: list[Rulebook] = []
    for rulebook in Rulebook.objects.order_by("number"):
        before = max(
            earlier, key=lambda row: (row.effective_from <= rulebook.effective_from, row.number), default=None
        )
        earlier.append(rulebook)
        stated = before.document.get("parameters", {}) if before else {}
        names = weakened(stated, rulebook.document.get("parameters", {})) if before else []
        notice = timedelta(hours=values_of(stated)["control_notice_hours"])
        people = {rulebook.first_person, rulebook.published_by} - {""}
        if rulebook.lane == Lane.URGENT:
            continue  # it has the parameters of a version that was published before, as the next invariant says
        if names and (len(people) < 2 or rulebook.effective_from < rulebook.published_at + notice):
            found.append({"rulebook": rulebook.public_id, "weakens": names, "people": sorted(people)})
    return found


Invariant(
    name="rules.controls_weakened_by_two",
    promise=9,
    statement="Parameters that weaken a control were published by two people, and take effect after the published notice.",
    guards=(
        "rules_rulebook.weakened_by_two",
        "rules_rulebook.append_only",
    ),
    test="tests/rules/test_weakening.py::test_a_raw_weakening_is_refused",
    check=_weakened_by_one,
)


def _without_notice() -> list[dict[str, Any]]:
    """Versions that took effect before the notice of the one before, and urgent ones that change more than the law."""
    found: list[dict[str, Any]] = []
    earlier: list[Rulebook] = []
    for rulebook in Rulebook.objects.select_related("replaces").order_by("number"):
        before = max(
            earlier, key=lambda row: (row.effective_from <= rulebook.effective_from, row.number), default=None
        )
        last = earlier[-1] if earlier else None
        ordinary = [row.number for row in earlier if row.lane != Lane.URGENT]
        likes = [before] + [
            row
            for row in earlier
            if row.effective_from == rulebook.effective_from and row.number >= max(ordinary, default=0)
        ]
        earlier.append(rulebook)
        if before is None:
            continue
        notice = timedelta(hours=values_of(before.document.get("parameters", {}))["rulebook_notice_hours"])
        faults = [
            *(["replaces"] if rulebook.replaces != last else []),
            *(["people"] if rulebook.first_person in ("", rulebook.published_by) else []),
        ]
        if rulebook.lane == Lane.URGENT:
            if not any(row and _differ_by_law(row.document, rulebook.document) for row in likes):
                faults.append("sections")
        elif rulebook.effective_from < rulebook.published_at + notice or not keeps_notice(
            before.document, rulebook.document
        ):
            faults.append("notice")
        if faults:
            found.append({"rulebook": rulebook.public_id, "faults": faults})
    return found


def _differ_by_law(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return set(changed_sections(before, after)) <= set(LAW_SECTIONS)


Invariant(
    name="rules.published_by_two_with_notice",
    promise=9,
    statement=(
        "Every version but the first names the one before it, was published by two people, and took effect after its notice;"
        " an urgent one changes lists and tables of law only."
    ),
    guards=(
        "rules_rulebook.rulebook_by_two",
        "rules_rulebook.rulebook_replaces",
        "rules_rulebook.notice_given",
        "rules_rulebook.gapless_rulebooks",
    ),
    test="tests/rules/test_publication.py::test_a_raw_publication_by_one_is_refused",
    check=_without_notice,
)

_HOLDS = holders(Permission.RULEBOOK_WRITE)


def _by_others(table: str, second: str, first: str, moment: str) -> str:
    acted = (acted_at(f"r.{person}", f"r.{moment}", holds=_HOLDS) for person in (second, first))
    return (
        f"SELECT r.public_id, r.{first} AS first_person, r.{second} AS second_person FROM {table} r"  # noqa: S608  our own words
        f" WHERE r.{first} <> '' AND NOT ({' AND '.join(acted)})"
    )


Invariant(
    name="rules.decided_by_natural_persons",
    promise=9,
    statement=(
        "Each of the two people who lifted a halt or weakened a control was, at that moment, a natural person of the"
        " operator who may change the rules."
    ),
    guards=("rules_rulebook.acted_by_person", "rules_halt.acted_by_person"),
    test="tests/rules/test_guards.py::test_made_up_people_decide_nothing",
    check=by_query(
        _by_others("rules_halt", "lifted_by", "lift_first_person", "lifted_at")
        + " UNION ALL "
        + _by_others("rules_rulebook", "published_by", "first_person", "published_at")
    ),
)

declare_readable("rules")
