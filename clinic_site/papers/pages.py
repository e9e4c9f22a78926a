"""“Papers about data protection” under Set-up: the list, and each paper to be printed."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic_site.papers import held, notice, risks, settled

PERMISSION = "bookings.hold_person"


class Paper(NamedTuple):
    """A draft: the name of its address, its title, what it answers, and what fills it in."""

    name: str
    title: str
    about: str
    facts: Callable[[], dict[str, Any]]

    @property
    def slug(self) -> str:
        """The end of its address."""
        return self.name.replace("_", "-")


def _of_record() -> dict[str, Any]:
    return {
        "categories": held.categories(),
        "recipients": settled.recipients(),
        "periods": settled.periods(),
        "measures": risks.measures(),
    }


def _of_schedule() -> dict[str, Any]:
    return {"periods": settled.periods()}


def _of_assessment() -> dict[str, Any]:
    return {
        "categories": held.categories(),
        "recipients": settled.recipients(),
        "risks": risks.risks(),
    }


def _of_notice() -> dict[str, Any]:
    return {"text": notice.text()}


PAPERS = (
    Paper(
        "record_of_processing",
        "Record of processing",
        "What is kept about whom and why, who receives it, for how long, and how it is protected "
        "(UK GDPR, article 30)",
        _of_record,
    ),
    Paper(
        "retention_schedule",
        "Retention schedule",
        "How long each kind of record is kept, and what happens then",
        _of_schedule,
    ),
    Paper(
        "impact_assessment",
        "Data protection impact assessment",
        "Whether what is done with data about health is necessary, what could go wrong, and what is "
        "done against it (UK GDPR, article 35)",
        _of_assessment,
    ),
    Paper(
        "privacy_notice",
        "Privacy notice",
        "The text that patients read about all this, to copy into the page about privacy (UK GDPR, "
        "articles 13 and 14)",
        _of_notice,
    ),
)


def urls(site: AdminSite) -> list[URLPattern]:
    """The address of the list, and one for each paper."""
    papers = [
        path(
            f"set-up/papers/{paper.slug}/",
            site.admin_view(partial(_show, paper=paper)),
            name=paper.name,
        )
        for paper in PAPERS
    ]
    return [
        path("set-up/papers/", site.admin_view(partial(_list, site=site)), name="papers"),
        *papers,
    ]


@require_safe
def _list(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    """The papers, each with what it answers."""
    _refuse_others(request)
    context = {
        **site.each_context(request),
        "title": "Papers about data protection",
        "papers": [(f"admin:{paper.name}", paper) for paper in PAPERS],
    }
    return TemplateResponse(request, "admin/papers.html", context)


@require_safe
def _show(request: HttpRequest, *, paper: Paper) -> HttpResponse:
    """One paper, as the software and its settings are now."""
    _refuse_others(request)
    context = {"paper": paper, "today": timezone.localdate(), **paper.facts()}
    return TemplateResponse(request, f"papers/{paper.name}.html", context)


def _refuse_others(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
