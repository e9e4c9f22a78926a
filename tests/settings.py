"""The project's settings in an environment that is the same on every machine."""

import os

from tests.clock import ZONE

os.environ |= {
    "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests-only-for-tests",
    "SEALING_KEY": "only-for-tests-too-only-for-tests-too-only-for-tests-too",
    "LOG_KEY": "only-for-tests-as-well-only-for-tests-as-well-only-for-tests",
    "SITE_URL": "https://clinic.example",
    "DEVELOPMENT": "true",
    "DEMONSTRATION": "true",
    "TIME_ZONE": ZONE.key,
    "CLINIC_NAME": "Example Lane Clinic",
    "CLINIC_PHONE": "020 7946 0958",
    "CLINIC_ADDRESS": "1 Example Lane, Exampleton EX0 0EX",
    "CLINIC_EMAIL": "hello@example.org",
    "CLINIC_LEGAL_NAME": "Example Lane Clinic Ltd (invented)",
    "CLINIC_REGISTERED_OFFICE": "1 Example Lane, Exampleton EX0 0EX",
    "CLINIC_COMPANY_NUMBER": "00000000 (invented)",
    "CLINIC_VAT_NUMBER": "GB 000 0000 00 (invented)",
    "CLINIC_ICO_NUMBER": "ZA000000 (invented)",
    "CLINIC_INBOX": "desk@example.org",
    "CLINIC_SENDER": "clinic@example.org",
}

from clinic_site.environment import SQLITE
from clinic_site.settings import *  # noqa: F403
from clinic_site.settings import DATABASES

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
# Argon2 is slow on purpose; tests sign in often.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING = {"version": 1, "disable_existing_loggers": False}
# Races crowd one database far beyond a clinic's day. The site's own settings have to make sure that
# nobody waits too long (`tests.production`).
if DATABASES["default"]["ENGINE"] == SQLITE:
    DATABASES["default"]["OPTIONS"]["timeout"] = 60
    # Nothing has to survive a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
else:
    patient = "-c lock_timeout=60s -c statement_timeout=60s"
    DATABASES["default"]["OPTIONS"] |= {"connect_timeout": 30, "options": patient}
