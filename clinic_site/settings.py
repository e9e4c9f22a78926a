"""The one settings file. Everything that differs between installations comes from the environment.

`docs/operations.md` lists the variables. No secret has a default. Everything that is wrong is
reported in one message (`env.refuse_faults` at the end), before anything starts.
"""

import re
from pathlib import Path

from csp.constants import NONE, SELF
from django.http.request import validate_host

from clinic_site.environment import AGE_KEY, SQLITE, Environment
from clinic_site.logs import to_console
from procedures.ground.languages import KNOWN

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()


# --- Where we are ---------------------------------------------------------------------------

# A machine without HTTPS and without a mail server: `script/server` and the tests.
DEVELOPMENT = env.flag("DEVELOPMENT")
DEBUG = env.flag("DEBUG")
env.insist(
    DEVELOPMENT or not DEBUG,
    "DEBUG is on, and its error pages show patients’ data. Unset it. You can only use it with "
    "DEVELOPMENT.",
)
# Says on every page that the clinic is invented, and allows `load_demo`.
DEMONSTRATION = env.flag("DEMONSTRATION")

SECRET_KEY = env.required(
    "SECRET_KEY",
    "It signs patients' links and staff sessions. Make one with: "
    "python -c 'import secrets; print(secrets.token_urlsafe(50))'",
)
# Older keys, with which links and sessions still open after SECRET_KEY was changed.
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", default=[])
# Seals the history of pages (`procedures.reading.statements`). Kept for years, unlike SECRET_KEY.
SEALING_KEY = env.str("SEALING_KEY", default=SECRET_KEY if DEVELOPMENT else "") or env.required(
    "SEALING_KEY",
    "A page opens only if its signature is sealed with this key, so keep the key you had. For "
    "a new clinic make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
)
# Earlier keys, whose seals still count.
SEALING_KEY_FALLBACKS = env.words("SEALING_KEY_FALLBACKS", default=[])
# Signs the public log of what was signed, published and taken away (`procedures.log`). The keys of the
# log are made from it, so whoever watches the log has to be told when it changes.
LOG_KEY = env.str("LOG_KEY", default=SECRET_KEY if DEVELOPMENT else "") or env.required(
    "LOG_KEY",
    "It signs the public log of signatures. Make one as you make SEALING_KEY, and keep it as long.",
)
# Links in emails are built from this and never from the Host header of a request.
SITE_URL = env.site_address("SITE_URL", https=not DEVELOPMENT)
SITE_HOST = SITE_URL.split("://")[-1].split("/")[0].split(":")[0]
# The name of the public log. A new one begins a new log (docs/operations.md says when).
LOG_ORIGIN = env.str("LOG_ORIGIN", default=f"{SITE_HOST}/log")
env.insist(
    not re.search(r"[\s+]", LOG_ORIGIN),
    f"LOG_ORIGIN is “{LOG_ORIGIN}”. Set it to a name without blanks and without a plus sign.",
)
# Who stamps a checkpoint of the log a day (RFC 3161), and the root certificates of whom we trust there.
TIMESTAMP_URL = env.str("TIMESTAMP_URL", default="")
TIMESTAMP_ROOT = env.absolute("TIMESTAMP_ROOT")
env.insist(
    not TIMESTAMP_URL or bool(re.match("https?://", TIMESTAMP_URL) and TIMESTAMP_ROOT),
    "TIMESTAMP_URL is an address like https://tsa.example.org/. Set TIMESTAMP_ROOT too: the file with "
    "the root certificates of that authority (PEM).",
)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default=[SITE_HOST])
env.insist(
    DEVELOPMENT or not SITE_HOST or validate_host(SITE_HOST, ALLOWED_HOSTS),
    f"ALLOWED_HOSTS does not include {SITE_HOST}, the host of SITE_URL, so private links would "
    "not open. Add it.",
)
# How many of our own proxies are in front of the site and append to X-Forwarded-For.
PROXIES = env.number("PROXIES", default=0, least=0, most=9)
# The site's address is never taken from a header: its pages are kept for everybody.
FORCE_SCRIPT_NAME = ""

# --- The clinic -----------------------------------------------------------------------------

