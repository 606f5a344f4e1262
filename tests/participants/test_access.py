"""People and programs that act for an organisation, and how far they reach."""

import dataclasses
from datetime import timedelta

import pytest
from django.db import connection
from oauth2_provider.models import get_access_token_model

from fixtures.sessions import open_session
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded
from marketplace.kernel.permissions import (
    OPERATOR_ROLES,
    PARTICIPANT_ROLES,
    SCOPES,
    Permission,
    permissions_of,
)
from marketplace.participants import queries, services
from marketplace.participants.errors import EmailTaken, NotAMember, OrganisationNeeded
from marketplace.participants.models import Application, Membership, RoleGrant, Session, User
from marketplace.participants.principal import load_person, load_program
from marketplace.participants.tokens import MarketTokenValidator

from . import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject():
    return factories.organisation()


def add(organisation, actor=SYSTEM, **changes):
    facts = {"email": "hanako@example.jp", "name": "讃岐 花子", "roles": ["owner"]}
    return services.add_member(actor=actor, organisation=organisation.public_id, **(facts | changes))


def actor_with(organisation, *roles, identifier="usr_test"):
    actor = factories.actor_for(organisation, identifier)
    return dataclasses.replace(actor, permissions=permissions_of(roles, proved=True, is_operator=False))


def principal_of(application, scopes=None):
    return load_program(MarketTokenValidator()._load_access_token(factories.token_of(application, scopes)))


def test_a_member_signs_in_by_an_address_in_any_case(subject):
    user = add(subject, email=" Hanako@Example.JP ", password="a-long-enough-secret")
    assert User.objects.get_by_natural_key("HANAKO@example.jp") == user
    assert (user.email, user.check_password("a-long-enough-secret")) == ("hanako@example.jp", True)
    assert str(user) == user.public_id
    assert not add(subject, email="b@example.jp").has_usable_password()
    assert [person.address for person in queries.recipients([subject.pk])[subject.pk]] == [
        "hanako@example.jp",
        "b@example.jp",
    ]
    factories.leave(user)
    assert "hanako@example.jp" not in [
        person.address for person in queries.recipients([subject.pk])[subject.pk]
    ]


def test_the_system_adds_members_and_nobody_else_does(subject):
    other, operator = factories.organisation("B"), factories.operator()
    new = {"email": "new@example.jp"}
    for actor in (
        actor_with(subject, "owner"),
        actor_with(subject, "trader"),
        factories.actor_for(operator, "usr_staff"),
        factories.actor_for(subject, "app_program"),
    ):
        for target in (subject, other, operator):
            with pytest.raises(Forbidden):
                add(target, actor=actor, **new)
    with pytest.raises(Missing):
        services.add_member(actor=SYSTEM, organisation="org_nobody", name="x", roles=["owner"], **new)
    assert not User.objects.filter(email=new["email"]).exists()
    added = add(subject, roles=["trader", "finance", "trader"], **new)
    held = RoleGrant.objects.filter(membership__organisation=subject).values_list(
        "membership__user", "role", "granted_by"
    )
    assert sorted(held) == [(added.pk, "finance", "system"), (added.pk, "trader", "system")]
    (record,) = EvidenceRecord.objects.filter(kind="participants.member_added", subject=subject.public_id)
    assert record.payload == {"user": added.public_id, "roles": ["finance", "trader"]}
    assert add(operator, roles=["clearing"], email="c@example.jp").public_id.startswith("usr_")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"roles": ["king"]}, "roles"),
        ({"roles": []}, "roles"),
        ({"roles": ["owner", "clearing"]}, "roles"),
        ({"email": "no address"}, "email"),
        ({"password": "1234"}, "password"),
    ],
)
def test_a_bad_member_names_the_field(subject, changes, field):
    with pytest.raises(FieldInvalid) as refusal:
        add(subject, **changes)
    assert refusal.value.name == field
    assert (User.objects.count(), Membership.objects.count()) == (0, 0)


