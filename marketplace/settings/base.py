"""What holds everywhere, read from the environment: SECRET_KEY, DATABASE_URL and REDIS_URL at least."""

import sys
from pathlib import Path

import environ
from django.utils.translation import gettext_lazy as _

from marketplace.kernel.permissions import RULES, SCOPES
from marketplace.runtime.layout import PROJECT, VAR
from marketplace.settings.background import *  # noqa: F403
from marketplace.settings.content import CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY
from marketplace.settings.document import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from marketplace.settings.limits import *  # noqa: F403
from marketplace.settings.monitoring import *  # noqa: F403
from marketplace.settings.monitoring import PROCESS_NAME
from marketplace.settings.retention import ARCHIVE_DIRECTORY as ARCHIVE_DIRECTORY
from marketplace.settings.retention import RETENTION as RETENTION
from marketplace.settings.serving import *  # noqa: F403
from marketplace.settings.subscriptions import EVENT_SUBSCRIPTIONS as EVENT_SUBSCRIPTIONS
from marketplace.settings.subscriptions import EVENTS_PASSED_OVER as EVENTS_PASSED_OVER
from marketplace.settings.subscriptions import HANDLER_SECONDS_MAX as HANDLER_SECONDS_MAX
from marketplace.settings.timestamps import *  # noqa: F403

env = environ.Env()

SECRET_KEY = env.str("SECRET_KEY")
# Earlier keys: what they signed and encrypted stays readable.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
BASE_URL = env.str("SANPO_BASE_URL", default="http://127.0.0.1:8000")
ROOT_URLCONF = "marketplace.urls"

# The market itself
MARKET_IDENTIFIER = env.str("MARKET_IDENTIFIER", default="sanpo")
MARKET_TIME_ZONE = env.str("MARKET_TIME_ZONE", default="Asia/Tokyo")
MARKET_SIGNING_KEY = env.str("MARKET_SIGNING_KEY", default="")
SIGNING_KEY_FILE = Path(env.str("SIGNING_KEY_FILE", default=str(VAR / "keys" / "market.jwk")))
# Names the evidence log in its checkpoints, for ever: an address without a scheme that the operator owns.
EVIDENCE_ORIGIN = env.str("EVIDENCE_ORIGIN", default=f"{MARKET_IDENTIFIER}.example/log")
# The operator seals PDFs (PAdES): a private key, and its certificate followed by those that issued it, as PEM or the name of a file.
# Where both are empty, an authority of this machine issues them into the file.
DOCUMENT_SIGNING_KEY = env.str("DOCUMENT_SIGNING_KEY", default="")
DOCUMENT_SIGNING_CERTIFICATES = env.str("DOCUMENT_SIGNING_CERTIFICATES", default="")
DOCUMENT_SIGNING_FILE = VAR / "keys" / "documents.pem"
STORAGE_DIRECTORY = Path(env.str("STORAGE_DIRECTORY", default=str(VAR / "storage")))
# Passwords and second factors of the demo market's people follow from it; elsewhere it is never made.
DEMO_KEY_FILE = VAR / "demo" / "logins.key"
PROGRAM_LOADER = "marketplace.participants.principal.load_program"
PERSON_LOADER = "marketplace.participants.principal.load_person"
PARAMETER_READER = "marketplace.rules.queries.parameter"
STAFF_READS_NARROWED_BY = "marketplace.access.reading.narrow"
STAFF_READS_NOTED_BY = "marketplace.access.reading.note"
WITNESS_RELATIONS_READER = "marketplace.participants.relation_queries.relations_among"
# Whether webhooks may go to this machine and its network, and over http: for demonstrations and tests only.
WEBHOOKS_LOCAL = False
# Whether business time may be moved: for demonstrations and tests, never where money is real.
CLOCK_MOVABLE = False

