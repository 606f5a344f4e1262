"""Tries one route with every kind of caller, and names each answer that the table of permissions does not give."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from marketplace.api.checks import Route
from marketplace.api.permissions import PUBLIC, Keyed, permissions_in
from marketplace.kernel.permissions import RULES, SCOPES, permissions_of
from marketplace.kernel.suspensions import SuspensionKind
from tests.participants import factories as parties

from .callers import EVERYTHING, Caller, Verdict
from .requests import APPLICANT, EVERYBODY, ROUTES, Example, Request
from .world import World, suspend, trustee

PROBLEM = "application/problem+json"
COSTLY_LEFT_OUT = ("trader", "engineer", "signatory", "trustee", "old proof")
"""Who does not read, on a route whose answer takes long to make, what others read by the same permission."""
OF_EVERYBODY = {"anonymous", "left", f"buyer: {EVERYTHING}", f"operator: {EVERYTHING}", "buyer: unproved"}
"""Who tries what everybody may read, beside those whose credentials have ended."""
REFUSED_OTHERWISE = {403, 404, 409, 422}
"""What somebody may get who holds the permission, but for whom the row is another's or stands in another state."""


@dataclass
class Answer:
    """What came back."""

    status: int
    kind: str
    code: str
    ids: frozenset[str]
    text: str


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """What happens inside is taken back at the end, and counts as one test's: it may still begin outside work."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # as Django's own test cases do
    with block:
        yield
        transaction.set_rollback(True)


def send(name: str, request: Request, caller: Caller) -> Answer:
    """Send a request of the table as ``caller``."""
    route = ROUTES[name]
    path = name.split(" ", 1)[1]
    for each in request.ids:
        path = path.replace("{}", each, 1)
    prefix = "/" if path.startswith("api/") else "/api/v1/"
    call = getattr(caller.client(), route.method.lower())
    for file in _files_in(request.body):
        file.seek(0)
    answer = (
        call(f"{prefix}{path}{request.query}")
        if route.method == "GET"
        else call(f"{prefix}{path}", request.body, format=request.form)
    )
    return _read(answer)


def _files_in(body: Any) -> list[Any]:
    """The files of a form, which each caller sends from their beginnings."""
    values = body.values() if isinstance(body, dict) else []
    return [
        each
        for value in values
        for each in (value if isinstance(value, list) else [value])
        if hasattr(each, "seek")
    ]


def _read(answer: Any) -> Answer:
    kind = answer.get("Content-Type", "").partition(";")[0]
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    data = json.loads(content) if kind.endswith("json") and content else None
    is_problem = kind == PROBLEM
    return Answer(
        answer.status_code,
        kind,
        str(data.get("code", "")) if is_problem and isinstance(data, dict) else "",
        frozenset(identifiers_in(data)) if not is_problem else frozenset(),
        content[:300].decode(errors="replace"),
    )


def identifiers_in(data: Any) -> Iterator[str]:
    """The identifiers of the rows that an answer shows: its own, or those of its list."""
    rows = data.get("results", [data]) if isinstance(data, dict) else data
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and (shown := row.get("id") or row.get("code") or row.get("entry")):
            yield str(shown)


@dataclass
class Trial:
    """One route, tried with its example on a market."""

    name: str
    example: Example
    world: World
    faults: list[str] = field(default_factory=list)

    @property
    def route(self) -> Route:
        """The route."""
        return ROUTES[self.name]

    def run(self) -> list[str]:
        """Try every caller; returns what is wrong, each with the caller's name."""
        needs = self.route.needs
        assert needs is not None, f"{self.name} declares nothing"
        request = self.example.arrange(self.world)
        if self.example.takes_two:
            asked = send(self.name, request, self.world.first)
            if asked.code != "second_person_needed":
                return [f"the first person: {asked.status} {asked.code} {asked.text}"]
        done = self._succeeding(request)
        if self.faults:
            return self.faults
        for caller in self._callers():
            verdict = caller.verdict(needs, authenticates=self._authenticates())
            with self._undone():
                answer = send(self.name, request, caller)
            acts = self._acts_for_others(caller)
            self._judge(caller.name, verdict, answer, done, is_own=self._is_own(caller), acts_for_others=acts)
        if self.example.side in self.world.organisations and self.example.side != "operator":
            self._try_suspended(request, done)
            if not self.example.is_costly:
                self._try_trustee(request, done)
        return self.faults

    def _undone(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self.example.stands_alone else undone()

    def _authenticates(self) -> bool:
        return getattr(self.route.view, "authentication_classes", None) != () and hasattr(
            self.route.view, "authentication_classes"
        )

    def _acts_for_others(self, caller: Caller) -> bool:
        """Whether somebody of the operator reads, or holds a permission for it that no participant holds."""
        held = caller.permissions.intersection(permissions_in(self.route.needs or PUBLIC))
        is_operators = not self.route.changes or any(not RULES[each].participant for each in held)
        return caller.side == "operator" and is_operators

    def _succeeding(self, request: Request) -> Answer:
        """The answer to whoever may do it: the same request that the others send."""
        side = self.example.side
        if side == APPLICANT:
            caller = Caller("applicant", token=request.key, header="HTTP_REGISTRATION_KEY")
        elif side == EVERYBODY:
            caller = Caller("anonymous")
        else:
            caller = self.world.everything(side)
        with self._undone():
            answer = send(self.name, request, caller)
        if not 200 <= answer.status < 400:
            self._note(caller.name, f"should succeed, but: {answer.status} {answer.text}")
        is_list = self.route.method == "GET" and "{" not in self.name and "results" in answer.text
        if is_list and not answer.ids and not self.example.may_be_empty:
            self._note(caller.name, f"an empty list tries nothing: {answer.text}")
        return answer

    def _callers(self) -> list[Caller]:
        """All of the route's own side, and of the other side all roles; others once."""
        side = self.example.side
        own = side if side in self.world.organisations else "buyer"
        other = "buyer" if own == "operator" else "operator"
        if side == EVERYBODY and not self.route.changes:
            # The table says the same of all of them.
            return [each for each in self.world.callers if each.is_ended or each.name in OF_EVERYBODY]
        return [
            caller
            for caller in self.world.callers
            if (caller.side == own and self._is_tried(caller))
            or caller.side in ("", "stranger")
            or (caller.side == other and ("program" not in caller.name and not caller.is_ended))
        ]

    def _is_tried(self, caller: Caller) -> bool:
        """Whether a caller of the route's side is another than those before: programs with scopes of other routes are one."""
        if caller.scope not in SCOPES:
            return not (self.example.is_costly and caller.name.endswith(COSTLY_LEFT_OUT))
        needed = permissions_in(self.route.needs or PUBLIC)
        return caller.scope in needed or caller.scope == next(
            each for each in sorted(SCOPES) if each not in needed
        )

    def _is_own(self, caller: Caller) -> bool:
        return self.example.side in (EVERYBODY, caller.side)

    def _judge(
        self,
        who: str,
        verdict: Verdict,
        answer: Answer,
        done: Answer,
        *,
        is_own: bool,
        suspended: bool = False,
        acts_for_others: bool = False,
    ) -> None:
        """Note what is wrong with an answer to a caller of whom the table says ``verdict``."""
        said = f"{answer.status} {answer.code} {answer.text[:160]}"
        if answer.status >= 500:
            self._note(who, f"a fault of the market: {said}")
        elif answer.status >= 400 and answer.kind != PROBLEM:
            self._note(who, f"a refusal that is no problem document: {answer.kind} {said}")
        elif verdict is not Verdict.MAY:
            status, code = verdict.value
            if answer.status != status or (status == 403 and answer.code != code):
                self._note(who, f"expected {status} {code}, got {said}")
        elif is_own and not suspended:
            is_narrowed = self.example.is_narrowed and answer.status in REFUSED_OTHERWISE
            if answer.status != done.status and not is_narrowed:
                self._note(who, f"may, but: {said}")
        elif not is_own and not acts_for_others and not self.example.is_shared:
            self._judge_other(who, answer, done, said)

    def _judge_other(self, who: str, answer: Answer, done: Answer, said: str) -> None:
        """Somebody of another organisation who holds the permission finds nothing of what is not its own."""
        if answer.status >= 400:
            if answer.status not in REFUSED_OTHERWISE:
                self._note(who, f"refused in another way: {said}")
        elif "{" in self.name:
            self._note(who, f"reads or does what is another's: {said}")
        elif leaked := answer.ids & done.ids:
            self._note(who, f"reads rows of another: {sorted(leaked)}")

    def _try_suspended(self, request: Request, done: Answer) -> None:
        """A suspended organisation does what the kind of its suspension leaves it, and is refused the rest as such."""
        subject, needs = self.world.of(self.example.side), self.route.needs
        for kind in SuspensionKind:
            left = permissions_of(
                parties.roles_of(subject), proved=True, is_operator=False, suspended=(kind,)
            )
            may = not isinstance(needs, Keyed | None) and not left.isdisjoint(permissions_in(needs))
            with undone():
                suspend(subject, kind)
                answer = send(self.name, request, self.world.everything(self.example.side))
            who, said = f"{self.example.side}, {kind}", f"{answer.status} {answer.code} {answer.text}"
            self._judge(who, Verdict.MAY, answer, done, is_own=True, suspended=True)
            # Of what the row itself allows some, the permission that others need for it may be withheld.
            is_withheld = self.example.is_narrowed and answer.code in SUSPENDED
            stopped = is_withheld or self.name in STOPPED_BY_SUSPENSION
            if may and answer.status != done.status and not stopped:
                self._note(who, f"cannot go on: {said}")
            elif not may and (answer.status != 403 or answer.code not in SUSPENDED):
                self._note(who, f"is not refused as suspended: {said}")

    def _try_trustee(self, request: Request, done: Answer) -> None:
        """The trustee of an organisation in insolvency proceedings does what its role holds."""
        with undone():
            suspend(self.world.of(self.example.side), SuspensionKind.INSOLVENCY)
            caller = trustee(self.world, self.example.side)
            answer = send(self.name, request, caller)
        if self.name in STOPPED_BY_SUSPENSION and answer.code in SUSPENDED:
            return
        verdict = caller.verdict(self.route.needs or PUBLIC, authenticates=self._authenticates())
        self._judge(caller.name, verdict, answer, done, is_own=True)

    def _note(self, who: str, what: str) -> None:
        self.faults.append(f"{who}: {what}")


SUSPENDED = {"organisation_suspended", "trustee_acts"}
"""The codes of what a suspension withholds."""
STOPPED_BY_SUSPENSION = {
    "POST admissions/",
    "POST applications/",
    "POST intermediary-notices/",
    "POST webhooks/",
    "POST webhooks/{}/enable/",
    "POST webhooks/{}/ping/",
    "POST webhooks/{}/replay/",
    "POST webhooks/{}/revise/",
}
"""What a suspended organisation cannot do although it begins nothing by the table of permissions."""
