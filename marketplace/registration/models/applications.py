"""Applications for registration, with their supporting documents and beneficial owners."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import BoundedJSONField, DayField, MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person
from marketplace.participants.guards import corporate_number_guard
from marketplace.participants.media import ACCEPTED
from marketplace.participants.models import LANGUAGES
from marketplace.participants.states import OrganisationKind

from ..bounds import CODES_MAX, DOCUMENT_BYTES_MAX, DOCUMENTS_MAX, OWNERS_MAX, WRONG_CODES_MAX
from ..guards import bounded_draft, screened_first
from ..states import ENDED, REGISTRATION, SCREENED_AGAIN, DocumentKind, OwnerBasis, RegistrationState

DIGEST_PATTERN = r"^[0-9a-f]{64}$"
PREPARED = (RegistrationState.DRAFT, RegistrationState.LAPSED)
"""States in which an application was never submitted."""


class Registration(models.Model):
    """An application of a stranger to be registered as an organisation.

    ``key_digest`` is that of the key by which the applicant acts, ``address_digest`` that of the client's address, and
    ``code_digest`` that of the code last sent to ``email``, whose person becomes the first owner. ``is_quiet``: nobody is
    written to, because the mail address has as many open applications as it may have. ``proposed_by`` is the person of the
    operator who proposed to accept it; ``return_reason`` says why a proposal was voided last, ``closed_by`` who ended it. Personal data: never in an event or an evidence record.

    Invariants: what is stated never changes; it is submitted once, with a proved address; it is accepted by two people,
    after a screening whose findings are answered; and it registers one organisation.
    """

    public_id = IdentifierField(prefix="reg")
    salt = SaltField()
    state = models.CharField(
        max_length=10, choices=RegistrationState.choices, default=RegistrationState.DRAFT
    )
    key_digest = models.CharField(max_length=64)
    address_digest = models.CharField(max_length=64)
    email = models.EmailField()
    applicant_name = models.CharField(max_length=100)
    language = models.CharField(max_length=2, choices=LANGUAGES, default="ja")
    name_ja = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=OrganisationKind.choices)
    corporate_number = models.CharField(max_length=13, null=True)
    lei = models.CharField(max_length=20, null=True)
    invoice_registration_number = models.CharField(max_length=14, null=True)
    country = models.CharField(max_length=2, default="JP")
    address = models.CharField(max_length=300)
    representative_title = models.CharField(max_length=40, blank=True, default="")
    representative_name = models.CharField(max_length=59)
    payout_account = BoundedJSONField(null=True)
    is_quiet = models.BooleanField(default=False)
    codes_sent = models.PositiveSmallIntegerField(default=0)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    code_digest = models.CharField(max_length=64, null=True)
    code_expires_at = MomentField(null=True)
    begun_at = MomentField()
    email_proved_at = MomentField(null=True)
    submitted_at = MomentField(null=True)
    proposed_by = models.CharField(max_length=60, null=True)
    proposed_at = MomentField(null=True)
    acceptance_reason = models.TextField(blank=True, default="")
    return_reason = models.TextField(blank=True, default="", db_default="")
    refusal_reason = models.TextField(blank=True, default="")
    closed_by = models.CharField(max_length=60, null=True)
    closed_at = MomentField(null=True)
    organisation = models.OneToOneField(
        "participants.Organisation", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key_digest"], name="registration_key_once"),
            models.CheckConstraint(
                condition=Q(
                    key_digest__regex=DIGEST_PATTERN,
                    address_digest__regex=DIGEST_PATTERN,
                    email=Lower(F("email")),
                    country__regex=r"^[A-Z]{2}$",
                    kind__in=OrganisationKind.values,
                )
                & (Q(code_digest=None) | Q(code_digest__regex=DIGEST_PATTERN)),
                name="registration_well_formed",
            ),
            models.CheckConstraint(
                condition=Q(kind="individual") | ~Q(country="JP") | Q(corporate_number__isnull=False),
                name="registration_number_given",
            ),
            models.CheckConstraint(
                condition=Q(codes_sent__lte=CODES_MAX, wrong_codes__lte=WRONG_CODES_MAX),
                name="registration_codes_bounded",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PREPARED, submitted_at=None)
                | ~Q(state__in=PREPARED) & Q(submitted_at__isnull=False, email_proved_at__isnull=False),
                name="registration_submitted_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, closed_at__isnull=False, closed_by__isnull=False)
                | ~Q(state__in=ENDED) & Q(closed_at=None, closed_by=None),
                name="registration_ended_when",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", organisation__isnull=False)
                | ~Q(state="accepted") & Q(organisation=None),
                name="registration_registers",
            ),
            models.CheckConstraint(
                condition=Q(state="refused") ^ Q(refusal_reason=""), name="registration_refused_why"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("confirming", "accepted"))
                | Q(proposed_by__isnull=False, proposed_by__regex=PERSON_PATTERN, proposed_at__isnull=False)
                & (
                    Q(state="confirming")
                    | Q(closed_by__regex=PERSON_PATTERN) & ~Q(closed_by=F("proposed_by"))
                ),
                name="registration_two_people",
            ),
        ]
        indexes = [
            models.Index("email", name="registration_open_email", condition=~Q(state__in=ENDED)),
            models.Index("address_digest", name="registration_drafts", condition=Q(state="draft")),
            models.Index("begun_at", name="registration_lapsing", condition=Q(state="draft")),
            models.Index("id", name="registration_screened", condition=Q(state__in=SCREENED_AGAIN)),
        ]
        triggers = [
            state_guard(REGISTRATION),
            no_delete(),
            corporate_number_guard(),
            screened_first(),
            acted_by_person(
                "proposed_by",
                Permission.ADMISSION_WRITE,
                when="NEW.state = 'confirming' AND OLD.state IS DISTINCT FROM 'confirming'",
                watched=("state",),
                name="proposed_by_person",
            ),
            acted_by_person(
                "closed_by",
                Permission.ADMISSION_WRITE,
                first="proposed_by",
                when="NEW.state = 'accepted' AND OLD.state IS DISTINCT FROM 'accepted'",
                watched=("state",),
            ),
            immutable(
                "public_id", "key_digest", "address_digest", "email", "applicant_name", "language", "name_ja",
                "name_en", "kind", "corporate_number", "lei", "invoice_registration_number", "country", "address",
                "representative_title", "representative_name", "payout_account", "is_quiet", "salt", "begun_at",
            ),
            set_once("email_proved_at", "submitted_at", "closed_by", "closed_at", "organisation_id"),
        ]  # fmt: skip

    issued_key: str | None = None
    """The key in clear text, set on the object that begins the application and never stored."""

    def __str__(self) -> str:
        """The public identifier, so that logs contain no name."""
        return self.public_id


class SupportingDocument(models.Model):
    """A file that an applicant supports its statements with. Personal data.

    Invariants: at most ``DOCUMENTS_MAX`` an application and ``DOCUMENT_BYTES_MAX`` each, while it is being prepared; a PDF,
    JPEG or PNG file; its hash is that of its content.
    """

    public_id = IdentifierField(prefix="sdc")
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, choices=DocumentKind.choices)
    name = models.CharField(max_length=100)
    media_type = models.CharField(max_length=20)
    content = models.BinaryField()
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "sha256"], name="supporting_document_once"),
            models.CheckConstraint(
                condition=Q(kind__in=DocumentKind.values, media_type__in=sorted(ACCEPTED)),
                name="supporting_document_kind",
            ),
            models.CheckConstraint(
                condition=Q(size_bytes__gt=0, size_bytes__lte=DOCUMENT_BYTES_MAX)
                & Q(
                    size_bytes=Func(F("content"), function="octet_length", output_field=models.IntegerField())
                ),
                name="supporting_document_size",
            ),
            models.CheckConstraint(
                condition=Q(
                    sha256=Func(
                        Func(F("content"), function="sha256", output_field=models.BinaryField()),
                        Value("hex"),
                        function="encode",
                        output_field=models.CharField(),
                    )
                ),
                name="supporting_document_hash",
            ),
        ]
        triggers = [
            bounded_draft("registration_supportingdocument", DOCUMENTS_MAX),
            immutable("public_id", "registration_id", "kind", "name", "media_type", "content", "sha256", "added_at"),
        ]  # fmt: skip


class BeneficialOwner(models.Model):
    """A natural person who owns or controls the applicant (実質的支配者). Personal data.

    ``share_bp`` is the part of the ownership in basis points. Invariant: at most ``OWNERS_MAX`` an application, stated while
    it is being prepared.
    """

    public_id = IdentifierField(prefix="bno")
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="owners")
    name = models.CharField(max_length=100)
    country = models.CharField(max_length=2)
    born_on = DayField()
    basis = models.CharField(max_length=20, choices=OwnerBasis.choices)
    share_bp = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(basis__in=OwnerBasis.values, country__regex=r"^[A-Z]{2}$")
                & (
                    Q(basis="ownership", share_bp__isnull=False, share_bp__gte=2_500, share_bp__lte=10_000)
                    | ~Q(basis="ownership") & Q(share_bp=None)
                ),
                name="beneficial_owner_basis",
            ),
        ]
        triggers = [bounded_draft("registration_beneficialowner", OWNERS_MAX)]
