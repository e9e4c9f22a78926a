"""The stories that the table of requests names: how each request comes to where it is now."""

from collections.abc import Callable

from clinic_site.demo.stories import with_visit, without_visit
from clinic_site.demo.telling import Telling

Story = Callable[[Telling], None]


def _named(*stories: Story) -> dict[str, Story]:
    return {story.__name__.replace("_", " "): story for story in stories}


WITHOUT_VISIT = _named(
    without_visit.received,
    without_visit.awaits_answers,
    without_visit.in_review,
    without_visit.wants_a_call,
    without_visit.question_asked,
    without_visit.answered,
    without_visit.question_lapsed,
    without_visit.offered,
    without_visit.offered_by_phone,
    without_visit.offer_ends_soon,
    without_visit.wants_other_times,
    without_visit.offer_lapsed,
    without_visit.deferred,
    without_visit.delayed,
    without_visit.came_back,
    without_visit.declined,
    without_visit.not_suitable,
    without_visit.sent_elsewhere,
    without_visit.withdrawn,
)
# Each of these has its place in the diary.
WITH_VISIT = _named(
    with_visit.booked,
    with_visit.booked_on_paper,
    with_visit.bounced,
    with_visit.attended,
    with_visit.did_not_come,
    with_visit.not_recorded,
    with_visit.cancelled_by_patient,
    with_visit.given_back_just_now,
    with_visit.cancelled_and_undone,
    with_visit.cancelled_on_the_phone,
    with_visit.cancelled_by_us,
    with_visit.followed_up,
    with_visit.asked_again_later,
    with_visit.waiting_list,
    with_visit.moved,
    with_visit.wants_another_time,
    with_visit.offered_another_time,
    with_visit.unwell_before_the_visit,
    with_visit.answered_on_the_phone,
    with_visit.clinic_cancelled,
)
STORIES = WITHOUT_VISIT | WITH_VISIT