# What the clinic is, until a manager saves its details at the desk: the first values of
# `procedures.models.ClinicDetails`. Everything else asks `procedures.models.clinic.details`.
opens = env.time_of_day("CLINIC_OPENS", default="09:00")
closes = env.time_of_day("CLINIC_CLOSES", default="17:00", is_an_end=True)
env.insist(
    opens < closes,
    f"CLINIC_OPENS is {opens} and CLINIC_CLOSES is {closes}. Set CLINIC_CLOSES to a later time.",
)
CLINIC_FIRST_VALUES = {
    "name": env.str("CLINIC_NAME", default="Our clinic"),
    "phone": env.str("CLINIC_PHONE", default=""),
    "address": env.str("CLINIC_ADDRESS", default=""),
    # What the law asks a clinic to publish: shown beside the pages about it, never inside their
    # texts.
    "email": env.str("CLINIC_EMAIL", default=""),
    "legal_name": env.str("CLINIC_LEGAL_NAME", default=""),
    "registered_office": env.str("CLINIC_REGISTERED_OFFICE", default=""),
    "company_number": env.str("CLINIC_COMPANY_NUMBER", default=""),
    "vat_number": env.str("CLINIC_VAT_NUMBER", default=""),
    "ico_number": env.str("CLINIC_ICO_NUMBER", default=""),
    # Where "something is waiting" is sent: addresses separated by commas, or empty for nowhere.
    "inbox": env.str("CLINIC_INBOX", default=""),
    # At most eleven letters; choose a name that gives nothing away.
    "text_sender": env.str("TEXT_MESSAGES_SENDER", default="Clinic"),
    # When requests are looked at: days of the week (0 is Monday) and local hours.
    "desk_hours": [
        [day, opens, closes] for day in env.weekdays("CLINIC_OPEN_DAYS", default=[0, 1, 2, 3, 4])
    ],
    # The promise to patients, counted in the hours above.
    "answers_within_hours": env.number(
        "CLINIC_ANSWERS_WITHIN_HOURS", default=16, least=1, most=1000
    ),
    # How many hours before an appointment a patient may still cancel without phoning.
    "cancel_hours": env.number("CLINIC_CANCEL_HOURS", default=24, least=0, most=1000),
    # How many days after a request has ended its private link still opens.
    "link_days": env.number("CLINIC_LINK_DAYS", default=90, least=1, most=4000),
    # How many days before an appointment its reminders are sent.
    "reminder_days": env.numbers("CLINIC_REMINDER_DAYS", default=[3, 1], least=1, most=60),
}

# A clinic of one doctor may let the author of a page sign it. The page then says so. Whoever may write
# and approve must not be able to turn this on at the desk.
SELF_REVIEW_ALLOWED = env.flag("SELF_REVIEW_ALLOWED")

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
    "django_otp",
    "django_otp.plugins.otp_totp",
    "phonenumber_field",
]

MIDDLEWARE = [
    "clinic_site.request_counts.NamePages",
    "clinic_site.middleware.speak_the_language_of_the_address",
    "django.middleware.security.SecurityMiddleware",
    "clinic_site.middleware.private_by_default",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Every response from here on, even a refusal, has all headers.
    "clinic_site.middleware.answer_other_systems",
    "clinic_site.middleware.refuse_nul",
    "clinic_site.middleware.refuse_large_bodies",
    "clinic_site.middleware.refuse_methods",
    "clinic_site.middleware.do_not_ask_a_database_that_is_away",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic_site.middleware.keep_a_restored_copy_quiet",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "clinic_site.staff.sessions.StaffSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "clinic_site.middleware.AnswerTooManyTries",
    "clinic_site.staff.sign_in_again.AskForThePasswordAgain",
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
# The only format that keeps a file's extension.
PHONENUMBER_DB_FORMAT = PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"

# --- Database -------------------------------------------------------------------------------

DATABASES = {
    "default": env.database("DATABASE_URL", default=f"sqlite:///{BASE_DIR}/var/clinic.sqlite3")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A database fault has to become a page that says so within 3 seconds, or 5 on SQLite: nobody waits
# longer, and a thread that waits serves nobody.
if DATABASES["default"]["ENGINE"] == SQLITE:
    # IMMEDIATE takes the write lock at the start: without it half of the concurrent writes fail
    # with "database is locked". FULL, because what a patient was told is received must survive
    # a power cut.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 4,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # A file, because threads that race each other have to share one real database.
    DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / "var" / "test.sqlite3"}
else:
    # Each thread keeps one connection. A pool would be as large, and while the database is down
    # everybody would wait for it, where a connection is refused in a moment.
    DATABASES["default"]["CONN_MAX_AGE"] = 0 if DEVELOPMENT else 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        connect_timeout=2,
        tcp_user_timeout=2000,
        options="-c lock_timeout=2s -c statement_timeout=10s"
        " -c idle_in_transaction_session_timeout=20s",
    )