MARKET_APPLICATIONS = [
    "marketplace.kernel",
    "marketplace.api",
    "marketplace.events",
    "marketplace.evidence",
    "marketplace.documents",
    "marketplace.jobs",
    "marketplace.approvals",
    "marketplace.participants",
    "marketplace.access",
    "marketplace.registration",
    "marketplace.notices",
    "marketplace.webhooks",
    "marketplace.observability",
    "marketplace.oversight",
    "marketplace.rules",
    "marketplace.cases",
    "listings",
    "quality",
    "contracts",
    "delivery",
    "clearing",
    "web",
    "fixtures",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "csp",
    "marketplace.kernel.triggers.TriggersConfig",
    *MARKET_APPLICATIONS,
]
MIDDLEWARE = [
    "marketplace.observability.middleware.AnswerProbes",
    "marketplace.observability.requests.ObserveRequests",
    "marketplace.kernel.middleware.read_clock_once",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "marketplace.api.edge.KeepPrivate",
    "marketplace.api.edge.ServeAlike",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "marketplace.api.edge.LimitRequests",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "marketplace.api.middleware.ExplainRefusals",
    "marketplace.api.middleware.RefuseOtherCharsets",
    "marketplace.api.middleware.RefuseNul",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]

DATABASES = {
    "default": {
        **env.db("DATABASE_URL"),
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        # A service opens its own transaction: what a request does beside it is not held open with it.
        "ATOMIC_REQUESTS": False,
    }
}
# Options of the client only: limits on time are settings of the role (kernel/limits.py), which a pool in transaction
# mode cannot lose.
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        "connect_timeout": 5,
        "keepalives_idle": 30,
        # By which the database shows who holds a lock or the commit horizon.
        "application_name": f"sanpo-{PROCESS_NAME}",
        **DATABASES["default"].get("OPTIONS", {}),
    }
)
# Behind a pool in transaction mode (PgBouncer) a cursor of the server would be lost between two statements, and a prepared
# statement between two transactions. Without one, what asks for it is prepared (kernel/prepared.py), and nothing else.
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLED
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = None if DATABASE_POOLED else sys.maxsize
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "marketplace.kernel.caching.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": MARKET_IDENTIFIER,
        # Short: a request must not wait long for a cache that it can do without.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    },
    # Public documents that take long to make, in each process.
    "documents": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100},
    },
}
CELERY_BROKER_URL = REDIS_URL

AUTH_USER_MODEL = "participants.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
# People's passwords are kept by the first; the second reads the random secrets of programs.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "marketplace.participants.hashers.RandomSecretHasher",
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "marketplace.participants.adapter.MemberAccountAdapter"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "marketplace.participants.sessions"
SESSION_COOKIE_AGE = 12 * 3600
# A code of the moment before or after is taken too: clocks of telephones differ.
MFA_TOTP_TOLERANCE = 1
# Nobody signs up: who has a password set it through a mail to the address, which proves it.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Sessions for the programs of people, which have no cookies.
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "marketplace.participants.session_tokens.MarketTokenStrategy"  # noqa: S105
# A person has one address. Another one takes its place once a mail to it was answered.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
OAUTH2_PROVIDER_APPLICATION_MODEL = "participants.Application"
OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "marketplace.participants.tokens.MarketTokenValidator",
    "CLIENT_SECRET_HASHER": "random_sha256",
    "SCOPES": {name.value: RULES[name].label.en for name in sorted(SCOPES)},
    "SCOPES_BACKEND_CLASS": "marketplace.participants.tokens.ProgramScopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 14 * 24 * 3600,
    # The security practice of RFC 9700, ahead of the library's own defaults: no implicit or password grant,
    # no token in an address, none stored in the clear, and a replayed refresh token ends its family.
    "PKCE_REQUIRED": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    **{
        f"COMPLIANT_BCP_RFC9700_{name}": True
        for name in (
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "TOKEN_STORAGE",
        )
    },
}

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "marketplace.api.problems.handle_exception",
    "DEFAULT_AUTHENTICATION_CLASSES": ["marketplace.api.authentication.MarketAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["marketplace.api.permissions.MayCall"],
    "DEFAULT_PAGINATION_CLASS": "marketplace.api.pagination.MarketCursorPagination",
    "DEFAULT_SCHEMA_CLASS": "marketplace.api.schema.MarketSchema",
    "DEFAULT_FILTER_BACKENDS": ["marketplace.api.filters.StrictFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "marketplace.api.parsers.BoundedJSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "LIST_SERIALIZER_ERRORS_AS_DICT": True,
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese"))]
LOCALE_PATHS = [PROJECT / "locale"]

STATIC_URL = "static/"
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"
# A mail server that does not answer is given up after this; the mail is tried again later.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="market@sanpo.example")
