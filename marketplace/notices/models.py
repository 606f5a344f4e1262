"""Tasks, notices, and the outbox of mail."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.columns import BilingualTextField, MomentField
from marketplace.kernel.guards import immutable, no_delete, own_key, set_once, state_guard
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField
from marketplace.kernel.permissions import WRITES

from .guards import needs_as_approval
from .states import MAIL, TASK, MailState, TaskKind, TaskState

SUBJECT_LENGTH_MAX = 80


class Task(models.Model):
    """A task of an organisation about a ``subject`` (public identifier), due by ``deadline`` if any.

    ``thread`` is the subject of the events that open and close the task (the negotiation, the agreement). ``title`` is
    ``{"ja", "en"}``. ``needs``: the permission without which nobody but the auditor of the organisation reads it; empty if all
    its people do. Invariants: at most one open task per organisation, kind and subject; one to approve needs the permission of
    its approval.
    """

    public_id = IdentifierField(prefix="tsk")
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=TaskKind.choices)
    subject = models.CharField(max_length=SUBJECT_LENGTH_MAX)
    thread = models.CharField(max_length=SUBJECT_LENGTH_MAX)
    title = BilingualTextField()
    needs = models.CharField(max_length=30, blank=True, default="", db_default="")
    deadline = MomentField(null=True)
    state = models.CharField(max_length=6, choices=TaskState.choices, default=TaskState.OPEN)
    opened_at = MomentField()
    closed_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "subject"], condition=Q(state="open"), name="task_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="task_closed_when",
            ),
            models.CheckConstraint(condition=Q(kind__in=TaskKind.values), name="task_kind"),
            models.CheckConstraint(condition=Q(needs__in=["", *sorted(WRITES)]), name="task_needs"),
        ]
        indexes = [
            models.Index("thread", name="task_open_thread", condition=Q(state="open")),
            models.Index(fields=["organisation", "-id"], name="task_of_organisation"),
        ]
        triggers = [
            own_key(),
            state_guard(TASK),
            no_delete(),
            immutable("public_id", "organisation_id", "kind", "subject", "thread", "needs", "opened_at"),
            needs_as_approval(),
        ]


class Notice(models.Model):
    """A notice to an organisation. ``title`` and ``body`` are ``{"ja", "en"}``; ``read_at`` is set once.

    Invariant: a notice never changes.
    """

    public_id = IdentifierField(prefix="ntc")
    organisation = models.ForeignKey("participants.Organisation", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=SUBJECT_LENGTH_MAX)
    title = BilingualTextField()
    body = BilingualTextField()
    told_at = MomentField()
    read_at = MomentField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-id"], name="notice_of_organisation")]
        triggers = [
            own_key(),
            no_delete(),
            immutable("public_id", "organisation_id", "subject", "title", "body", "told_at"),
            set_once("read_at"),
        ]


class MailMessage(models.Model):
    """A mail to one person about one task or notice: queued with it, sent by a job of its own.

    ``about`` is the task's or notice's public identifier. ``address`` is personal data.
    Invariants: one mail per person and task or notice; its content never changes; a sent mail is never sent again.
    """

    public_id = IdentifierField(prefix="eml")
    about = models.CharField(max_length=IDENTIFIER_LENGTH)
    user = models.ForeignKey("participants.User", on_delete=models.PROTECT, related_name="+")
    address = models.EmailField()
    title = models.CharField(max_length=300)
    text = models.TextField()
    state = models.CharField(max_length=8, choices=MailState.choices, default=MailState.QUEUED)
    sent_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["about", "user"], name="mail_once"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="mail_sent_when",
            ),
        ]
        triggers = [
            own_key(),
            state_guard(MAIL),
            no_delete(),
            immutable("public_id", "about", "user_id", "address", "title", "text"),
            set_once("sent_at"),
        ]