def test_an_address_is_one_person(subject):
    add(subject)
    with pytest.raises(EmailTaken):
        add(factories.organisation("B"), email="HANAKO@example.jp")
    assert Membership.objects.get().organisation_id == subject.pk


def test_a_programs_secret_is_shown_once_and_kept_as_a_hash(subject):
    application = factories.application_of(subject)
    assert len(application.issued_secret) > 40
    kept = Application.objects.get()
    assert kept.issued_secret is None
    assert application.issued_secret not in kept.client_secret
    assert application.issued_secret not in repr(list(EvidenceRecord.objects.values_list("payload")))
    assert kept.scopes == sorted(SCOPES - {Permission.CONTRACTS_SUBMIT})


def test_a_program_is_made_by_a_person_who_may_and_reaches_no_further(subject):
    owner = add(subject)
    actor = actor_with(subject, "owner", identifier=owner.public_id)
    for wrong, refusal in (
        ({"actor": actor_with(subject, "trader")}, PermissionNeeded),
        ({"actor": factories.actor_for(subject, "app_program")}, Forbidden),
        ({"actor": SYSTEM}, Forbidden),
        ({"name": " "}, FieldInvalid),
        ({"scopes": ["listings:write"]}, FieldInvalid),
        ({"scopes": ["members:write"]}, FieldInvalid),
        ({"scopes": []}, FieldInvalid),
    ):
        with pytest.raises(refusal):
            services.create_application(**({"actor": actor, "name": "connector"} | wrong))
    assert Application.objects.count() == 0
    made = services.create_application(actor=actor, name="connector")
    assert (made.scopes, made.responsible) == (["market:read", "money:read"], owner)


def test_a_program_acts_for_its_organisation(subject):
    application = factories.application_of(subject)
    principal = principal_of(application, ["market:read"])
    assert principal.actor.identifier == application.public_id
    assert principal.pk == f"{application.public_id}@{subject.public_id}"
    assert (principal.actor.role, principal.is_operator, principal.roles) == (Role.PARTICIPANT, False, ())
    assert (principal.actor.organisation_id, principal.actor.organisation) == (subject.pk, subject.public_id)
    assert (principal.actor.permissions, principal.actor.proved_at) == ({"market:read"}, None)
    assert principal.actor.responsible == application.responsible.public_id


def test_a_program_may_no_more_than_its_token_its_scopes_and_its_person_allow(subject):
    application = factories.application_of(subject, ("market:read", "listings:write"))
    assert principal_of(application).actor.permissions == {"market:read", "listings:write"}
    assert principal_of(application, ["listings:write", "money:read"]).actor.permissions == {"listings:write"}
    assert principal_of(application, ["members:write", "market:write"]).actor.permissions == set()
    factories.person_of(subject, "stays", ("owner",))
    member = Membership.objects.get(user=application.responsible)
    for role in sorted(PARTICIPANT_ROLES - {"auditor", "trustee"}):
        actor = factories.actor_of(application.responsible)
        services.revoke_role(actor=actor, member=member.public_id, role=role)
    assert principal_of(application).actor.permissions == {"market:read"}
    factories.leave(application.responsible)
    assert principal_of(application).actor.permissions == set()


def test_a_program_of_a_person_whose_account_ended_may_nothing(subject):
    application = factories.application_of(subject)
    User.objects.filter(pk=application.responsible_id).update(is_active=False)
    assert principal_of(application).actor.permissions == set()


def test_a_program_of_the_operator_only_reads():
    principal = principal_of(factories.application_of(factories.operator()))
    assert (principal.actor.role, principal.is_operator) == (Role.OPERATOR, True)
    assert principal.actor.permissions == {"market:read", "money:read"}


