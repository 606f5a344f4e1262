"""What deploys the market is complete: every queue has its worker, every value its place, and schemas accept it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.urls import reverse

from clearing.bank.bank_statement import BYTES_MAX
from contracts.attachments.models import ATTACHMENT_BYTES_MAX
from deploy.runtime_lock import RUNTIME, entries, runtime_lock
from marketplace.jobs.kinds import KINDS, JobKind
from marketplace.registration.bounds import DOCUMENT_BYTES_MAX
from marketplace.runtime.layout import PROJECT
from marketplace.settings import serving
from marketplace.settings.queues import QUEUES, WORKER_CHILD_KIBIBYTES_MAX

DEPLOY = PROJECT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
KUBERNETES_VERSION = "1.34"
PROCESSES = {"web", "downloads", "beat", *(f"worker-{queue.name}" for queue in QUEUES)}
OWNERS = {"migrate", "archive-old-rows", "check-invariants", "restore-drill"}
TEST_TOOLS = {
    "pytest",
    "mypy",
    "ruff",
    "hypothesis",
    "schemathesis",
    "factory-boy",
    "vulture",
    "kubernetes-validate",
}


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def objects() -> list[dict[str, Any]]:
    return [each for path in MANIFESTS for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def pods() -> dict[str, dict[str, Any]]:
    """The pod of each deployment and job, by name."""
    found = {}
    for each in objects():
        if each["kind"] in ("Deployment", "Job"):
            found[each["metadata"]["name"]] = each["spec"]["template"]["spec"]
        elif each["kind"] == "CronJob":
            found[each["metadata"]["name"]] = each["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_accepts_every_manifest(path: Path):
    for each in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        kubernetes_validate.validate(each, KUBERNETES_VERSION, strict=True)


def test_every_queue_has_a_worker_of_its_own():
    served = {
        name: command[command.index("--queues") + 1]
        for name, command in {
            **{name: service.get("command") or [] for name, service in compose()["services"].items()},
            **{name: pod["containers"][0]["command"] for name, pod in pods().items()},
        }.items()
        if "--queues" in command
    }
    assert served == {f"worker-{queue.name}": queue.name for queue in QUEUES}
    assert set(compose()["services"]) >= PROCESSES | {"nginx", "migrate", "backup", "postgres", "redis"}
    assert set(pods()) == PROCESSES | OWNERS | {"back-up-files"}


def test_every_pod_is_without_rights_and_within_limits():
    for name, pod in pods().items():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["automountServiceAccountToken"] is False, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert set(container["resources"]) == {"requests", "limits"}, name
        if name in PROCESSES:
            assert container["livenessProbe"]["httpGet"]["path"] == "/healthz", name
            assert container["readinessProbe"]["httpGet"]["path"].startswith("/readyz"), name


def test_secrets_are_named_and_never_written():
    for path in MANIFESTS:
        assert "kind: Secret\n" not in path.read_text(encoding="utf-8")
    for name, pod in pods().items():
        references = [
            each["secretRef"]["name"]
            for each in pod["containers"][0].get("envFrom", [])
            if "secretRef" in each
        ]
        needed = ["sanpo-application"] * (name in PROCESSES | OWNERS) + ["sanpo-owner"] * (name in OWNERS)
        assert references == needed, name


def test_what_must_not_stop_has_a_budget_and_beat_is_alone():
    deployments = {
        each["metadata"]["name"]: each["spec"] for each in objects() if each["kind"] == "Deployment"
    }
    budgets = {each["metadata"]["name"] for each in objects() if each["kind"] == "PodDisruptionBudget"}
    assert budgets == {name for name, spec in deployments.items() if spec["replicas"] > 1}
    assert {"web", "downloads"} <= budgets
    assert (deployments["beat"]["replicas"], deployments["beat"]["strategy"]) == (1, {"type": "Recreate"})


def test_every_value_of_the_compose_file_is_in_the_example():
    used = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    named = set(
        re.findall(r"^([A-Z_]+)=", (DEPLOY / "env.example").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert used - {"SANPO_VERSION"} == named


def test_prometheus_scrapes_every_process():
    scraped = yaml.safe_load((DEPLOY / "monitoring" / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = scraped["scrape_configs"]
    targets = {target.rpartition(":")[0] for each in job["static_configs"] for target in each["targets"]}
    assert targets == PROCESSES


def test_the_compose_file_is_whole():
    services = compose()["services"]
    volumes = set(compose()["volumes"])
    for name, service in services.items():
        assert "image" in service, name
        assert set(service.get("depends_on", {})) <= set(services), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in volumes or source in ("./tls", "./nginx.conf") or (DEPLOY / source).exists(), (
                volume
            )
        if name in PROCESSES:
            assert "healthcheck" in service, name
            assert service["environment"]["PROCESS_NAME"] == name


def test_old_rows_leave_daily_into_files_that_are_backed_up():
    daily = compose()["services"]["daily"]
    pod = pods()["archive-old-rows"]["containers"][0]
    folders = {each["name"]: each.get("value") for each in pod["env"]}
    assert "archive_old_rows" in daily["command"][-1]
    assert daily["environment"]["DATABASE_URL"].startswith("postgresql://sanpo_owner:")
    assert daily["environment"]["ARCHIVE_DIRECTORY"] == folders["ARCHIVE_DIRECTORY"]
    assert "storage:/market/var/storage" in daily["volumes"]


def test_stored_files_are_backed_up_every_few_minutes():
    pod = pods()["back-up-files"]
    (container,) = pod["containers"]
    folders = {each["name"]: each["value"] for each in container["env"]}
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    claims = {each["name"]: each["persistentVolumeClaim"]["claimName"] for each in pod["volumes"]}
    assert container["command"] == ["sh", "deploy/backup.sh", "files"]
    assert "COPY deploy/backup.sh" in (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert claims[mounts[folders["STORAGE_DIRECTORY"]]] == "storage"
    assert claims[mounts[folders["BACKUP_DIRECTORY"]]] == "stored-files-backup"
    assert compose()["services"]["backup"]["command"] == ["/usr/local/bin/backup.sh", "watch"]


def test_the_image_holds_no_test_tools():
    assert RUNTIME.read_text(encoding="utf-8") == runtime_lock(), "run: python deploy/runtime_lock.py"
    names = {name for name, _ in entries(RUNTIME.read_text(encoding="utf-8"))}
    assert names & TEST_TOOLS == set()
    assert {"django", "psycopg", "psycopg-binary", "celery", "redis", "packaging", "uvicorn"} <= names
    whole = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    assert all(text in whole for _, text in entries(RUNTIME.read_text(encoding="utf-8")))
    containerfile = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert "COPY deploy/requirements.lock" in containerfile


@pytest.mark.parametrize("script", sorted(DEPLOY.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_shell(script: Path):
    shell = script.read_text(encoding="utf-8").splitlines()[0].removeprefix("#!")
    assert subprocess.run([shell, "-n", script], check=False).returncode == 0


def bytes_of(text: str) -> int:
    """A size as ``2304m``, ``1536M``, ``2G``, ``2304Mi`` or ``2Gi``; Compose counts in powers of two too."""
    number, unit = re.fullmatch(r"(\d+)(m|M|Mi|G|Gi)", text).groups()
    return int(number) << {"m": 20, "M": 20, "Mi": 20, "G": 30, "Gi": 30}[unit]


def spooled_bytes_max(environment: dict[str, str]) -> int:
    """What a process with this environment keeps of bodies in files."""
    return int(environment.get("SPOOLED_BYTES_MAX", serving.SPOOLED_BYTES_MAX))


def isolated_kinds() -> list[JobKind]:
    """The market's kinds of jobs that have a limit on memory."""
    return [kind for kind in KINDS.values() if kind.isolated and not kind.name.startswith("probe.")]


