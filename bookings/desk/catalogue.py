"""The lists that a manager maintains: appointment types, closed days, safety questions."""

from copy import copy
from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from bookings.desk.before_saving import BeforeSaving, before_saving
from bookings.desk.forms.catalogue import ScreeningQuestionForm, TopicForm, TreatmentForm
from bookings.desk.forms.sessions import AppointmentTypeForm, ClosedDayForm
from bookings.desk.sessions import StrandingAdmin
from bookings.models import (
    AppointmentType,
    ClosedDay,
    QuestionGroup,
    ScreeningQuestion,
    Topic,
    Treatment,
)
from bookings.triage.questions import ASK_BEFORE, LOWER, NARROW, RETIRE, REVIEW_LATER, UNUSUAL
from procedures.ground.decisions import CarefulAdmin, ask_second_person, colleague
from procedures.ground.generics import ModelForm
from procedures.ground.two_people import TwoPersonAct

RETIRED_BY = colleague("retired_by")


@admin.register(AppointmentType)
class AppointmentTypeAdmin(CarefulAdmin):
    """The types of appointment that can be booked."""

    form = AppointmentTypeForm
    list_display = ("name", "minutes", "buffer_minutes", "room_kind", "retired_on")
    list_select_related = ("room_kind",)

    def save_model(
        self,
        request: HttpRequest,
        obj: AppointmentType,
        form: ModelForm[AppointmentType],
        change: bool,
    ) -> None:
        """Keep the record of who took the type off the list until it can be booked again."""
        if not form.cleaned_data["retire"]:
            obj.retired_on = obj.retired_by = None
        elif obj.retired_on is None:
            obj.retired_on, obj.retired_by = timezone.localdate(), request.user.get_username()
        super().save_model(request, obj, form, change)


@admin.register(ClosedDay)
class ClosedDayAdmin(StrandingAdmin):
    """Days on which no clinic takes place, and which do not count towards the answer-by time."""

    form = ClosedDayForm
    list_display = ("day", "reason")
    ordering = ("day",)

    def get_form(
        self,
        request: HttpRequest,
        obj: ClosedDay | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[ModelForm[ClosedDay]]:
        """The form, which finds out for this reader whom the day leaves without a clinic."""

        def look(day: ClosedDay) -> BeforeSaving:
            # Saved for a moment and taken back: the day of the form stays new.
            return before_saving(request, copy(day).save, [], timezone.now())

        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"look": staticmethod(look)})

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("bookings.delete_closedday")


@admin.register(Treatment)
class TreatmentAdmin(CarefulAdmin):
    """What may happen at a visit and needs safety questions first."""

    form = TreatmentForm
    fields = ("name", "is_usual", "page", "reason")
    list_display = ("name", "is_usual", "page")

    def save_model(
        self, request: HttpRequest, obj: Treatment, form: TreatmentForm, change: bool
    ) -> None:
        """Save it. That it does not happen at any visit waits for a second person."""
        super().save_model(request, obj, form, change)
        if form.unusual:
            ask_second_person(request, UNUSUAL, obj, reason=form.cleaned_data["reason"])


@admin.register(Topic)
class TopicAdmin(CarefulAdmin):
    """The pages whose visits differ from the usual ones."""

    form = TopicForm
    fields = ("page", "treatments", "clinicians", "reason")
    list_display = ("page", "what_may_happen")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Topic | None = None
    ) -> tuple[str, ...]:
        """The page stays: on another one, other visits would lose their questions."""
        return ("page",) if obj else ()

    def save_related(
        self, request: HttpRequest, form: TopicForm, formsets: Any, change: bool
    ) -> None:
        """Save what may happen. Fewer safety questions wait for a second person."""
        super().save_related(request, form, formsets, change)
        if form.narrower is not None:
            arguments = {"treatments": form.narrower}
            reason = form.cleaned_data["reason"]
            ask_second_person(request, NARROW, form.instance, reason=reason, arguments=arguments)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return super().get_queryset(request).prefetch_related("treatments")

    @admin.display(description="what may happen at the visit")
    def what_may_happen(self, topic: Topic) -> str:
        """The names of the treatments, in one sentence."""
        return ", ".join(map(str, topic.treatments.all())) or "No treatment, only talking"


@admin.register(QuestionGroup)
class QuestionGroupAdmin(CarefulAdmin):
    """The headings under which the safety questions are asked, in their order."""

    list_display = ("name", "position", "asked_now")

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuestionGroup]:
        groups: QuerySet[QuestionGroup] = super().get_queryset(request)
        return groups.annotate(asked_now=Count("questions", filter=Q(questions__retired_on=None)))

    @admin.display(description="questions asked now", ordering="asked_now")
    def asked_now(self, group: Any) -> int:
        """How many wordings of the group are in use."""
        return int(group.asked_now)


# What may change after patients have answered: the place where a question is asked.
PLACE = ("group", "position")
# What a second person has to agree to.
ASKING_LESS = (
    "retire",
    "new_level",
    "no_flag_for_unsure",
    "move",
    "new_treatments",
    "new_review_due",
    "reason",
)


@admin.register(ScreeningQuestion)
class ScreeningQuestionAdmin(CarefulAdmin):
    """The safety questions. A wording that patients have answered never changes."""

    list_display = ("wording", "version", "group", "level", "review_due", "retired_on")
    list_filter = ("level", "group")
    ordering = ("group__position", "group__name", "position", "key", "version")
    form = ScreeningQuestionForm

    def get_fields(
        self, request: HttpRequest, obj: ScreeningQuestion | None = None
    ) -> tuple[Any, ...]:
        wording = tuple(ScreeningQuestionForm.Meta.fields)
        if obj is None:
            return wording
        may_ask_less = self.has_change_permission(request, obj) and not obj.retired_on
        less = ASKING_LESS if may_ask_less else ()
        return (*wording, "version", "retired_on", RETIRED_BY, *less)

    def get_readonly_fields(
        self, request: HttpRequest, obj: ScreeningQuestion | None = None
    ) -> list[Any]:
        if obj is None:
            return []
        changeable = () if obj.retired_on else (*PLACE, *ASKING_LESS)
        return [name for name in self.get_fields(request, obj) if name not in changeable]

    def save_model(
        self,
        request: HttpRequest,
        obj: ScreeningQuestion,
        form: ModelForm[ScreeningQuestion],
        change: bool,
    ) -> None:
        """Save a new wording as the next version of its key. Asking less waits for a second person."""
        if not change:
            obj.version = ScreeningQuestion.objects.filter(key=obj.key).count() + 1
        super().save_model(request, obj, form, change)
        if change and (wished := _asks_less(obj, form.cleaned_data)):
            act, arguments = wished
            reason = form.cleaned_data["reason"]
            ask_second_person(request, act, obj, reason=reason, arguments=arguments)


def _asks_less(
    question: ScreeningQuestion, wishes: dict[str, Any]
) -> tuple[TwoPersonAct, dict[str, Any]] | None:
    """What a second person has to agree to, and with which arguments; None if nothing was wished."""
    if wishes.get("retire"):
        return RETIRE, {}
    if wishes.get("move"):
        return ASK_BEFORE, {"treatments": [each.pk for each in wishes["new_treatments"]]}
    if day := wishes.get("new_review_due"):
        return REVIEW_LATER, {"on": day.isoformat()}
    if wishes.get("new_level") or wishes.get("no_flag_for_unsure"):
        unsure = question.flags_unsure and not wishes["no_flag_for_unsure"]
        return LOWER, {"level": wishes["new_level"] or question.level, "flags_unsure": unsure}
    return None