# Where `backup` writes its archives, and the public keys of age for which it encrypts them.
BACKUP_FOLDER = env.absolute("BACKUP_FOLDER")
BACKUP_RECIPIENTS = env.words("BACKUP_RECIPIENTS", default=[])
if env.insist(
    all(AGE_KEY.fullmatch(key) for key in BACKUP_RECIPIENTS),
    "BACKUP_RECIPIENTS has something that is not a public key of age. List keys that begin with "
    "age1, separated by commas. A private key stays off this machine.",
):
    env.insist(
        bool(BACKUP_FOLDER) == bool(BACKUP_RECIPIENTS),
        "Set BACKUP_FOLDER and BACKUP_RECIPIENTS together, or neither.",
    )

# Where `copy_heads` writes the heads of all journals, and to whom it sends them as well.
HEADS_FOLDER = env.str("HEADS_FOLDER", default=str(Path(BACKUP_FOLDER or BASE_DIR / "var/heads")))
HEADS_TO = env.str("HEADS_TO", default="")

# How long the pages kept in memory are still shown while the database is down.
CLINIC_PAGES_IN_OUTAGE_SECONDS = env.number(
    "CLINIC_PAGES_IN_OUTAGE_SECONDS", default=300, least=0, most=3600
)

# --- Language and time ----------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
# The languages that patients can choose beside English. Their texts are the work of a machine until a
# translator has read them, so a clinic names those that it wants.
OTHER_LANGUAGES = env.words("OTHER_LANGUAGES", default=sorted(KNOWN) if DEMONSTRATION else [])
env.insist(
    set(OTHER_LANGUAGES) <= KNOWN.keys(),
    f"OTHER_LANGUAGES names a language that we do not have. Choose from {', '.join(sorted(KNOWN))}.",
)
LANGUAGES = [(LANGUAGE_CODE, "English"), *((each.code, each.name) for each in KNOWN.values())]
LOCALE_PATHS = [BASE_DIR / "locale"]
# The clinic's own translations of its safety questions (`question_catalogues`).
QUESTION_CATALOGUES = env.absolute("QUESTION_CATALOGUES")
if QUESTION_CATALOGUES:
    LOCALE_PATHS.append(Path(QUESTION_CATALOGUES))
if DEMONSTRATION:
    # The invented safety questions of the demonstration.
    LOCALE_PATHS.append(BASE_DIR / "clinic_site" / "demo" / "locale")
