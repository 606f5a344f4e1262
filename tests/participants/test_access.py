"""People and programs that act for an organisation, and how far they reach."""

import pytest
from oauth2_provider.models import get_access_token_model

from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import SYSTEM, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.participants import queries, services
from marketplace.participants.errors import EmailTaken, OwnerNeeded
from marketplace.participants.models import Application, Membership, User
from marketplace.participants.principal import load_principal
from marketplace.participants.tokens import MarketTokenValidator

from . import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject():
    return factories.organisation()


def add(organisation, actor=SYSTEM, **changes):
    facts = {"email": "hanako@example.jp", "name": "讃岐 花子", "role": "owner"}
    return services.add_member(actor=actor, organisation=organisation.public_id, **(facts | changes))


def token_of(application, user=None):
    services.issue_token(application=application.client_id, scopes=["market:read"], lifetime_seconds=60)
    token = get_access_token_model().objects.get(application=application)
    token.user = user
    return token


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
    assert queries.recipients([subject.pk], roles=["accountant"]) == {subject.pk: []}


def test_an_owner_adds_members_and_nobody_else_does(subject):
    other = factories.organisation("B")
    owner, trader = add(subject), add(subject, email="trader@example.jp", role="trader")
    new = {"email": "new@example.jp"}
    with pytest.raises(OwnerNeeded):
        add(subject, actor=factories.actor_for(subject, trader.public_id), **new)
    with pytest.raises(Missing):
        add(other, actor=factories.actor_for(subject, owner.public_id), **new)
    with pytest.raises(Missing):
        services.add_member(actor=SYSTEM, organisation="org_nobody", name="x", role="owner", **new)
    assert User.objects.count() == 2
    add(subject, actor=factories.actor_for(subject, owner.public_id), **new)
    assert Membership.objects.filter(organisation=subject).count() == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"role": "king"}, "role"), ({"email": "no address"}, "email"), ({"password": "1234"}, "password")],
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
    application = services.create_application(actor=SYSTEM, organisation=subject.public_id, name="connector")
    assert len(application.issued_secret) > 40
    kept = Application.objects.get()
    assert kept.issued_secret is None
    assert application.issued_secret not in kept.client_secret
    assert application.issued_secret not in repr(list(EvidenceRecord.objects.values_list("payload")))
    with pytest.raises(FieldInvalid):
        services.create_application(actor=SYSTEM, organisation=subject.public_id, name=" ")
    with pytest.raises(Missing):
        services.create_application(
            actor=factories.actor_for(factories.organisation("B")), organisation=subject.public_id, name="x"
        )
    assert Application.objects.count() == 1


def test_tokens_are_issued_by_the_market_for_known_scopes(subject):
    application = services.create_application(actor=SYSTEM, organisation=subject.public_id, name="connector")
    with pytest.raises(FieldInvalid):
        services.issue_token(application=application.client_id, scopes=["everything"], lifetime_seconds=60)
    with pytest.raises(Forbidden):
        services.issue_token(
            application=application.client_id,
            scopes=["market:read"],
            lifetime_seconds=60,
            actor=factories.actor_for(subject),
        )
    with pytest.raises(Missing):
        services.issue_token(application="unknown", scopes=["market:read"], lifetime_seconds=60)
    assert get_access_token_model().objects.count() == 0
    for program in (application, application.client_id):
        services.issue_token(application=program, scopes=["market:read"], lifetime_seconds=60)
    assert get_access_token_model().objects.filter(application=application).count() == 2


def test_a_program_acts_for_its_organisation(subject):
    application = services.create_application(actor=SYSTEM, organisation=subject.public_id, name="connector")
    principal = load_principal(None, token_of(application))
    assert principal.actor.identifier == principal.pk == application.public_id
    assert (principal.actor.role, principal.is_operator) == (Role.PARTICIPANT, False)
    assert (principal.actor.organisation_id, principal.actor.organisation) == (subject.pk, subject.public_id)
    assert principal.scopes == frozenset({"market:read"})


@pytest.mark.parametrize("is_person", [False, True])
def test_a_token_is_read_with_its_principal_in_one_query(subject, django_assert_num_queries, is_person):
    application = services.create_application(actor=SYSTEM, organisation=subject.public_id, name="ERP")
    person = add(subject) if is_person else None
    value = services.issue_token(
        application=application.client_id, scopes=["market:read"], lifetime_seconds=60
    )
    stored = get_access_token_model().objects.get(application=application)
    get_access_token_model().objects.update(user=person)
    with django_assert_num_queries(1):
        token = MarketTokenValidator()._load_access_token(value)
        assert token.is_valid(["market:read"])
        assert (token.user, token.application, token.resource) == (person, application, [])
        assert token.application.organisation == subject
        assert not token.application.organisation.is_operator
    assert (token.pk, token.created) == (stored.pk, stored.created)
    assert load_principal(token.user, token).actor.organisation == subject.public_id
    assert MarketTokenValidator()._load_access_token("unknown") is None


def test_a_token_without_an_organisation_acts_for_nobody():
    application = Application.objects.create(client_type="confidential", authorization_grant_type="password")
    value = services.issue_token(
        application=application.client_id, scopes=["market:read"], lifetime_seconds=60
    )
    token = MarketTokenValidator()._load_access_token(value)
    assert (token.application, token.application.organisation, token.user) == (application, None, None)
    assert load_principal(None, token) is None


def test_a_program_of_the_operator_acts_as_the_operator():
    operator = factories.operator()
    application = services.create_application(actor=SYSTEM, organisation=operator.public_id, name="console")
    principal = load_principal(None, token_of(application))
    assert (principal.actor.role, principal.is_operator) == (Role.OPERATOR, True)


def test_a_person_acts_for_the_organisation_it_belongs_to(subject):
    user = add(subject, role="trader")
    principal = load_principal(user, None)
    assert (principal.actor.identifier, principal.actor.organisation) == (user.public_id, subject.public_id)
    assert (principal.member_role, principal.scopes) == ("trader", frozenset({"market:read", "market:write"}))
    own = services.create_application(actor=SYSTEM, organisation=subject.public_id, name="own")
    assert load_principal(user, token_of(own, user)).actor.organisation == subject.public_id


def test_nobody_is_a_principal_without_an_organisation_or_through_anothers_program(subject):
    stranger = User.objects.create_user("stranger@example.jp")
    assert load_principal(stranger, None) is None
    loose = Application.objects.create(
        client_type="confidential", authorization_grant_type="client-credentials"
    )
    assert load_principal(None, token_of(loose)) is None
    member = add(subject)
    theirs = services.create_application(
        actor=SYSTEM, organisation=factories.organisation("B").public_id, name="theirs"
    )
    assert load_principal(member, token_of(theirs, member)) is None
    member.is_active = False
    member.save()
    assert load_principal(member, None) is None
