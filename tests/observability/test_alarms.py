"""Alarms are raised and ended by what gauges read, told by mail and webhook once each, and opened as tasks."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.alarms import ALARMS, Alarm
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import GAUGES, Gauge
from marketplace.notices.models import Task
from marketplace.observability import telling
from marketplace.observability.alarms import CALM, apply_readings, watch_alarms
from marketplace.observability.models import RaisedAlarm
from marketplace.observability.telling import REFUSALS_MAX, tell_channels
from marketplace.participants import services as participants
from marketplace.runtime.ports import free_port
from tests.poison import RUNS, aside, let_pauses_pass, poisoned, tasks_to_repair

TITLE = Label("Things pile up", "滞留しています")
ACTION = Label("Clear them away.", "取り除いてください。")


@pytest.fixture(autouse=True)
def alarm(db, monkeypatch) -> Iterator[Alarm]:
    """A register with one alarm of our own, and channels that nobody has silenced."""
    alarms, gauges = dict(ALARMS), dict(GAUGES)
    ALARMS.clear()
    gauge = Gauge(name="trial_things_total", description="Things.", read=lambda: 7)
    yield Alarm(code="things_pile_up", gauge=gauge, above=3, title=TITLE, action=ACTION)
    ALARMS.clear()
    ALARMS.update(alarms)
    GAUGES.clear()
    GAUGES.update(gauges)
    for memory in (telling._silent_until, telling._pauses_until, telling._failures):
        memory.clear()


@pytest.fixture
def operator() -> Any:
    """The operator of the market."""
    return participants.register_organisation(
        actor=SYSTEM,
        name={"ja": "三方取引所", "en": "Sanpo Exchange"},
        corporate_number="7999901000001",
        kind="business",
        address="東京都",
        representative="番匠 一",
        is_operator=True,
    )


def read(number: float) -> None:
    apply_readings({"things_pile_up": number})


def be_calm_since(seconds: float) -> None:
    RaisedAlarm.objects.update(calm_since=Now() - timedelta(seconds=seconds))


def standing() -> list[float]:
    return list(RaisedAlarm.objects.filter(ended_at=None).values_list("number", flat=True))


def test_an_alarm_is_raised_once_and_keeps_the_last_number():
    read(3)
    assert standing() == []
    read(4)
    read(9)
    assert standing() == [9.0]
    assert RaisedAlarm.objects.count() == 1


def test_an_alarm_ends_after_it_was_calm_for_a_while_and_is_raised_anew():
    read(4)
    read(3)
    read(3)
    assert standing() == [4.0]
    be_calm_since(CALM.total_seconds() + 1)
    read(3)
    assert standing() == []
    read(5)
    assert (standing(), RaisedAlarm.objects.count()) == ([5.0], 2)


def test_an_alarm_that_flutters_does_not_end():
    read(4)
    read(3)
    be_calm_since(CALM.total_seconds() + 1)
    read(4)
    read(3)
    assert standing() == [4.0]


def test_a_gauge_that_cannot_be_read_changes_nothing():
    read(4)
    apply_readings({})
    assert standing() == [4.0]


def test_an_alarm_that_cannot_be_raised_stands_aside_and_the_others_are(operator, alarm):
    gauge = Gauge(name="trial_others_total", description="Things.", read=lambda: 7)
    Alarm(code="others_pile_up", gauge=gauge, above=3, title=TITLE, action=ACTION)
    with poisoned("observability_raisedalarm", f"NEW.code = '{alarm.code}'"):
        for _ in range(RUNS):
            watch_alarms()
        assert list(RaisedAlarm.objects.values_list("code", flat=True)) == ["others_pile_up"]
        assert aside("observability.watch_alarms") == [alarm.code]
        ((title, state),) = tasks_to_repair()
        assert (alarm.code in title, state) == (True, "open")
    let_pauses_pass()
    watch_alarms()
    assert sorted(RaisedAlarm.objects.values_list("code", flat=True)) == ["others_pile_up", alarm.code]
    assert (aside("observability.watch_alarms"), tasks_to_repair()[0][1]) == ([], "done")


def test_an_alarm_opens_a_task_of_the_operator_and_closes_it(operator):
    read(4)
    read(5)
    task = Task.objects.get()
    raised = RaisedAlarm.objects.get()
    assert (task.organisation_id, task.kind, task.state, task.subject) == (
        operator.pk,
        "attend",
        "open",
        raised.public_id,
    )
    assert task.title == {
        "en": "Attend to the alarm: Things pile up",
        "ja": "警報に対応してください: 滞留しています",
    }
    read(0)
    be_calm_since(CALM.total_seconds() + 1)
    read(0)
    assert Task.objects.get().state == "done"


def test_before_an_operator_is_registered_the_alarm_is_raised_alone():
    read(4)
    assert (standing(), Task.objects.count()) == ([4.0], 0)


@pytest.mark.parametrize(
    ("sql", "because"),
    [
        (
            (
                "INSERT INTO observability_raisedalarm (public_id, code, number, mail_told, webhook_told)"
                " VALUES ('alm_2', 'things_pile_up', 1, 'nothing', 'nothing')"
            ),
            "alarm_stands_once",
        ),
        (
            "UPDATE observability_raisedalarm SET ended_at = raised_at - interval '1 second'",
            "alarm_ended_after",
        ),
        ("UPDATE observability_raisedalarm SET code = 'other'", "cannot be changed"),
        ("UPDATE observability_raisedalarm SET raised_at = now() - interval '1 day'", "cannot be changed"),
        ("DELETE FROM observability_raisedalarm", "are kept"),
    ],
)
def test_the_database_refuses_what_an_alarm_may_not_become(sql, because):
    read(4)
    before = RaisedAlarm.objects.values().get()
    with (
        pytest.raises(IntegrityError, match=because),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert RaisedAlarm.objects.values().get() == before
    assert verify_all("observability") == {
        "observability.alarm_stands_once": [],
        "observability.columns_within_bounds": [],
    }


def test_an_ended_alarm_is_not_ended_again():
    read(4)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE observability_raisedalarm SET ended_at = raised_at")
        with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
            cursor.execute("UPDATE observability_raisedalarm SET ended_at = NULL")
    assert standing() == []


class Inbox:
    """A mail server that keeps what it takes."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _: Any) -> str:  # noqa: N802
        if address.startswith("refused@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope.content.decode())
        return "250 taken"


@pytest.fixture
def mail_server(settings) -> Iterator[list[str]]:
    """A real mail server on loopback; yields the mails that it took."""
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.ALARM_EMAIL = ["duty@operator.example"]
    yield inbox.mails
    controller.stop()


@pytest.fixture
def receiver(settings) -> Iterator[list[dict[str, Any]]]:
    """A real HTTP server on loopback; yields the messages that it took."""
    taken: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.ALARM_WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/alarms"
        yield taken
        server.shutdown()


def test_each_channel_is_told_once_of_the_start_and_once_of_the_end(mail_server, receiver):
    watch_alarms()
    watch_alarms()
    assert (len(mail_server), len(receiver)) == (1, 1)
    told = receiver[0]
    assert (told["alarm"], told["state"], told["number"], told["above"]) == (
        "things_pile_up",
        "raised",
        7.0,
        3,
    )
    assert (told["title"], told["action"]) == (TITLE.as_dict(), ACTION.as_dict())
    assert "duty@operator.example" in mail_server[0]
    be_calm_since(CALM.total_seconds() + 1)
    read(0)
    tell_channels()
    tell_channels()
    assert ([message["state"] for message in receiver], len(mail_server)) == (["raised", "ended"], 2)
    assert receiver[1]["ended_at"] == RaisedAlarm.objects.get().ended_at.isoformat()


def test_an_alarm_that_no_build_knows_any_more_is_told_and_ends(operator, mail_server, receiver):
    read(4)
    ALARMS.clear()
    tell_channels()
    apply_readings({})
    tell_channels()
    assert [message["state"] for message in receiver] == ["raised", "ended"]
    assert len(mail_server) == 2
    assert (standing(), Task.objects.get().state) == ([], "done")


def test_a_channel_that_is_down_does_not_keep_the_other_silent(receiver, settings, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.ALARM_EMAIL = ["duty@operator.example"]
    read(4)
    tell_channels()
    assert [message["state"] for message in receiver] == ["raised"]
    assert RaisedAlarm.objects.get().mail_told == "nothing"


def test_what_a_channel_did_not_take_is_told_later(mail_server, settings):
    port = settings.EMAIL_PORT
    settings.EMAIL_PORT = 1
    read(4)
    tell_channels()
    settings.EMAIL_PORT = port
    tell_channels()
    assert mail_server == []
    telling._silent_until.clear()
    tell_channels()
    assert len(mail_server) == 1


def test_a_channel_that_is_set_up_late_is_told_what_stands_and_not_what_ended(receiver, settings):
    url, settings.ALARM_WEBHOOK_URL = settings.ALARM_WEBHOOK_URL, ""
    read(4)
    tell_channels()
    be_calm_since(CALM.total_seconds() + 1)
    read(0)
    tell_channels()
    assert (RaisedAlarm.objects.get().mail_told, RaisedAlarm.objects.get().webhook_told) == ("end", "end")
    read(9)
    tell_channels()
    settings.ALARM_WEBHOOK_URL = url
    tell_channels()
    assert [(message["state"], message["number"]) for message in receiver] == [("raised", 9.0)]


class Refusing:
    """A real HTTP server on loopback that answers each alarm as it is told to: code → status, or 0 to hang up."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, int] = {}

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        refusing = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                code = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alarm"]
                refusing.asked.append(code)
                if status := refusing.answers.get(code, 204):
                    self.send_response(status)
                    self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Receiver) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/alarms"
            server.shutdown()


@pytest.fixture
def refusing(settings) -> Iterator[Refusing]:
    """A receiver that refuses what it is told to."""
    server = Refusing()
    with server.serving() as settings.ALARM_WEBHOOK_URL:
        yield server


def raise_others(*codes: str) -> None:
    """Further alarms, in this order after the first."""
    read(4)
    for code in codes:
        Alarm(code=code, gauge=GAUGES["trial_things_total"], above=3, title=TITLE, action=ACTION)
        apply_readings({code: 5})


def told_of() -> dict[str, tuple[str, int]]:
    return {row.code: (row.webhook_told, row.webhook_refusals) for row in RaisedAlarm.objects.order_by("pk")}


@pytest.mark.parametrize("status", [400, 413, 500, 503])
def test_an_alarm_that_is_refused_does_not_silence_those_after_it(refusing, status):
    raise_others("second_thing", "third_thing")
    refusing.answers = {"things_pile_up": status}
    tell_channels()
    assert refusing.asked == ["things_pile_up", "second_thing", "third_thing"]
    assert told_of() == {
        "things_pile_up": ("nothing", 1),
        "second_thing": ("start", 0),
        "third_thing": ("start", 0),
    }
    assert GAUGES["observability_refused_alarms"].samples() == {("mail",): 0.0, ("webhook",): 1.0}
    # It pauses by itself, and is told when it is taken.
    tell_channels()
    assert len(refusing.asked) == 3
    refusing.answers = {}
    telling._pauses_until.clear()
    tell_channels()
    assert told_of()["things_pile_up"] == ("start", 0)
    assert GAUGES["observability_refused_alarms"].samples() == {("mail",): 0.0, ("webhook",): 0.0}


def test_a_message_that_is_always_refused_is_given_up_and_shown(refusing, caplog):
    raise_others("second_thing")
    refusing.answers = {"things_pile_up": 422}
    for _ in range(REFUSALS_MAX + 2):
        telling._pauses_until.clear()
        tell_channels()
    assert refusing.asked.count("things_pile_up") == REFUSALS_MAX
    assert told_of() == {"things_pile_up": ("nothing", REFUSALS_MAX), "second_thing": ("start", 0)}
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"][-1].endswith(
        "refused by webhook, 10 of 10 times: HTTP 422"
    )
    assert GAUGES["observability_refused_alarms"].samples()[("webhook",)] == 1.0


def test_the_end_of_an_alarm_that_is_refused_is_given_up_by_itself(refusing):
    raise_others()
    tell_channels()
    refusing.answers = {"things_pile_up": 410}
    read(0)
    be_calm_since(CALM.total_seconds() + 1)
    read(0)
    read(9)
    for _ in range(REFUSALS_MAX + 1):
        telling._pauses_until.clear()
        tell_channels()
    ended, standing_now = RaisedAlarm.objects.order_by("pk")
    assert (ended.webhook_told, ended.webhook_refusals) == ("start", REFUSALS_MAX)
    assert (standing_now.webhook_told, standing_now.webhook_refusals) == ("nothing", REFUSALS_MAX)


def test_an_alarm_that_breaks_the_connection_is_tried_after_the_others(refusing):
    """A receiver that hangs up does not say whether it would take another: all wait, and others come first then."""
    raise_others("second_thing")
    refusing.answers = {"things_pile_up": 0}
    tell_channels()
    assert (refusing.asked, told_of()["second_thing"]) == (["things_pile_up"], ("nothing", 0))
    telling._silent_until.clear()
    tell_channels()
    assert refusing.asked == ["things_pile_up", "second_thing", "things_pile_up"]
    assert told_of() == {"things_pile_up": ("nothing", 0), "second_thing": ("start", 0)}


def test_a_mail_that_is_refused_does_not_silence_those_after_it(mail_server, settings):
    raise_others("second_thing")
    RaisedAlarm.objects.filter(code="second_thing").update(mail_told="start")
    settings.ALARM_EMAIL = ["refused@operator.example"]
    tell_channels()
    raise_others("third_thing")
    settings.ALARM_EMAIL = ["duty@operator.example"]
    tell_channels()
    assert {row.code: (row.mail_told, row.mail_refusals) for row in RaisedAlarm.objects.all()} == {
        "things_pile_up": ("nothing", 1),
        "second_thing": ("start", 0),
        "third_thing": ("start", 0),
    }
    assert len(mail_server) == 1
