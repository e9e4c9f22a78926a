"""Settings of the web server: `gunicorn -c python:clinic_site.gunicorn clinic_site.wsgi`.

Whatever differs between installations is given on the command line, which takes precedence:
`--bind`, `--workers`, `--threads`.
"""

import logging
import shutil
import subprocess
import sys
import tempfile
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from clinic_site.logs import to_console


class Worker(ThreadWorker):  # type: ignore[misc]
    """A worker that leaves at once if it is told to before it serves.

    gunicorn lets it load everything first. Then a few reloads in a row have many of them load at the
    same time, and nobody serves meanwhile.
    """

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Leave, after the requests in hand if there can be any."""
        if not self.booted:
            sys.exit(0)
        super().handle_exit(sig, frame)


bind = "127.0.0.1:8000"
workers = 3
worker_class = Worker
threads = 4
# A worker that gives no sign of life for this many seconds is restarted.
timeout = 30
# How long requests may still take after a stop; no longer than service managers wait.
graceful_timeout = 20
umask = 0o077

# No header may change the site's address: its pages are kept for everybody.
forwarder_headers = ""
header_map = "drop"
# Nothing uses it, and all servers of one account would share it.
control_socket_disable = True

# A warning of Python's is a line like every other.
logging.captureWarnings(capture=True)
accesslog = "-"
# Without the query and the referrer, which may contain what somebody searched for, and without the
# address, which is a person's: the proxy has it.
access_log_format = "%(m)s %(U)s %(s)s %(B)s %(M)sms"
logconfig_dict = to_console(
    {
        name: {"handlers": ["console"], "level": "INFO", "propagate": False}
        for name in ("gunicorn.error", "gunicorn.access")
    },
)


# Here the processes of this server add up what they count (`clinic_site.request_counts`).
counts = tempfile.mkdtemp(prefix="clinic-requests-")
raw_env = [f"CLINIC_REQUEST_COUNTS={counts}"]


def on_exit(server: Any) -> None:
    """Leave nothing behind."""
    shutil.rmtree(counts, ignore_errors=True)


def on_starting(server: Any) -> None:
    """Report, before any worker starts, whatever keeps the site from serving.

    This runs in a process of its own: modules that this process imports would stay in its workers
    even when they are told to reload the code.
    """
    code = subprocess.run([sys.executable, "-m", "clinic_site.start"], check=False).returncode
    if code:
        sys.exit(code)
