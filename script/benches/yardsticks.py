"""What a page is compared with: the same bytes from bare gunicorn, and from minimal Django."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

BODY = Path(os.environ["BENCH_BODY"]).read_bytes()
HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(BODY)))]


def bare(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Without any framework: the limit that we set ourselves."""
    start_response("200 OK", HEADERS)
    return [BODY]


def django() -> Any:
    """One view of constant bytes behind the middleware of a new Django project."""
    from django.conf import settings  # noqa: PLC0415 -- only where it is measured
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415
    from django.http import HttpRequest, HttpResponse  # noqa: PLC0415
    from django.urls import path  # noqa: PLC0415

    def constant(request: HttpRequest, where: str) -> HttpResponse:
        return HttpResponse(BODY)

    contrib = "django.contrib"
    settings.configure(
        SECRET_KEY="yardstick",  # noqa: S106
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=(path("<path:where>", constant),),
        INSTALLED_APPS=[f"{contrib}.{name}" for name in ("contenttypes", "auth", "sessions")],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            f"{contrib}.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            f"{contrib}.auth.middleware.AuthenticationMiddleware",
            f"{contrib}.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        MESSAGE_STORAGE=f"{contrib}.messages.storage.cookie.CookieStorage",
    )
    return get_wsgi_application()
