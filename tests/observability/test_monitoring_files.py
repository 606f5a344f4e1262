"""The files for Prometheus and Grafana name metrics that exist, and the rules follow the register of alarms."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from marketplace.kernel.alarms import ALARMS
from marketplace.kernel.correlation import WORK_SECONDS
from marketplace.kernel.metrics import GAUGES
from marketplace.observability.collector import FAILED
from marketplace.observability.requests import REQUEST_SECONDS
from marketplace.observability.rules import alert_rules

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
METRIC = re.compile(r"\bsanpo_\w+")


def known() -> set[str]:
    """The names of all metrics, with those that Prometheus derives of histograms."""
    names = {gauge.metric for gauge in GAUGES.values()} | {FAILED}
    for family in (family for metric in (WORK_SECONDS, REQUEST_SECONDS) for family in metric.collect()):
        names |= {family.name, *(f"{family.name}{end}" for end in ("_bucket", "_count", "_sum"))}
    return names


def test_the_rules_are_those_of_the_register():
    assert (FOLDER / "alerts.yml").read_text(encoding="utf-8") == alert_rules()


def test_every_alarm_has_a_rule_with_its_threshold():
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    of_alarms = {rule["labels"]["alarm"]: rule["expr"] for rule in rules if "labels" in rule}
    assert of_alarms == {
        code: f"max({alarm.gauge.metric}) > {alarm.above:g}" for code, alarm in ALARMS.items()
    }


def test_every_metric_that_a_file_names_exists():
    for name in ("alerts.yml", "dashboard.json"):
        named = set(METRIC.findall((FOLDER / name).read_text(encoding="utf-8")))
        assert len(named) > 5
        assert named - known() == set(), name


def test_every_gauge_that_has_an_alarm_is_on_the_dashboard():
    text = (FOLDER / "dashboard.json").read_text(encoding="utf-8")
    assert {alarm.gauge.metric for alarm in ALARMS.values()} - set(METRIC.findall(text)) == set()


def test_the_dashboard_is_one_that_grafana_reads():
    board = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert all(panel.get("targets") for panel in board["panels"] if panel["type"] != "row")


def test_every_scrape_carries_the_token_and_loads_the_rules():
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    assert config["rule_files"] == ["alerts.yml"]
    assert [job["authorization"]["type"] for job in config["scrape_configs"]] == ["Bearer"]


def test_every_process_of_the_compose_file_is_scraped():
    [job] = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    scraped = {each["labels"]["process"] for each in job["static_configs"]}
    assert scraped == {each["targets"][0].partition(":")[0] for each in job["static_configs"]}
    services = yaml.safe_load((FOLDER.parent / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert scraped == {
        name for name, each in services.items() if "PROCESS_NAME" in each.get("environment", {})
    }


def test_every_alarm_is_in_the_operators_guide():
    guide = (FOLDER.parents[1] / "docs" / "operator" / "monitoring.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \| .* \| .* \|$", guide, re.MULTILINE)) == set(ALARMS)
