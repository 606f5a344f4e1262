"""A refusal that leaves a record: everything else of the command is taken back, the record stands."""

from __future__ import annotations

import pytest
from django.db import transaction

from marketplace.kernel.labels import Label
from marketplace.kernel.models import Clock
from marketplace.kernel.refusals import RecordedRefusal, record_refusals

pytestmark = pytest.mark.django_db


class _Asked(RecordedRefusal):
    code = "asked"
    detail = Label("{who} asked.", "{who} が依頼しました。")


def refuse(written: list[str]) -> None:
    """Change something, then refuse."""
    Clock.objects.create(pk=1, business_anchor="2027-01-01T00:00Z", real_anchor="2027-01-01T00:00Z")

    def record() -> dict[str, str]:
        assert Clock.objects.count() == 0
        written.append("record")
        return {"who": "somebody"}

    raise _Asked(record=record, who="nobody")


def test_the_record_is_written_after_the_command_is_taken_back():
    written: list[str] = []
    with pytest.raises(_Asked) as refused, record_refusals():
        refuse(written)
    assert (written, Clock.objects.count()) == (["record"], 0)
    assert (str(refused.value.message), refused.value.fields) == ("somebody asked.", {"who": "somebody"})


def test_each_transaction_around_it_writes_it_anew():
    written: list[str] = []
    with pytest.raises(_Asked), record_refusals(), record_refusals():
        refuse(written)
    assert written == ["record", "record"]


def test_a_plain_transaction_writes_nothing():
    written: list[str] = []
    with pytest.raises(_Asked), transaction.atomic():
        refuse(written)
    assert (written, Clock.objects.count()) == ([], 0)


def test_what_is_not_refused_is_committed():
    with record_refusals():
        Clock.objects.create(pk=1, business_anchor="2027-01-01T00:00Z", real_anchor="2027-01-01T00:00Z")
    assert Clock.objects.count() == 1
