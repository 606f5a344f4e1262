"""Prometheus' alert rules, made from the register of alarms, so that both watch the same numbers."""

from __future__ import annotations

from typing import Any

import yaml

from marketplace.kernel.alarms import ALARMS, Alarm
from marketplace.kernel.metrics import PREFIX

from .readiness import HEARTBEAT_AGE_SECONDS_MAX

HEADER = "# Made by `manage.py document_alarms`; a test compares. Change the alarms in the applications' metrics.py.\n"
FOR = "1m"


def alert_rules() -> str:
    """The rules file: one rule an alarm, and those that only an outside watcher can see."""
    rules = [*(_rule_of(alarm) for _, alarm in sorted(ALARMS.items())), *_outside_rules()]
    groups = {"groups": [{"name": "sanpo", "rules": rules}]}
    return HEADER + yaml.safe_dump(groups, allow_unicode=True, sort_keys=False, width=110)


def _rule_of(alarm: Alarm) -> dict[str, Any]:
    return {
        "alert": "".join(part.capitalize() for part in alarm.code.split("_")),
        "expr": f"max({alarm.gauge.metric}) > {alarm.above:g}",
        "for": FOR,
        "labels": {"alarm": alarm.code},
        "annotations": {
            "summary": alarm.title.en,
            "summary_ja": alarm.title.ja,
            "description": alarm.action.en,
            "description_ja": alarm.action.ja,
        },
    }


def _outside_rules() -> list[dict[str, Any]]:
    """What the market cannot see of itself: beat that raises alarms, a process that answers nobody, its own faults."""
    heartbeat = f'{PREFIX}process_heartbeat_age_seconds{{kind="beat"}}'
    requests = f"{PREFIX}request_seconds_count"
    faults = f'sum(rate({requests}{{status=~"5.."}}[5m]))'
    return [
        _outside_rule(
            "BeatUnseen",
            f"min({heartbeat}) > {HEARTBEAT_AGE_SECONDS_MAX} or absent({heartbeat})",
            "Beat was not seen lately: no sweeps run and no alarms are raised. Start it.",
        ),
        _outside_rule("ProcessDown", 'up{job="sanpo"} == 0', "A process does not answer. Read its log."),
        _outside_rule(
            "ServerErrors",
            f"{faults} / sum(rate({requests}[5m])) > 0.01",
            "More than 1% of requests end in a fault. Find their request_id in the web process's log.",
        ),
        _outside_rule(
            "GaugeUnreadable",
            f"max by (gauge) ({PREFIX}gauge_failed) > 0",
            "A gauge cannot be read within its time, so its alarm is blind. Read the web process's log.",
        ),
    ]


def _outside_rule(name: str, expression: str, description: str) -> dict[str, Any]:
    return {"alert": name, "expr": expression, "for": FOR, "annotations": {"summary": description}}
