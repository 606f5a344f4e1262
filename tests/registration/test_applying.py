"""Strangers apply and prove their mail address, and learn nothing about others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_due
from marketplace.kernel.clock import real_now
from marketplace.kernel.errors import FieldInvalid, IllegalTransition, Missing
from marketplace.participants.models import Organisation, User
from marketplace.registration import bounds, codes, services
from marketplace.registration.errors import CodesUsedUp, CodeWrong, TooManyDrafts
from marketplace.registration.models import Registration
from tests.participants import factories as parties

from . import factories

pytestmark = pytest.mark.django_db


def prove(row: Registration, code: str) -> Registration:
    return services.prove_email(actor=factories.applicant(row), registration=row.public_id, code=code)


def test_a_stranger_applies_and_is_sent_a_code():
    row = factories.begun()
    assert (row.state, row.issued_key[:4], row.codes_sent) == ("draft", "rgk_", 1)
    run_due("mail")
    (sent,) = mail.outbox
    assert (sent.to, row.public_id in sent.subject) == (["hanako@sanuki.example.jp"], True)
    assert Organisation.objects.count() == 0


def test_neither_key_nor_code_is_stored_in_the_clear():
    row = factories.begun()
    code = factories.code_of(row)
    stored = repr(Registration.objects.values().get()) + repr(list(Job.objects.values()))
    assert (row.issued_key in stored, code in stored) == (False, False)
    assert Registration.objects.get().key_digest == codes.key_digest(row.issued_key)


def test_no_personal_data_stands_in_evidence_or_jobs(operator):
    factories.accepted(operator)
    stated = repr(list(EvidenceRecord.objects.values("kind", "subject", "actor", "payload")))
    stated += repr(list(Job.objects.values()))
    for secret in ("hanako", "花子", "番町"):
        assert secret not in stated


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("email", {"email": "nobody"}),
        ("applicant_name", {"applicant_name": " "}),
        ("representative_name", {"representative_name": " "}),
        ("corporate_number", {"corporate_number": "1234567890123"}),
        ("corporate_number", {"corporate_number": None}),
        ("lei", {"lei": "529900T8BM49AURSDO56"}),
        ("kind", {"kind": "club"}),
        ("address", {"address": " "}),
        ("invoice_registration_number", {"invoice_registration_number": "T1"}),
        ("bank_code", {"payout_account": parties.PAYOUT_ACCOUNT | {"bank_code": "x"}}),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_begun(field, changes):
    with pytest.raises(FieldInvalid) as refusal:
        factories.begun(**changes)
    assert field in refusal.value.name
    assert (Registration.objects.count(), Job.objects.count()) == (0, 0)


def test_an_address_that_is_known_gets_the_same_answer(operator):
    known = parties.person_of(operator, "known").email
    rows = [factories.begun(email=known), factories.begun(email="new@example.jp")]
    told = [(row.state, row.codes_sent, len(row.issued_key), row.is_quiet) for row in rows]
    assert told[0] == told[1]


def test_a_number_that_is_registered_gets_the_same_answer():
    number = parties.organisation().corporate_number
    assert factories.begun(corporate_number=number).state == "draft"


def test_one_network_prepares_so_many_applications_at_once():
    for _ in range(bounds.DRAFTS_PER_ADDRESS_MAX):
        factories.begun()
    with pytest.raises(TooManyDrafts):
        factories.begun()
    assert Registration.objects.count() == bounds.DRAFTS_PER_ADDRESS_MAX
    assert factories.begun("192.0.2.2").state == "draft"


def test_nobody_fills_a_strangers_mailbox():
    rows = [factories.begun() for _ in range(bounds.OPEN_PER_EMAIL_MAX + 2)]
    assert [row.is_quiet for row in rows] == [False] * bounds.OPEN_PER_EMAIL_MAX + [True, True]
    services.send_code(actor=factories.applicant(rows[-1]), registration=rows[-1].public_id)
    run_due("mail")
    assert len(mail.outbox) == bounds.OPEN_PER_EMAIL_MAX


def test_a_stranger_keeps_nobody_out():
    for _ in range(bounds.OPEN_PER_EMAIL_MAX):
        factories.begun("192.0.2.1")
    assert factories.begun("192.0.2.2").is_quiet is False


def test_many_networks_fill_no_mailbox_either():
    rows = [factories.begun(f"192.0.2.{n}") for n in range(bounds.OPEN_PER_EMAIL_ANYWHERE_MAX + 1)]
    assert [row.is_quiet for row in rows] == [False] * bounds.OPEN_PER_EMAIL_ANYWHERE_MAX + [True]


def test_the_code_proves_the_address_once():
    row = factories.begun()
    proved = prove(row, factories.code_of(row))
    assert (proved.email_proved_at is not None, proved.wrong_codes) == (True, 0)
    assert prove(row, "00000000").email_proved_at == proved.email_proved_at
    services.send_code(actor=factories.applicant(row), registration=row.public_id)
    run_due("mail")
    assert len(mail.outbox) == 1


def test_a_wrong_code_is_counted():
    row = factories.begun()
    right = factories.code_of(row)
    with pytest.raises(CodeWrong):
        prove(row, "1" + right[1:] if right[0] != "1" else "2" + right[1:])
    row.refresh_from_db()
    assert (row.wrong_codes, row.email_proved_at) == (1, None)
    assert prove(row, right).email_proved_at is not None


def test_after_too_many_wrong_codes_the_right_one_is_refused():
    row = factories.begun()
    right = factories.code_of(row)
    for _ in range(bounds.WRONG_CODES_MAX + 1):
        with pytest.raises(CodeWrong):
            prove(row, "x")
    with pytest.raises(CodeWrong):
        prove(row, right)
    row.refresh_from_db()
    assert (row.wrong_codes, row.email_proved_at) == (bounds.WRONG_CODES_MAX, None)


def test_an_old_code_is_refused():
    row = factories.begun()
    code = factories.code_of(row)
    Registration.objects.update(code_expires_at=real_now() - timedelta(seconds=1))
    with pytest.raises(CodeWrong):
        prove(row, code)
    assert Registration.objects.get().email_proved_at is None


def test_a_later_code_voids_the_earlier_and_so_many_are_sent():
    row = factories.begun()
    first = factories.code_of(row)
    act = {"actor": factories.applicant(row), "registration": row.public_id}
    for _ in range(bounds.CODES_MAX - 1):
        services.send_code(**act)
    last = factories.code_of(row)
    with pytest.raises(CodesUsedUp):
        services.send_code(**act)
    if first != last:
        with pytest.raises(CodeWrong):
            prove(row, first)
    assert prove(row, last).email_proved_at is not None


def test_only_its_applicant_touches_an_application():
    row, other = factories.begun(), factories.begun()
    with pytest.raises(Missing):
        services.prove_email(
            actor=factories.applicant(other), registration=row.public_id, code=factories.code_of(row)
        )
    assert Registration.objects.get(pk=row.pk).wrong_codes == 0


def test_what_is_submitted_takes_no_code():
    row = factories.submitted()
    with pytest.raises(IllegalTransition):
        prove(row, "00000000")
    assert User.objects.count() == 0
