"""“Was this page clear?” One answer and, if the reader likes, one sentence."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from procedures.ground import rate_limits
from procedures.ground.forms import get_or_post, posted
from procedures.ground.places import by_place
from procedures.ground.rate_limits import Limit
from procedures.reading import feedback
from procedures.reading.forms import FeedbackForm
from procedures.reading.publication import Closed
from procedures.reading.views.answers import closed, find

FEEDBACK_FROM_ONE_PLACE = Limit("feedback", 10, timedelta(hours=1))


@get_or_post
def feedback_page(
    request: HttpRequest, category: str, slug: str, language: str = ""
) -> HttpResponse:
    """The form that the two buttons under a page open, and that they send."""
    page, found = find(category, slug, language)
    if isinstance(found, Closed):
        return closed(request, page, found)
    asked = {name: request.GET.get(name) for name in ("clear", "version")}
    form = FeedbackForm(posted(request), initial=asked)
    context = {"page": page, "section": category, "document": found.document, "form": form}
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        rate_limits.spend_all(by_place(FEEDBACK_FROM_ONE_PLACE, request), now)
        read = page.revisions.filter(
            number=form.cleaned_data["version"] or 0, published_at__isnull=False
        )
        feedback.give(
            read.first() or found.revision,
            clear=form.cleaned_data["clear"] == "yes",
            comment=form.cleaned_data["comment"],
            now=now,
        )
        return render(request, "procedures/thanks.html", context)
    return render(request, "procedures/feedback.html", context)
