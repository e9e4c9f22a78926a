"""The one settings file. Everything that differs between places comes from the environment.

`docs/operations.md` lists the variables. There is no default secret: a missing one explains itself.
"""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str, hint: str) -> str:
    """The value of an environment variable that has no safe default."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name}. {hint}")
    return value


# --- Where we are ---------------------------------------------------------------------------

# A machine without HTTPS and without a mail server: `script/server` and the tests.
DEVELOPMENT = env.bool("DEVELOPMENT", default=False)
DEBUG = env.bool("DEBUG", default=False)
# Shows on every page that the clinic is invented, and lets `load_demo` run.
DEMONSTRATION = env.bool("DEMONSTRATION", default=False)

SECRET_KEY = required(
    "SECRET_KEY",
    "It signs patients' links and staff sessions. Make one with: "
    "python -c 'import secrets; print(secrets.token_urlsafe(50))'",
)
# Links in e-mails are built from this and never from the Host header of a request.
SITE_URL = required("SITE_URL", "For example https://clinic.example, without a slash at the end.")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[SITE_URL.split("://")[-1].split("/")[0].split(":")[0]]
)
# How many of our own proxies stand in front and append to X-Forwarded-For.
PROXIES = env.int("PROXIES", default=0)

# --- The clinic -----------------------------------------------------------------------------

CLINIC_NAME = env.str("CLINIC_NAME", default="Our clinic")
CLINIC_PHONE = env.str("CLINIC_PHONE", default="")
CLINIC_ADDRESS = env.str("CLINIC_ADDRESS", default="")
# Where "something is waiting" is sent, with commas between addresses; empty means nowhere.
CLINIC_INBOX = env.str("CLINIC_INBOX", default="")
# When requests are looked at: days of the week (0 is Monday) and local hours.
CLINIC_OPEN_DAYS = env.list("CLINIC_OPEN_DAYS", cast=int, default=[0, 1, 2, 3, 4])
CLINIC_OPENS = env.str("CLINIC_OPENS", default="09:00")
CLINIC_CLOSES = env.str("CLINIC_CLOSES", default="17:00")
# The promise to patients, counted in the hours above.
CLINIC_ANSWERS_WITHIN_HOURS = env.int("CLINIC_ANSWERS_WITHIN_HOURS", default=16)

# How long offered times are held, in the hours above, unless somebody says otherwise.
CLINIC_HELD_HOURS = env.int("CLINIC_HELD_HOURS", default=16)

# A clinic of one doctor may let the author of a page sign it. The page then says so.
SELF_REVIEW_ALLOWED = env.bool("SELF_REVIEW_ALLOWED", default=False)

# Until how many hours before an appointment a patient may cancel without ringing us.
CLINIC_CANCEL_HOURS = env.int("CLINIC_CANCEL_HOURS", default=24)
# After how many days an answer that may change is asked for again.
CLINIC_ANSWERS_AGE_DAYS = env.int("CLINIC_ANSWERS_AGE_DAYS", default=7)
# For how many hours, counted while the desk is open, an earlier time is held for one person.
CLINIC_EARLIER_HOURS = env.int("CLINIC_EARLIER_HOURS", default=4)
# How many days after a request has ended its private link still opens.
CLINIC_LINK_DAYS = env.int("CLINIC_LINK_DAYS", default=90)
# How many days before an appointment its reminder is sent.
CLINIC_REMINDER_DAYS = env.int("CLINIC_REMINDER_DAYS", default=2)

# --- Parts ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "clinic_site",
    "procedures",
    "bookings",
    "clinic_site.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "crispy_forms",
    "phonenumber_field",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "clinic_site.middleware.private_by_default",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # From here on an answer, even a refusal, carries all headers.
    "clinic_site.middleware.refuse_nul",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "clinic_site.urls"
WSGI_APPLICATION = "clinic_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic_site.context_processors.clinic",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["clinic"]
CRISPY_TEMPLATE_PACK = "clinic"
PHONENUMBER_DEFAULT_REGION = "GB"
# The only format that keeps an extension.
PHONENUMBER_DB_FORMAT = PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"

# --- Database -------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR}/var/clinic.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at the start: without it half of the concurrent writes fail
    # with "database is locked". FULL, because what a patient was told is received must survive
    # a power cut.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # A file, because threads that race each other must meet in one real database.
    DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / "var" / "test.sqlite3"}
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        pool={"min_size": 1, "max_size": env.int("DATABASE_POOL", default=4), "timeout": 10},
        options="-c lock_timeout=3s -c statement_timeout=10s"
        " -c idle_in_transaction_session_timeout=20s",
    )

# --- Language and time ----------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = ["clinic_site.formats"]
TIME_ZONE = env.str("TIME_ZONE", default="Europe/London")
USE_TZ = True
USE_I18N = True

# --- Static files ---------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEVELOPMENT

# --- Staff ----------------------------------------------------------------------------------

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"

# --- Sessions: staff for a working day; a patient's form or link sets its own, shorter end ---

SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = None  # until the browser is closed
PATIENT_SESSION_SECONDS = 60 * 60

# --- Security -------------------------------------------------------------------------------

# Room for the longest text of a page, as a browser encodes it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "clinic_site.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
}

if not DEVELOPMENT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_HTTPONLY = True
    CSRF_COOKIE_NAME = "__Host-csrf"

# --- E-mail ---------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = env.str("CLINIC_SENDER", default="clinic@example.org")
# Where mail servers report what did not arrive (`record_returned_mail`); empty: to the sender.
RETURNED_MAIL = env.str("CLINIC_RETURNED_MAIL", default="")
MAILBOX = BASE_DIR / "var" / "mailbox"
if DEVELOPMENT:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAILBOX
else:
    vars().update(env.email_url("EMAIL_URL", default="smtp+tls://localhost:587"))
    # In seconds, for each step of handing a letter over. Longer than this, and a stop would cut it off.
    EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)

# --- Text messages: off, printed to the console, or handed to a provider over HTTP ---------------

TEXT_MESSAGES = env.str("TEXT_MESSAGES", default="")
if TEXT_MESSAGES not in {"", "console", "http"}:
    raise ImproperlyConfigured("TEXT_MESSAGES is empty, console or http.")
TEXT_MESSAGES_URL = TEXT_MESSAGES_TOKEN = ""
if TEXT_MESSAGES == "http":
    TEXT_MESSAGES_URL = required("TEXT_MESSAGES_URL", "Where the provider takes messages.")
    TEXT_MESSAGES_TOKEN = required("TEXT_MESSAGES_TOKEN", "What the provider knows us by.")
# Eleven letters at most; choose a name that tells nothing.
TEXT_MESSAGES_SENDER = env.str("TEXT_MESSAGES_SENDER", default="Clinic")

# --- Logs: codes and ids, never what a patient wrote ------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_links": {"()": "clinic_site.logs.WithoutLinks"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_links"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Error mails and request bodies would carry health details: the console line is enough.
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # It tells of every step and of every style that paper does not need.
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
