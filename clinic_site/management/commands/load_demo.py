"""Makes an invented clinic, so that a newcomer can walk both sides of the site in five minutes."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from bookings import diary, triage
from bookings.diary.free_times import free_times
from bookings.models import (
    AppointmentRequest,
    AppointmentType,
    ClinicSession,
    Closure,
    Location,
    MachineKind,
    RedFlag,
    Resource,
    ScreeningQuestion,
    Topic,
    Treatment,
)
from bookings.screening import GivenAnswer, questions_for
from bookings.status import PATIENT, AccessNeed, Answer, CarerRight, FlagOutcome
from clinic_site import demo
from procedures import publishing
from procedures.models import Clinician, InformationPage, PageFeedback, Revision, Source
from procedures.reading import feedback
from procedures.status import RevisionStatus

FOLDER = Path(demo.__file__).parent
ADA, BEN = "dr-ada-example", "mr-ben-example"
PASSWORD = "demo-only-password"  # noqa: S105 -- printed on purpose; nothing here is real

STAFF = {
    "reception": ("Robin", "Example", "Reception"),
    "clinician": ("Ada", "Example", "Clinician"),
    "colleague": ("Ben", "Example", "Clinician"),
    "editor": ("Edith", "Example", "Editor"),
    "publisher": ("Paul", "Example", "Publisher"),
    "manager": ("Mona", "Example", "Manager"),
}


@contextmanager
def sources_read_before(day: date) -> Iterator[None]:
    """A text that was signed long ago tells of the reading before it, not of a later one."""
    later = list(Source.objects.filter(seen_on__gt=day))
    read_on = day - timedelta(days=demo.DAYS_FROM_READING_TO_SIGNING)
    Source.objects.filter(seen_on__gt=day).update(seen_on=read_on)
    yield
    Source.objects.bulk_update(later, ["seen_on"])


class Command(BaseCommand):
    """`manage.py load_demo`: run it as often as you like. It refuses anywhere but in a demonstration."""

    help = "Loads the invented clinic: staff, pages, safety questions and requests."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError(
                "This would mix invented people with real ones. Set DEMONSTRATION=true if this "
                "really is a demonstration."
            )
        with transaction.atomic():
            self._staff()
            self._clinicians()
            self._pages()
            self._questions()
            self._diary()
            if not AppointmentRequest.objects.exists():
                self._requests()
        self._print_logins()

    def _staff(self) -> None:
        for username, (first, last, group) in STAFF.items():
            user, created = User.objects.get_or_create(
                username=username,
                defaults={"first_name": first, "last_name": last, "is_staff": True},
            )
            if created:
                user.set_password(PASSWORD)
                user.save()
                user.groups.add(Group.objects.get(name=group))

    def _clinicians(self) -> None:
        manager = User.objects.get(username="manager")
        today = timezone.localdate()
        for username, name, role, number in (
            ("clinician", "Dr Ada Example", "Consultant rheumatologist", "DEMO-0001"),
            ("colleague", "Mr Ben Example", "Musculoskeletal sonographer", "DEMO-0002"),
        ):
            Clinician.objects.get_or_create(
                slug=name.lower().replace(" ", "-"),
                defaults={
                    "name": name,
                    "role": role,
                    "regulator": "Invented Register",
                    "registration_number": number,
                    "login": User.objects.get(username=username),
                    "verified_on": today,
                    "verified_by": manager,
                    "verification_evidence": "Invented. Nothing was looked up.",
                    "verified_until": today + timedelta(days=365),
                },
            )

    def _pages(self) -> None:
        """Signed and published pages: one with an earlier version, some of them not so fresh."""
        if not InformationPage.objects.filter(slug="ultrasound-clinic").exists():
            call_command("import_pages", FOLDER / "earlier", by="editor", stdout=self.stdout)
            self._publish_drafts(demo.EARLIER_DAYS_AGO)
        call_command("import_pages", FOLDER / "pages", by="editor", stdout=self.stdout)
        self._publish_drafts()
        # On a machine whose clock is behind, nobody has read anything in the days to come either.
        today = timezone.localdate()
        Source.objects.filter(seen_on__gt=today).update(seen_on=today)
        if not PageFeedback.objects.exists():
            for slug, answers in demo.FEEDBACK.items():
                read = Revision.objects.get(page__slug=slug, status=RevisionStatus.PUBLISHED)
                for clear, comment in answers:
                    feedback.give(read, clear=clear, comment=comment, now=timezone.now())

    def _publish_drafts(self, days_ago: int = 0) -> None:
        """Sign and publish the texts of the demonstration, each on its own day."""
        texts = {path.read_text(encoding="utf-8") for path in FOLDER.glob("*/*.md")}
        for revision in Revision.objects.filter(status=RevisionStatus.DRAFT, document__in=texts):
            days = demo.SIGNED_DAYS_AGO.get(revision.page.slug, days_ago)
            now = timezone.now() - timedelta(days=days)
            with sources_read_before(timezone.localdate(now)):
                self._publish(revision, now)

    def _publish(self, revision: Revision, now: datetime) -> None:
        editor, clinician, publisher = (
            User.objects.get(username=name) for name in ("editor", "clinician", "publisher")
        )
        publishing.submit_for_review(
            revision, version=revision.version, by=editor, now=now, answers=demo.REASONS
        )
        publishing.sign_off(
            revision,
            version=revision.version,
            fragment_hash=revision.fragment_hash,
            by=clinician,
            now=now,
        )
        publishing.publish(revision, version=revision.version, by=publisher, now=now)

    def _questions(self) -> None:
        owner = Clinician.objects.get(slug="dr-ada-example")
        treatments = {}
        for name, (is_usual, slug) in demo.TREATMENTS.items():
            page = InformationPage.objects.get(slug=slug)
            defaults = {"is_usual": is_usual, "page": page}
            treatments[name] = Treatment.objects.get_or_create(name=name, defaults=defaults)[0]
        for slug, names in demo.TOPICS.items():
            topic, created = Topic.objects.get_or_create(
                page=InformationPage.objects.get(slug=slug)
            )
            if created:
                topic.treatments.set([treatments[name] for name in names])
        for position, rule in enumerate(demo.SAFETY_QUESTIONS, start=1):
            question, created = ScreeningQuestion.objects.get_or_create(
                key=rule.key,
                version=1,
                defaults={
                    "position": position,
                    "wording": rule.wording,
                    "why": rule.why,
                    "detail_prompt": rule.detail_prompt,
                    "level": rule.level,
                    "owner": owner,
                    "source": rule.source,
                    "asked_again": rule.asked_again,
                    "review_due": timezone.localdate() + timedelta(days=365),
                },
            )
            if created:
                question.treatments.set([treatments[name] for name in rule.treatments])

    def _diary(self) -> None:
        """Houses, rooms, machines, what can be booked, and sessions of every week from this one on."""
        if Location.objects.exists():
            return
        for name, (address, directions) in demo.LOCATIONS.items():
            place = Location.objects.create(name=name, address=address, directions=directions)
            for weekday in settings.CLINIC_OPEN_DAYS:
                opens, closes = demo.OPENING
                place.opening_hours.create(weekday=weekday, opens=opens, closes=closes)
        ultrasound = MachineKind.objects.create(name=demo.ULTRASOUND)
        for rooms, kind in ((demo.ROOMS, None), (demo.MACHINES, ultrasound)):
            for name, at in rooms.items():
                location = Location.objects.get(name=at)
                Resource.objects.create(name=name, location=location, machine_kind=kind)
        for name, (minutes, buffer_minutes, needs) in demo.APPOINTMENT_TYPES.items():
            made, _ = AppointmentType.objects.get_or_create(
                name=name, defaults={"minutes": minutes, "buffer_minutes": buffer_minutes}
            )
            made.needs.set([ultrasound] if needs else [])
        monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
        for each in demo.SESSIONS:
            clinician = Clinician.objects.get(slug=each.clinician)
            diary.resource_of(clinician)
            ClinicSession.objects.create(
                clinician=clinician,
                room=Resource.objects.get(name=each.room),
                first_day=monday + timedelta(days=each.weekday),
                starts=each.starts,
                ends=each.ends,
            )

    def _requests(self) -> None:
        """One request in every state, each brought there by the real verbs."""
        reception = User.objects.get(username="reception")
        clinician = User.objects.get(username="clinician")
        scan = AppointmentType.objects.get(name="Assessment with ultrasound")
        doctor = Clinician.objects.get(slug=ADA)
        now = timezone.now()

        self._received("Pat Sample", "A sore shoulder since the summer, worse at night.")
        self._received(
            "Sam Specimen",
            "My knee has been swollen for two weeks.",
            yes={"blood-thinner"},
            access_needs=[AccessNeed.STEP_FREE, AccessNeed.INTERPRETER],
            access_detail="Polish",
            carer_name="Kim Specimen",
            carer_right=CarerRight.AGREED,
        )
        self._received("Maryam Sample", "My knee is hot and swollen.", yes={"hot-joint"}, about="")
        reviewed = self._received("Alex Sample", "Stiff fingers in the morning.", yes={"infection"})
        triage.start_review(reviewed, version=reviewed.version, by=reception, now=now)

        to_call = self._received("Uma Sample", "My wrist aches all day.", yes={"allergy"})
        triage.start_review(to_call, version=to_call.version, by=clinician, now=now)
        for flag in to_call.flags.all():
            triage.resolve_flag(
                flag,
                version=to_call.version,
                outcome=FlagOutcome.CALL_PATIENT,
                reason="To which medicine, and what happened then?",
                by=clinician,
                now=now,
            )

        asked = self._received("Chris Specimen", "Pain on the outside of my hip.")
        triage.start_review(asked, version=asked.version, by=reception, now=now)
        triage.ask(
            asked,
            version=asked.version,
            text="Have you had an X-ray of the hip in the last year? If so, where?",
            by=reception,
            now=now,
        )

        offered = self._received(
            "Jo Sample",
            "A thumb that clicks and catches.",
            yes={"diabetes"},
            about="trigger-finger",
        )
        triage.start_review(offered, version=offered.version, by=clinician, now=now)
        self._clear_flags(offered, clinician)
        triage.offer(
            offered,
            version=offered.version,
            appointment_type=scan,
            clinician=doctor,
            starts=self._free(ADA, 7, step=4)[:3],
            held_until=now + timedelta(days=2),
            by=clinician,
            now=now,
        )

        booked = self._booked("Lee Specimen", "Heel pain with the first steps of the day.")
        triage.join_earlier_list(booked, version=booked.version, by=PATIENT, now=now)

        self._booked("Nia Specimen", "My ankle is stiff in the morning.", days=4)

        moving = self._booked("Toni Sample", "My elbow hurts when I lift a cup.")
        wishes = "Any morning from Wednesday on."
        triage.ask_for_another_time(moving, version=moving.version, wishes=wishes, now=now)

        moved = self._booked("Ali Specimen", "A sore thumb from knitting.")
        triage.offer(
            moved,
            version=moved.version,
            appointment_type=scan,
            clinician=doctor,
            starts=self._free(ADA, 12, step=3)[:2],
            held_until=now + timedelta(days=2),
            by=reception,
            now=now,
        )

        deferred = self._received("Kim Sample", "Elbow pain. I am abroad until next month.")
        triage.start_review(deferred, version=deferred.version, by=reception, now=now)
        triage.defer(
            deferred,
            version=deferred.version,
            until=timezone.localdate() + timedelta(days=30),
            by=reception,
            now=now,
        )

        declined = self._received("Max Specimen", "A cough that will not go away.")
        triage.start_review(declined, version=declined.version, by=clinician, now=now)
        triage.decline(
            declined,
            version=declined.version,
            reason="We look after joints, muscles and tendons. For a cough please ask a GP, or "
            "ring 111 if you feel worse.",
            by=clinician,
            now=now,
        )

        withdrawn = self._received("Ray Sample", "A stiff neck.")
        triage.withdraw(withdrawn, version=withdrawn.version, now=now)

        lapsed = self._received("Eve Specimen", "A swollen ankle.", ago=timedelta(days=8))
        past = now - timedelta(days=7)
        triage.start_review(lapsed, version=lapsed.version, by=reception, now=past)
        triage.offer(
            lapsed,
            version=lapsed.version,
            appointment_type=scan,
            clinician=doctor,
            starts=self._free(ADA, 1)[:1],
            held_until=past + timedelta(days=2),
            by=reception,
            now=past,
        )
        triage.catch_up(now)

        visit = self._booked("Max Specimen", "My wrist hurts when I lift my baby.", days=8)
        triage.cancel(visit, version=visit.version, by=PATIENT, now=now)

        lost = self._booked("Lou Specimen", "My fingers go numb at night.", slug=BEN, days=6)
        lost_time = lost.appointments.get().starts
        Closure.objects.create(
            resource=Resource.objects.get(clinician__slug=BEN),
            starts=lost_time - timedelta(hours=6),
            ends=lost_time + timedelta(hours=12),
            reason="Leave",
        )

    def _received(
        self,
        name: str,
        concern: str,
        *,
        yes: set[str] | None = None,
        about: str = "ultrasound-guided-injections",
        ago: timedelta = timedelta(hours=2),
        **columns: Any,
    ) -> AppointmentRequest:
        page = InformationPage.objects.filter(slug=about).first()
        answers = [
            GivenAnswer(question, Answer.YES if question.key in (yes or set()) else Answer.NO, "")
            for question in questions_for(page)
        ]
        submission = triage.Submission(
            page=page,
            concern=concern,
            name=name,
            date_of_birth=date(1970, 1, 31),
            email=f"{name.lower().replace(' ', '.')}@example.org",
            phone="+442079460958",
            preferred_days=["monday", "thursday"],
            preferred_times=["morning"],
            availability="",
            answers=answers,
            **columns,
        )
        return triage.submit(submission, key=secrets.token_urlsafe(32), now=timezone.now() - ago)

    def _booked(
        self, name: str, concern: str, *, slug: str = ADA, days: int = 10
    ) -> AppointmentRequest:
        """At the first free time so many days from now."""
        reception, now = User.objects.get(username="reception"), timezone.now()
        request = self._received(name, concern)
        triage.start_review(request, version=request.version, by=reception, now=now)
        triage.book(
            request,
            version=request.version,
            appointment_type=AppointmentType.objects.get(name="Assessment with ultrasound"),
            clinician=Clinician.objects.get(slug=slug),
            starts=self._free(slug, days)[0],
            by=reception,
            now=now,
        )
        return request

    def _clear_flags(self, request: AppointmentRequest, clinician: User) -> None:
        for flag in RedFlag.objects.filter(request=request):
            triage.resolve_flag(
                flag,
                version=flag.request.version,
                outcome=FlagOutcome.PROCEED_WITH_NOTE,
                reason="Check the sugar with the patient on the day.",
                by=clinician,
                now=timezone.now(),
            )
        request.refresh_from_db()

    def _free(self, slug: str, days: int, *, step: int = 1) -> list[datetime]:
        """Free times from so many days on, one in `step`."""
        first = timezone.localdate() + timedelta(days=days)
        free = free_times(
            AppointmentType.objects.get(name="Assessment with ultrasound"),
            Clinician.objects.get(slug=slug),
            [first + timedelta(days=day) for day in range(21)],
            timezone.now(),
        )
        return [each.starts for each in free[::step]]

    def _print_logins(self) -> None:
        self.stdout.write("\nThe demonstration is ready. Staff sign in at /admin/ with:\n\n")
        for username, (first, last, group) in STAFF.items():
            self.stdout.write(f"  {username:<11} {PASSWORD}   {first} {last}, {group}")
        self.stdout.write("\nEvery invented patient was born on 31 1 1970.")
