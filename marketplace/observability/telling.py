"""Tell people of alarms by mail and webhook, with short time limits, outside any transaction."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from marketplace.kernel.alarms import ALARMS
from marketplace.kernel.labels import Label

from .models import RaisedAlarm
from .states import Told

logger = logging.getLogger(__name__)

CHANNEL_SECONDS_MAX = 5
ROUND_SECONDS_MAX = 30.0
"""A channel that answers slowly takes no longer of a round; the next one goes on."""
SILENCE_AFTER_FAILURE_SECONDS = 60.0
"""A channel that does not answer is left alone for this long, and so is a message after its first refusal."""
REFUSALS_MAX = 10
"""A message that a channel's server has refused so often is given up; with pauses that double, after 8 hours."""

REFUSALS = (HTTPError, SMTPSenderRefused, SMTPRecipientsRefused, SMTPDataError, ValueError)
"""What says that this message is not taken; ValueError, that it cannot be written. Whatever else happens is the channel's."""

STATE = {
    Told.START: Label("Alarm", "警報"),
    Told.END: Label("Alarm ended", "警報の終了"),
}

_silent_until: dict[str, float] = {}
_pauses_until: dict[tuple[str, int], float] = {}
_failures: Counter[tuple[str, int]] = Counter()
"""How often a channel failed at a row, whoever's fault it was: a row that breaks the channel is tried after the others."""


@dataclass(frozen=True)
class _Channel:
    """A way to people: its name is that of its columns. ``send`` raises one of ``REFUSALS``, or another error."""

    name: str
    send: Callable[[dict[str, Any]], None]

    @property
    def told(self) -> str:
        """The column of what the channel was told last."""
        return f"{self.name}_told"

    @property
    def refusals(self) -> str:
        """The column of how often it refused what comes next."""
        return f"{self.name}_refusals"


def tell_channels() -> None:
    """Tell each channel that is set up what it has not been told yet, the oldest alarm first.

    Each message is sent at least once. While a channel does not answer, all wait; what its server refuses is tried again
    later by itself, and given up after ``REFUSALS_MAX``, while the others are told. A channel that is not set up misses what
    ends meanwhile: set up later, it is told of the alarms that stand then.
    """
    for channel, address in (
        (_Channel("mail", _send_mail), settings.ALARM_EMAIL),
        (_Channel("webhook", _post), settings.ALARM_WEBHOOK_URL),
    ):
        if address:
            _tell(channel)
        else:
            ended = RaisedAlarm.objects.filter(ended_at__isnull=False)
            ended.exclude(**{channel.told: Told.END}).update(**{channel.told: Told.END})


def _tell(channel: _Channel) -> None:
    deadline = time.monotonic() + ROUND_SECONDS_MAX
    if time.monotonic() < _silent_until.get(channel.name, float("-inf")):
        return
    untold = RaisedAlarm.objects.exclude(**{channel.told: Told.END})
    rows = untold.filter(**{f"{channel.refusals}__lt": REFUSALS_MAX}).order_by("pk")
    for row in sorted(rows, key=lambda each: _failures[channel.name, each.pk]):
        if time.monotonic() < _pauses_until.get((channel.name, row.pk), float("-inf")):
            continue
        if time.monotonic() > deadline or not _tell_of(channel, row):
            return


def _tell_of(channel: _Channel, row: RaisedAlarm) -> bool:
    """Tell the channel what it has not been told of the row; whether it can be told of others now."""
    told = Told(getattr(row, channel.told))
    for news in (Told.START, Told.END):
        if news == told or (news == Told.START and told != Told.NOTHING):
            continue
        if news == Told.END and row.ended_at is None:
            continue
        try:
            channel.send(message_of(row, news))
        except REFUSALS as error:
            _keep_refusal(channel, row, error)
            return True
        except (OSError, HTTPException) as error:  # includes the other errors of SMTP
            _failures[channel.name, row.pk] += 1
            _silent_until[channel.name] = time.monotonic() + SILENCE_AFTER_FAILURE_SECONDS
            logger.warning("alarm not sent by %s: %s", channel.name, type(error).__name__)
            return False
        _failures.pop((channel.name, row.pk), None)
        RaisedAlarm.objects.filter(pk=row.pk).update(**{channel.told: news, channel.refusals: 0})
    return True


def _keep_refusal(channel: _Channel, row: RaisedAlarm, error: Exception) -> None:
    refusals = getattr(row, channel.refusals) + 1
    RaisedAlarm.objects.filter(pk=row.pk).update(**{channel.refusals: refusals})
    _failures[channel.name, row.pk] += 1
    pause = SILENCE_AFTER_FAILURE_SECONDS * 2 ** (refusals - 1)
    _pauses_until[channel.name, row.pk] = time.monotonic() + pause
    logger.log(
        logging.ERROR if refusals >= REFUSALS_MAX else logging.WARNING,
        "alarm %s (%s) refused by %s, %d of %d times: %s",
        row.code,
        row.public_id,
        channel.name,
        refusals,
        REFUSALS_MAX,
        f"HTTP {error.code}" if isinstance(error, HTTPError) else type(error).__name__,
    )
    if isinstance(error, HTTPError):
        error.close()


def message_of(row: RaisedAlarm, news: Told) -> dict[str, Any]:
    """What a channel is told: the alarm's code and texts in both languages, its numbers, and since when it stands."""
    alarm = ALARMS.get(row.code)
    return {
        "alarm": row.code,
        "id": row.public_id,
        "state": "raised" if news == Told.START else "ended",
        "market": settings.MARKET_IDENTIFIER,
        "title": alarm.title.as_dict() if alarm else {"en": row.code, "ja": row.code},
        "action": alarm.action.as_dict() if alarm else None,
        "number": row.number,
        "above": alarm.above if alarm else None,
        "raised_at": row.raised_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if news == Told.END and row.ended_at else None,
    }


def _send_mail(message: dict[str, Any]) -> None:
    state = STATE[Told.START if message["state"] == "raised" else Told.END]
    title, action = message["title"], message["action"]
    above = "" if message["above"] is None else f" > {message['above']:g}"
    parts = [
        f"{title['ja']}\n{action['ja']}" if action else title["ja"],
        f"{title['en']}\n{action['en']}" if action else title["en"],
        f"{message['alarm']}: {message['number']:g}{above}\n{message['raised_at']}",
    ]
    EmailMessage(
        subject=f"[{message['market']}] {state.ja} / {state.en}: {title['ja']} / {title['en']}",
        body="\n\n".join(parts),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=settings.ALARM_EMAIL,
        headers={"Auto-Submitted": "auto-generated"},
        connection=get_connection(timeout=CHANNEL_SECONDS_MAX),
    ).send()


def _post(message: dict[str, Any]) -> None:
    request = Request(  # noqa: S310  # the operator's own address
        settings.ALARM_WEBHOOK_URL,
        data=json.dumps(message, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "sanpo"},
    )
    with urlopen(request, timeout=CHANNEL_SECONDS_MAX):  # noqa: S310
        pass