WORKER_MEGABYTES_MAX = 256
"""A worker's first process, which forks those that run tasks."""


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
def test_a_job_meets_its_own_limit_on_memory_before_its_container_does(queue):
    """Else the kernel ends the worker, and nobody learns why."""
    limits = [kind.memory_mb_max for kind in isolated_kinds() if kind.queue == queue.name]
    name = f"worker-{queue.name}"
    service, pod = compose()["services"][name], pods()[name]
    (container,) = pod["containers"]
    for command, stated in (
        (service["command"], service["deploy"]["resources"]["limits"]["memory"]),
        (container["command"], container["resources"]["limits"]["memory"]),
    ):
        at_once = int(command[command.index("--concurrency") + 1])
        # The job's process is a fork of the one that takes tasks, whose memory its limit does not count.
        jobs = at_once * (max(limits) + WORKER_CHILD_KIBIBYTES_MAX // 1024) if limits else 0
        needed = WORKER_MEGABYTES_MAX + max(jobs, WORKER_CHILD_KIBIBYTES_MAX // 1024)
        assert bytes_of(stated) >= needed << 20, (name, stated, needed)


def test_some_jobs_have_a_limit_on_memory():
    """What the test above compares with."""
    assert {str(kind.queue) for kind in isolated_kinds()} == {"files", "documents"}


@pytest.mark.parametrize("name", ["web", "downloads"])
def test_temporary_files_have_twice_the_room_of_bodies(name):
    service, pod = compose()["services"][name], pods()[name]
    (mount,) = service["tmpfs"]
    spooled = spooled_bytes_max(service["environment"])
    assert bytes_of(mount.removeprefix("/tmp:size=")) >= 2 * spooled + (100 << 20)  # noqa: S108  the container's
    (container,) = pod["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert spooled_bytes_max(environment) == spooled
    (room,) = [volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"] if volume["name"] == "tmp"]
    assert bytes_of(room) >= 2 * spooled + (100 << 20)
    assert max(serving.UPLOAD_ROUTES.values()) <= serving.SPOOLED_BYTES_MAX


def test_the_proxies_let_large_bodies_to_the_upload_routes_alone():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    routes = "|".join(serving.UPLOAD_ROUTES)
    (upload,) = re.findall(r"location ~ \^\((\S+)\)\$ \{\s+client_max_body_size 1g;", text)
    assert upload == routes
    assert re.findall(r"client_max_body_size (\w+);", text) == ["5m", "1g"]
    ingresses = {each["metadata"]["name"]: each for each in objects() if each["kind"] == "Ingress"}
    sizes = {
        name: each["metadata"]["annotations"].get("nginx.ingress.kubernetes.io/proxy-body-size")
        for name, each in ingresses.items()
    }
    assert sizes == {"market": "5m", "uploads": "1g", "files": None}
    (rule,) = ingresses["uploads"]["spec"]["rules"]
    assert [path["path"] for path in rule["http"]["paths"]] == [
        f"{route}$" for route in serving.UPLOAD_ROUTES
    ]


def test_upload_routes_are_those_whose_views_take_forms_alone():
    found = {
        path
        for path in (
            "/api/v1/listings/lst_1/versions/",
            "/api/v1/bank-statements/",
            "/api/v1/registrations/reg_1/documents/",
            "/api/v1/owner-recoveries/",
            "/api/v1/negotiation-attachments/",
            "/api/v1/dispute-files/",
            "/register/document/",
        )
        if any(re.fullmatch(route, path) for route in serving.UPLOAD_ROUTES)
    }
    assert found == {
        reverse("listing-add-version", args=["lst_1"]),
        reverse("bank-statement-list"),
        reverse("registration-add-document", args=["reg_1"]),
        reverse("owner-recovery-list"),
        reverse("negotiation-attachment-list"),
        reverse("dispute-file-list"),
        reverse("registration-document"),
    }
    assert serving.UPLOAD_ROUTES["/register/document/"] > DOCUMENT_BYTES_MAX
    assert serving.UPLOAD_ROUTES["/api/v1/negotiation-attachments/"] > ATTACHMENT_BYTES_MAX
    assert serving.UPLOAD_ROUTES["/api/v1/dispute-files/"] > ATTACHMENT_BYTES_MAX
    assert serving.UPLOAD_ROUTES["/api/v1/bank-statements/"] > BYTES_MAX
