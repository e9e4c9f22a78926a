"""The safety questions of the demonstration, and what may happen at a visit."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from bookings.models import ScreeningQuestion, Topic, Treatment
from procedures.models import Clinician, InformationPage

QUESTIONS = tomllib.loads((Path(__file__).parent / "questions.toml").read_text(encoding="utf-8"))

# What may happen at a visit: its name, whether at any visit, and the page that tells about it.
TREATMENTS = {
    "needle": ("An injection or another needle", True, "ultrasound-guided-injections"),
    "shockwave": ("Shockwave treatment", False, "shockwave-therapy"),
}
# Pages whose visits differ from the usual ones.
TOPICS = {"shockwave-therapy": ["shockwave"]}
# Who sees patients about them.
SEEN_BY = {"shockwave-therapy": ["ms-cleo-example"]}


def load(now: datetime) -> None:
    """Treatments, the pages whose visits differ, and the questions before each."""
    treatments = {
        key: Treatment.objects.get_or_create(
            name=name,
            defaults={"is_usual": is_usual, "page": InformationPage.objects.get(slug=slug)},
        )[0]
        for key, (name, is_usual, slug) in TREATMENTS.items()
    }
    for slug, keys in TOPICS.items():
        topic, created = Topic.objects.get_or_create(page=InformationPage.objects.get(slug=slug))
        if created:
            topic.treatments.set([treatments[key] for key in keys])
            topic.clinicians.set(Clinician.objects.filter(slug__in=SEEN_BY[slug]))
    for position, (key, columns) in enumerate(QUESTIONS.items(), start=1):
        before = [treatments[each] for each in columns["treatments"]]
        question, created = ScreeningQuestion.objects.get_or_create(
            key=key,
            version=1,
            defaults={name: value for name, value in columns.items() if name != "treatments"}
            | {
                "position": position,
                "owner": Clinician.objects.get(slug="dr-ada-example"),
                "review_due": timezone.localdate(now) + timedelta(days=365),
            },
        )
        if created:
            question.treatments.set(before)
