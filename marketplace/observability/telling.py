"""Tell people of alarms by mail and webhook, with short time limits, outside any transaction."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from marketplace.kernel.alarms import ALARMS
from marketplace.kernel.labels import Label

from .models import RaisedAlarm
from .states import Told

logger = logging.getLogger(__name__)

CHANNEL_SECONDS_MAX = 5
SILENCE_AFTER_FAILURE_SECONDS = 60.0
"""A channel that does not take a message is left alone for this long."""

STATE = {
    Told.START: Label("Alarm", "警報"),
    Told.END: Label("Alarm ended", "警報の終了"),
}

_silent_until: dict[str, float] = {}


def tell_channels() -> None:
    """Tell each channel that is set up what it has not been told yet, the oldest alarm first.

    Each message is sent at least once; what cannot be sent is tried again later. A channel that is not set up misses
    what ends meanwhile: set up later, it is told of the alarms that stand then.
    """
    for channel, address, column, send in (
        ("mail", settings.ALARM_EMAIL, "mail_told", _send_mail),
        ("webhook", settings.ALARM_WEBHOOK_URL, "webhook_told", _post),
    ):
        if address:
            _tell(channel, column, send)
        else:
            ended = RaisedAlarm.objects.filter(ended_at__isnull=False)
            ended.exclude(**{column: Told.END}).update(**{column: Told.END})


def _tell(channel: str, column: str, send: Callable[[dict[str, Any]], None]) -> None:
    if time.monotonic() < _silent_until.get(channel, float("-inf")):
        return
    for row in RaisedAlarm.objects.exclude(**{column: Told.END}).order_by("pk"):
        told = Told(getattr(row, column))
        for news in (Told.START, Told.END):
            if news == told or (news == Told.START and told != Told.NOTHING):
                continue
            if news == Told.END and row.ended_at is None:
                continue
            if not _sent(channel, send, message_of(row, news)):
                return
            RaisedAlarm.objects.filter(pk=row.pk).update(**{column: news})


def _sent(channel: str, send: Callable[[dict[str, Any]], None], message: dict[str, Any]) -> bool:
    try:
        send(message)
    except (OSError, ValueError, HTTPException) as error:  # includes errors of SMTP
        _silent_until[channel] = time.monotonic() + SILENCE_AFTER_FAILURE_SECONDS
        logger.warning("alarm not sent by %s: %s", channel, type(error).__name__)
        return False
    return True


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