FORMAT_MODULE_PATH = ["clinic_site.formats"]
TIME_ZONE = env.zone("TIME_ZONE", default="Europe/London")
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
    {"NAME": "clinic_site.passwords.ContextWordsValidator"},
    {"NAME": "clinic_site.passwords.BreachedPasswordValidator"},
]
# A file with SHA-1 hashes of passwords from breaches. Without one only the most common are known.
BREACHED_PASSWORDS = env.absolute("BREACHED_PASSWORDS")
AUTHENTICATION_BACKENDS = ["clinic_site.staff.accounts.StaffBackend"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# Nobody signs in by a password alone, except where everything is invented: there one may try it.
SECOND_FACTOR_REQUIRED = not DEMONSTRATION
# Whether codes of an app open nothing any more. They can be passed on to a false site; a passkey cannot.
PASSKEYS_ONLY = env.flag("PASSKEYS_ONLY")
# Our own limit counts wrong codes exactly, and says when one can try again.
OTP_TOTP_THROTTLE_FACTOR = 0

# A session of staff ends after so many minutes without a request, and after so many hours.
STAFF_IDLE_MINUTES = env.number("STAFF_IDLE_MINUTES", default=20, least=5, most=120)
STAFF_SESSION_HOURS = env.number("STAFF_SESSION_HOURS", default=8, least=1, most=24)
# In how many browsers somebody can be signed in. An account of a demonstration is everybody's.
STAFF_SESSIONS_AT_ONCE = 1000 if DEMONSTRATION else 3
# How long managers can see who signed in, or tried to.
SIGN_INS_KEPT_DAYS = env.number("SIGN_INS_KEPT_DAYS", default=365, least=30, most=3650)
# What the worker does for the site, besides what it does for patients.
WORKER_DUTIES = [
    "procedures.log.checkpoints.sign_what_is_new",
    "procedures.publishing.names.tell_owners_of_names",
    "clinic_site.staff.accounts.close_accounts_of_leavers",
    "clinic_site.staff.sessions.forget_past_sessions",
    "clinic_site.staff.sign_ins.forget_past_sign_ins",
    "clinic_site.staff.sign_ins.warn_of_failures",
    "clinic_site.staff.notices.send_daily",
]

# What makes a file to try an import with.
IMPORT_SAMPLE = "clinic_site.demo.messy_file.messy_file" if DEMONSTRATION else ""

# --- How long what we hold about patients is kept ---------------------------------------------

# For each kind of record (`bookings.records.retention`): how many days, and counted from when.
RETENTION = {
    "no_visit": (env.number("KEEP_WITHOUT_VISIT_DAYS", default=365, least=30, most=4000), "ended"),
    # What became care is never emptied automatically. The usual time for adults in the UK is 8 years.
    "visit": (
        env.number("KEEP_AFTER_VISIT_DAYS", default=2922, least=365, most=11000),
        "last_visit",
    ),
    "sent_to": (
        env.number("KEEP_MESSAGE_ADDRESSES_DAYS", default=90, least=7, most=4000),
        "written",
    ),
    "strangers": (env.number("KEEP_UNKNOWN_TEXTS_DAYS", default=30, least=7, most=4000), "came"),
    # The clinic shows with them what it answered, to the Information Commissioner or to a court.
    "rights": (
        env.number("KEEP_REQUESTS_ABOUT_DATA_DAYS", default=1096, least=90, most=4000),
        "answered",
    ),
    "complaints": (
        env.number("KEEP_COMPLAINTS_ABOUT_DATA_DAYS", default=3653, least=90, most=11000),
        "answered",
    ),
}
# Who was erased, for the next restore. Beside the backups, so that it leaves with them.
ERASURES_FILE = env.str(
    "ERASURES_FILE", default=str(Path(BACKUP_FOLDER or BASE_DIR / "var") / "erasures.jsonl")
)
# Whether the worker empties what is due, once a day.
if env.flag("RETENTION_BY_WORKER"):
    WORKER_DUTIES.append("bookings.records.retention.empty_once_a_day")

# --- Sessions: staff for a working day; a patient's form or link sets its own, shorter end ---

SESSION_ENGINE = "clinic_site.sessions"
SESSION_COOKIE_AGE = STAFF_SESSION_HOURS * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
# A message to a colleague may name a patient, so it is kept in the session and never in a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_COOKIE_AGE = None  # until the browser is closed
PATIENT_SESSION_SECONDS = 60 * 60

# --- Security -------------------------------------------------------------------------------

# Room for the longest text of a page, as a browser encodes it, and for the largest figure. Nothing
# that is posted may be longer, or reaches the disk.
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
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

# --- Email -----------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = env.str(
    "CLINIC_SENDER", default="clinic@example.org" if DEVELOPMENT else ""
) or env.required("CLINIC_SENDER", "The address that the clinic’s emails come from.")
# Who is told that many sign-ins failed, or that doctor found something wrong; if empty, nobody.
OPERATOR_EMAIL = env.str("OPERATOR_EMAIL", default="")
# Whom to tell of a weakness of the site (`/.well-known/security.txt`); if empty, there is no such file.
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="")
env.insist(
    not SECURITY_CONTACT
    or re.fullmatch(r"https://\S+|[^\s@:/,]+@[^\s@:/,]+", SECURITY_CONTACT) is not None,
    f"SECURITY_CONTACT is “{SECURITY_CONTACT}”. Set it to one email address, or to the address of a "
    "page that begins with https://.",
)
# Whom `doctor` asks whether a library has a known weakness (OSV), and the ids of those that we accept.
WEAKNESSES_URL = env.str("WEAKNESSES_URL", default="")
WEAKNESSES_ACCEPTED = env.words("WEAKNESSES_ACCEPTED", default=[])
env.insist(
    not WEAKNESSES_URL or WEAKNESSES_URL.startswith("https://"),
    f"WEAKNESSES_URL is “{WEAKNESSES_URL}”. Set it to an address that begins with https://, for example "
    "https://api.osv.dev/v1/querybatch.",
)
# Where mail servers report what did not arrive (`record_returned_mail`); if empty, the sender.
RETURNED_MAIL = env.str("CLINIC_RETURNED_MAIL", default="")
MAILBOX = BASE_DIR / "var" / "mailbox"
if DEVELOPMENT:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAILBOX
else:
    vars().update(env.mail_server("EMAIL_URL", default="smtp+tls://localhost:587"))
    # In seconds, for each step of sending an email. If it were longer, a stop would cut it off.
    EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT", default=10, least=1, most=20)