def test_a_token_is_read_with_all_that_it_may_in_one_query(subject, django_assert_num_queries):
    application = factories.application_of(subject, ("market:read",))
    value = factories.token_of(application)
    stored = get_access_token_model().objects.get(application=application)
    with django_assert_num_queries(1):
        token = MarketTokenValidator()._load_access_token(value)
        assert token.is_valid(["market:read"])
        assert (token.user, token.application, token.resource) == (None, application, [])
        assert token.application.organisation == subject
        assert load_program(token).actor.organisation == subject.public_id
    assert (token.pk, token.created) == (stored.pk, stored.created)
    assert MarketTokenValidator()._load_access_token("unknown") is None


def test_a_token_of_a_person_is_none(subject):
    value = factories.token_of(factories.application_of(subject))
    get_access_token_model().objects.update(user=add(subject))
    assert MarketTokenValidator()._load_access_token(value) is None


def test_a_session_is_read_with_all_that_its_person_may_in_one_query(subject, django_assert_num_queries):
    person = add(subject, roles=["trader", "engineer"])
    session = open_session(person)
    with django_assert_num_queries(1):
        principal = load_person(session, None)
    assert (principal.actor.identifier, principal.actor.organisation) == (person.public_id, subject.public_id)
    assert principal.roles == ("engineer", "trader")
    assert principal.actor.permissions == permissions_of(
        ["engineer", "trader"], proved=True, is_operator=False
    )
    assert clock.real_now() - principal.actor.proved_at < timedelta(seconds=30)
    assert load_person("pst_unknown", None) is None


@pytest.mark.parametrize(
    ("is_operator", "roles"), [(False, PARTICIPANT_ROLES), (True, OPERATOR_ROLES)], ids=["owner", "staff"]
)
def test_roles_that_need_a_proof_give_nothing_without_one(is_operator, roles):
    subject = factories.organisation(is_operator=is_operator)
    person = factories.person_of(subject)
    bare = load_person(open_session(person, proved_seconds_ago=None), None)
    assert bare.actor.permissions == permissions_of(roles, proved=False, is_operator=is_operator)
    assert (bare.actor.proved_at, "members:write" in bare.actor.permissions) == (None, False)
    assert "members:write" in load_person(open_session(person), None).actor.permissions


def test_a_person_of_several_organisations_says_for_which_it_acts(subject, django_assert_num_queries):
    other, third = factories.organisation("B"), factories.organisation("C")
    person = add(subject, roles=["trader"])
    factories.join(person, other, "auditor")
    session = open_session(person)
    with pytest.raises(OrganisationNeeded) as refusal:
        load_person(session, None)
    assert refusal.value.fields == {"organisations": [subject.public_id, other.public_id]}
    with pytest.raises(NotAMember):
        load_person(session, third.public_id)
    with django_assert_num_queries(1):
        principal = load_person(session, other.public_id)
    assert (principal.actor.organisation_id, principal.roles) == (other.pk, ("auditor",))
    assert load_person(session, subject.public_id).roles == ("trader",)
    services.leave(actor=factories.actor_of(person, subject))
    assert load_person(session, None).actor.organisation == other.public_id
    with pytest.raises(NotAMember):
        load_person(session, subject.public_id)


def test_a_person_who_left_may_only_manage_its_own_access(subject):
    person = add(subject)
    session = open_session(person)
    factories.leave(person)
    principal = load_person(session, None)
    assert (principal.actor.organisation, principal.actor.permissions) == (None, {"person:own"})
    assert principal.is_operator is False


def test_a_session_ends_with_its_time_with_the_password_and_with_the_account(subject):
    person = add(subject, password="a-long-enough-secret")
    session = open_session(person)
    assert session.startswith("pst_")
    (row,) = Session.objects.all()
    assert (len(row.session_key), session in repr(vars(row))) == (64, False)
    Session.objects.update(expire_date=clock.real_now() - timedelta(hours=1))
    assert load_person(session, None) is None
    session = open_session(person)
    person.set_password("another-long-secret")
    person.save()
    assert load_person(session, None) is None
    session = open_session(person)
    User.objects.update(is_active=False)
    assert (load_person(session, None), Session.objects.filter(user=person).count()) == (None, 0)
    connection.check_constraints()
