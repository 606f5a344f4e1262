"""Facts of an organisation that a person of it changes, where a test is about something else."""

from __future__ import annotations

import itertools

from fixtures.sessions import open_session
from marketplace.participants.models import Organisation
from marketplace.participants.services import change_facts

from . import factories

_people = itertools.count(1)


def restate(subject: Organisation, **facts: str) -> None:
    """A new owner of the organisation signs in and changes its facts."""
    owner = factories.person_of(subject, f"restating-{next(_people)}", ["owner"])
    open_session(owner)
    change_facts(actor=factories.actor_for(subject, owner.public_id), facts=facts, document="登記事項証明書")
    subject.refresh_from_db()
