"""Pages, and the sources and pictures that their texts use."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from procedures.desk.decisions import incident
from procedures.desk.forms import FigureForm, InformationPageForm
from procedures.desk.translations import standings, translations_page
from procedures.ground.decisions import CarefulAdmin, DecisionAdmin, colleague
from procedures.ground.generics import ModelForm
from procedures.ground.people import shown_name
from procedures.ground.signed_in import signed_in
from procedures.models import Figure, InformationPage, Revision, Source
from procedures.reading.publication import is_closed
from procedures.status import BEFORE_PATIENTS, RevisionStatus
from procedures.texts.examples import shown_as
from procedures.texts.pictures import numbers_of


@admin.register(Source)
class SourceAdmin(CarefulAdmin):
    """What the texts cite."""

    list_display = ("key", "kind", "title", "publisher", "dated", "read_in_part", "seen_on")
    list_filter = ("kind", "read_in_part")
    search_fields = ("key", "title", "publisher")


@admin.register(Figure)
class FigureAdmin(CarefulAdmin):
    """Pictures.

    A changed one is added as a new row under the same key; signed texts keep theirs.
    """

    form = FigureForm
    list_display = ("key", "width", "height", "added_at", colleague("added_by"))
    list_select_related = ("added_by",)
    readonly_fields = ("picture", "address_in_texts")

    def get_fields(self, request: HttpRequest, obj: Figure | None = None) -> tuple[str, ...]:
        return ("key", "picture", "address_in_texts") if obj else ("key", "file")

    def has_change_permission(self, request: HttpRequest, obj: Figure | None = None) -> bool:
        return False

    @admin.display(description="picture")
    def picture(self, figure: Figure) -> SafeString:
        """The picture itself."""
        return format_html('<img class="figure-shown" src="{}" alt="{}">', figure.address(), figure)

    @admin.display(description="paste into a text")
    def address_in_texts(self, figure: Figure) -> SafeString:
        """The block with which a text shows the picture, and a line for each number in it."""
        return format_html("<pre>{}</pre>", shown_as(figure.key, numbers_of(bytes(figure.content))))

    def response_add(
        self, request: HttpRequest, obj: Figure, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Lead to the picture's own page, which has the lines to paste."""
        self.message_user(request, "Added. Paste these lines into the text.", messages.SUCCESS)
        return redirect("admin:procedures_figure_change", obj.pk)

    def save_model(
        self, request: HttpRequest, obj: Figure, form: ModelForm[Figure], change: bool
    ) -> None:
        """Save the picture with what the file says, who added it, and when."""
        for name, value in form.cleaned_data["file"]._asdict().items():
            setattr(obj, name, value)
        obj.added_at, obj.added_by = timezone.now(), signed_in(request)
        super().save_model(request, obj, form, change)


@admin.register(InformationPage)
class InformationPageAdmin(CarefulAdmin):
    """The topics that we explain. Their texts are the revisions."""

    form = InformationPageForm
    change_form_template = "admin/procedures/informationpage/change_form.html"
    list_display = ("staff_title", "category", "live_version", "owned_by", "review_months")
    list_select_related = ("owner",)
    list_filter = ("category",)
    ordering = ("title", "slug")

    def get_queryset(self, request: HttpRequest) -> QuerySet[InformationPage]:
        """The pages in English. Each leads to its translations."""
        return InformationPage.objects.all()

    def get_urls(self) -> list[URLPattern]:
        """Also the translations of a page."""
        translations = path(
            "<int:pk>/translations/",
            self.admin_site.admin_view(self.translations),
            name="procedures_informationpage_translations",
        )
        return [translations, *super().get_urls()]

    def translations(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where its translations are, and where they are begun."""
        return translations_page(self.admin_site, request, pk)

    def get_readonly_fields(
        self, request: HttpRequest, obj: InformationPage | None = None
    ) -> tuple[str, ...]:
        """Fix the category once a text is frozen, and the address once the page has been public."""
        if obj is None or not obj.revisions.exclude(status=RevisionStatus.DRAFT).exists():
            return ()
        was_public = obj.revisions.filter(published_at__isnull=False).exists()
        return ("slug", "category") if was_public else ("category",)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Its form; above it what patients read, and what to do if that may do harm."""
        page = self.get_object(request, object_id) if object_id else None
        extra: dict[str, Any] = {}
        if page:
            live = page.revisions.filter(status__in=BEFORE_PATIENTS).select_related("page").first()
            texts = cast("DecisionAdmin", self.admin_site.get_model_admin(Revision))
            extra = incident(texts.open_decisions(request, live) if live else [])
            extra |= {"is_closed": is_closed(live)} if live else {}
            extra |= {"live": live, "versions": page.revisions.order_by("-number")}
            extra |= {"title": str(page), "subtitle": None, "standings": standings(page)}
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), **extra}
        )

    @admin.display(description="owner", ordering="owner")
    def owned_by(self, page: InformationPage) -> str:
        """Who sees to the page, by name."""
        return shown_name(page.owner) if page.owner else ""

    @admin.display(description="published version")
    def live_version(self, page: InformationPage) -> str:
        """The number of the published revision."""
        revision = page.revisions.filter(status=RevisionStatus.PUBLISHED).first()
        return f"{revision.number}" if revision else "none"
