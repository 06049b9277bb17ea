"""The only reader of the environment. Every variable read here is explained in docs/operations.md.

`FINALMILE_ENV` is development (default: the demo, on this machine only), test, or production. Production has no defaults for what
must be chosen: it refuses to start without its keys, hosts and addresses.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import environ

from config.embedded import place
from config.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
FINALMILE_ENV: str = env("FINALMILE_ENV", default="development")
if FINALMILE_ENV not in {"development", "test", "staging", "production"}:
    raise ValueError(f"FINALMILE_ENV must be development, test, staging or production, not {FINALMILE_ENV!r}")
PRODUCTION = FINALMILE_ENV in {"staging", "production"}  # as strict; what stands in the database may be a copy of the real one
REACHES_PEOPLE = FINALMILE_ENV == "production"  # from nowhere else does a text or an e-mail reach anybody real


def required(name: str, otherwise: str) -> str:
    """A variable that production must set and that has a harmless value elsewhere."""
    return str(env(name)) if PRODUCTION else str(env(name, default=otherwise))


# --- who we are ---------------------------------------------------------------------------------------------------------------
SECRET_KEY = required("SECRET_KEY", "development-only-and-worthless-outside-this-machine")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG: bool = False if PRODUCTION else env.bool("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = (
    env.list("ALLOWED_HOSTS") if PRODUCTION else env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
)
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ValueError("ALLOWED_HOSTS must name hosts: with * whoever asks decides which address our links carry")
PUBLIC_BASE_URL = required("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_BASE_URL] if PRODUCTION else [])

INSTALLED_APPS = [
    "config",
    "notifications",
    "pathways",
    "patients",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "csp",
    "django_htmx",
    "django_structlog",
    "ninja",
    "pghistory",
    "pgtrigger",
    "template_partials",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.LanguageMiddleware",
    "config.middleware.SessionLifetimeMiddleware",
    "config.middleware.NoStoreMiddleware",
    "config.middleware.UnavailableMiddleware",
    "config.middleware.SecondFactorMiddleware",
    "patients.access.ReadsAreLogged",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.middleware.session_times",
            ]
        },
    }
]

# --- stores -------------------------------------------------------------------------------------------------------------------
# The app role may not change append-only rows; the owner role migrates. Unset, both are roles of the embedded server.
EMBEDDED = not PRODUCTION and env("DATABASE_URL", default=None) is None
EMBEDDED_REDIS = not PRODUCTION and env("REDIS_URL", default=None) is None
_here = place.of_checkout()
_app_url = required("DATABASE_URL", _here.app_url)
_owner_url = env("DATABASE_OWNER_URL", default=_here.owner_url if EMBEDDED else None)
_app = env.db_url_config(_app_url)
DATABASE_PREPARE_THRESHOLD: int | None = env.int("DATABASE_PREPARE_THRESHOLD", default=5) or None
_app["OPTIONS"] = {**_app.get("OPTIONS", {}), "prepare_threshold": DATABASE_PREPARE_THRESHOLD}
DATABASES = {"default": {**_app, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
if _owner_url is not None:
    DATABASES["owner"] = {**env.db_url_config(_owner_url), "CONN_MAX_AGE": 0, "TEST": {"MIRROR": "default"}}
DATABASE_APP_ROLE: str = env("DATABASE_APP_ROLE", default=DATABASES["default"].get("USER") or place.APP_ROLE)
REDIS_URL = required("REDIS_URL", _here.redis_url)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # nothing may depend on Redis but latency

USE_TZ = True
TIME_ZONE = "UTC"  # of the database session, too: an interval of 7 days is then always 168 hours
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_I18N = True

# --- signing in ---------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "patients.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
if FINALMILE_ENV == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "config.signin.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login_failed": "60/m/ip"}  # a lock-out is axes' business: its count is shared by all processes
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True  # only of keys that checked their owner: allauth asks for user verification there
MFA_ALLOW_UNVERIFIED_EMAIL = True  # administrators make the accounts: there is no address to prove
MFA_ADAPTER = "config.signin.StaffMFAAdapter"
MFA_FORMS = {"authenticate": "config.signin.CodeForm"}
MFA_REQUIRED_ROLES: list[str] = env.list("MFA_REQUIRED_ROLES", default=["all"] if PRODUCTION else [])
OIDC_BRINGS_MFA: bool = env.bool("OIDC_BRINGS_MFA", default=True)
SOCIALACCOUNT_ADAPTER = "config.signin.StaffSocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
_oidc_server: str = env("OIDC_SERVER_URL", default="")
_oidc_origin = ["{0.scheme}://{0.netloc}".format(urlsplit(_oidc_server))] if _oidc_server else []
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "sso",
                "name": env("OIDC_NAME", default="Single sign-on"),
                "client_id": env("OIDC_CLIENT_ID", default=""),
                "secret": env("OIDC_CLIENT_SECRET", default=""),
                "settings": {"server_url": _oidc_server},
            }
        ]
        if _oidc_server
        else []
    }
}
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "config.signin.name_tried"
AXES_CLIENT_IP_CALLABLE = "config.signin.address_of"
ALLAUTH_TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXIES", default=0)
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if REACHES_PEOPLE else "django.core.mail.backends.console.EmailBackend"
vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25") if REACHES_PEOPLE else {})
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = env("DEFAULT_FROM_EMAIL", default="webmaster@localhost")
MAIL_WEBHOOK_SECRET: str = env("MAIL_WEBHOOK_SECRET", default="")
EMAIL_TEST_ADDRESSES: list[str] = env.list("EMAIL_TEST_ADDRESSES", default=[])

# --- the browser --------------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'", *_oidc_origin],  # the button of single sign-on is a form, and browsers follow its redirect
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in ("accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "payment", "usb")
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_IDLE = timedelta(minutes=env.int("SESSION_IDLE_MINUTES", default=15 if PRODUCTION else 720))
SESSION_WARNING = timedelta(minutes=2)  # before the end of an idle session the page says so
SESSION_LONGEST = timedelta(hours=12)
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_TLS_PROXY", default=False) else None
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION  # the demo serves the files where they lie

# --- waking workers up (PostgreSQL is the queue of record) ----------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "global_keyprefix": "finalmile:", "socket_keepalive": True}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker that is away for a day is waited for; Celery would give up within the hour
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 120, 180  # shorter than the visibility timeout, or a task would run twice
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# --- texts --------------------------------------------------------------------------------------------------------------------
# Outside production the API is the local simulator's, and the credentials are the ones it expects.
TWILIO_API_URL: str = env("TWILIO_API_URL", default="https://api.twilio.com" if PRODUCTION else "http://127.0.0.1:8010").rstrip("/")
TWILIO_ACCOUNT_SID = required("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001")
TWILIO_AUTH_TOKEN = required("TWILIO_AUTH_TOKEN", "simulator-token")
TWILIO_AUTH_TOKEN_OLD: str = env("TWILIO_AUTH_TOKEN_OLD", default="")  # still accepted on webhooks while a token is rotated
TWILIO_MESSAGING_SERVICE_SID: str = env("TWILIO_MESSAGING_SERVICE_SID", default="")
TWILIO_FROM_NUMBER: str = env("TWILIO_FROM_NUMBER", default="" if PRODUCTION else "+15550100000")
# Texts of a training site go to a simulator, whatever the lines above say.
_local = TWILIO_API_URL.startswith(("http://127.0.0.1", "http://localhost"))
TRAINING_API_URL: str = env("TRAINING_API_URL", default=TWILIO_API_URL if _local else "http://127.0.0.1:8010").rstrip("/")
if "twilio.com" in TRAINING_API_URL:
    raise ValueError("TRAINING_API_URL must be a simulator's address: no text of a training site may reach a telephone")
TRAINING_AUTH_TOKEN: str = env("TRAINING_AUTH_TOKEN", default="" if PRODUCTION else "simulator-token")
TWILIO_TEST_NUMBERS: list[str] = env.list("TWILIO_TEST_NUMBERS", default=[])  # all that may be texted for real outside production
TWILIO_CONTENT_RETENTION_OFF: bool = env.bool("TWILIO_CONTENT_RETENTION_OFF", default=False)
SMS_AT_ONCE: int = env.int("SMS_AT_ONCE", default=1 if FINALMILE_ENV == "test" else 8)  # one at a time keeps its order
SMS_PER_MINUTE: int = env.int("SMS_PER_MINUTE", default=75)
EMAIL_PRICE: float = env.float("EMAIL_PRICE", default=0.0001)  # dollars each; an assumption of ours, as the next
LETTER_PRICE: float = env.float("LETTER_PRICE", default=1.5)  # paper, envelope, postage; without the time of who posts it
SMS_PER_DAY: int = env.int("SMS_PER_DAY", default=2_000)
TWILIO_TIMEOUT_SECONDS: float = env.float("TWILIO_TIMEOUT_SECONDS", default=10.0)

# --- watching it --------------------------------------------------------------------------------------------------------------
AUDIT_ANCHOR_FILE: str = env("AUDIT_ANCHOR_FILE", default="")
AUDIT_ANCHOR_EMAIL: list[str] = env.list("AUDIT_ANCHOR_EMAIL", default=[])
METRICS_TOKEN: str = env("METRICS_TOKEN", default="")
READY_SWEEP_SECONDS: int = env.int("READY_SWEEP_SECONDS", default=300)
READY_MESSAGE_SECONDS: int = env.int("READY_MESSAGE_SECONDS", default=900)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
LOGGING_CONFIG = None
LOG_LEVEL: str = env("LOG_LEVEL", default="WARNING" if FINALMILE_ENV == "test" else "INFO")
logging_config(LOG_LEVEL)
if SENTRY_DSN := env("SENTRY_DSN", default=""):
    from config.logs import start_sentry

    start_sentry(SENTRY_DSN, FINALMILE_ENV)