# --- Text messages: off, printed to the console, or handed to a provider over HTTP ---------------

TEXT_MESSAGES = env.one_of("TEXT_MESSAGES", ["", "console", "http", "twilio"], default="")
TEXT_MESSAGES_URL = TEXT_MESSAGES_TOKEN = TEXT_MESSAGES_ACCOUNT = ""
if TEXT_MESSAGES == "http":
    TEXT_MESSAGES_URL = env.required(
        "TEXT_MESSAGES_URL", "The address where the provider accepts messages."
    )
if TEXT_MESSAGES == "twilio":
    TEXT_MESSAGES_URL = env.str("TEXT_MESSAGES_URL", default="https://api.twilio.com").rstrip("/")
    TEXT_MESSAGES_ACCOUNT = env.required(
        "TEXT_MESSAGES_ACCOUNT", "The account at Twilio. It begins with AC."
    )
if TEXT_MESSAGES in {"http", "twilio"}:
    TEXT_MESSAGES_TOKEN = env.required("TEXT_MESSAGES_TOKEN", "The token the provider gave us.")

# Hosts of our own network that may be told what happens: private addresses, and plain HTTP.
WEBHOOK_PRIVATE_HOSTS = env.words("WEBHOOK_PRIVATE_HOSTS", default=[])
# Anybody can be a manager of a demonstration, and nobody outside asked to hear from one.
WEBHOOKS_GO_OUT = not DEMONSTRATION

# --- Numbers for Prometheus: without a token there are none ---------------------------------------

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
env.insist(
    not METRICS_TOKEN or len(METRICS_TOKEN) >= 32,
    "METRICS_TOKEN can be guessed. Make one as you make SECRET_KEY.",
)

# --- Logs: codes and ids, never what a patient wrote ------------------------------------------

LOGGING = to_console(
    {
        # Error mails and request bodies would carry health details: the console line is enough.
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # It logs every step, and every style that paper does not need.
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
        # It names each passkey that was used.
        "fido2": {"level": "WARNING"},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
    # During development the words of an error are wanted, and no real patient is in them.
    with_words=DEVELOPMENT,
)

# --- Contradictions, and then everything that was wrong above ------------------------------------

for name, is_set in {
    "EMAIL_URL": "EMAIL_URL" in env,
    "PROXIES": PROXIES > 0,
    "TEXT_MESSAGES": TEXT_MESSAGES in {"http", "twilio"},
}.items():
    env.insist(
        not (DEVELOPMENT and is_set),
        "DEVELOPMENT is on, so emails are written to files and HTTPS is not required, but "
        f"{name} is set, as it is on a real site. Unset one of them.",
    )
env.refuse_faults()
