"""The pages of the demonstration, signed and published: some not so fresh, two in their second version.

One page has been withdrawn, because three others have taken its place. The advice of another changed
after patients were given it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from secrets import token_bytes

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import OutputWrapper
from django.db.models import QuerySet
from django.utils import timezone

from bookings import triage
from bookings.messages import subscriptions
from bookings.status import MessageStatus
from clinic_site.demo.phone import Phone
from clinic_site.staff import second_factor
from procedures import publishing
from procedures.ground.passkeys import Hand
from procedures.models import (
    InformationPage,
    PageFeedback,
    Passkey,
    PlannedPublication,
    Revision,
    Source,
    SourceEvent,
)
from procedures.publishing import own_keys, source_events
from procedures.publishing.folders import read_sources
from procedures.reading import feedback
from procedures.status import Category, ChangeClass, RevisionStatus

FOLDER = Path(__file__).parent
# Both folders of texts cite the same sources.
SOURCES = FOLDER / "pages" / "sources.toml"

# Why the pages pass what the content checks only ask.
REASONS = {
    "exclusion source": "Asked as a precaution. We found no source that we could read in full.",
    "risk source": "The sources name it without a figure, so none is given.",
    "long sentence": "It names all the places in one breath. Read aloud, it holds together.",
    "unexplained term": "Said in plain words nearby; the list of medical words explains it too.",
    "guide at a glance": "It explains; the page about each treatment answers what applies there.",
    "source address": "The publisher has moved it, and we could not find where to.",
    "length": "It answers what patients asked us. What they ask first is at its top.",
    "missing block": "A short page about one visit; the procedure itself has its own page.",
}

# How many days ago a page was signed, so that every way of ageing can be seen: before the first request
# about it, if nothing else is said here.
SIGNED_DAYS_AGO = {"shockwave-therapy": 690, "bakers-cyst": 745}
USUALLY_DAYS_AGO = 60
EARLIER_DAYS_AGO = 200
DAYS_FROM_READING_TO_SIGNING = 5

# The page that is signed with a passkey, by the physiotherapist.
SIGNED_WITH_A_PASSKEY = "heel-pain"

# What three pages say now. Its old address leads to them.
REPLACED = "tennis-elbow-outer-hip-and-heel"
REPLACED_BY = ("tennis-elbow", "outer-hip-pain", "heel-pain")

# The page whose advice changed yesterday, when patients with a visit to come had been given the earlier.
CHANGED = "calcium-wash-out"
FOLLOWER, FOLLOWED_DAYS_AGO, SENDER = "reader@example.org", 30, "demonstration"

# The page that was read again after something happened to a source of it.
READ_AGAIN = "trigger-finger"

# The page that an editor has only begun, and the one whose next version waits for its day.
BEGUN, PLANNED = "golfers-elbow", "gout"

FEEDBACK = {
    "carpal-tunnel": [
        (True, ""),
        (False, "I did not understand the numbers in the table."),
        (False, "Too long for me."),
        (False, ""),
    ],
    "trigger-finger": [(True, ""), (True, "The pictures of the risks helped.")],
}


def load(now: datetime, out: OutputWrapper) -> None:
    """Import the texts, sign and publish them, and let some readers say whether they were clear."""
    if not InformationPage.objects.filter(slug="ultrasound-clinic").exists():
        read_sources(SOURCES)
        call_command("import_pages", FOLDER / "earlier", by="editor", stdout=out)
        _publish_drafts(now, EARLIER_DAYS_AGO)
    call_command("import_pages", FOLDER / "pages", by="editor", stdout=out)
    _publish_drafts(now, USUALLY_DAYS_AGO, but=CHANGED)
    _withdraw_replaced(now - timedelta(days=USUALLY_DAYS_AGO))
    _begin_a_page(now)
    _plan_a_version(now)
    _read_what_happened(now)
    # On a machine whose clock is behind, nobody has read anything in the days to come either.
    today = timezone.localdate(now)
    Source.objects.filter(seen_on__gt=today).update(seen_on=today)
    if not PageFeedback.objects.exists():
        for slug, answers in FEEDBACK.items():
            read = Revision.objects.get(page__slug=slug, status=RevisionStatus.PUBLISHED)
            for clear, comment in answers:
                feedback.give(read, clear=clear, comment=comment, now=now)


def change_advice(now: datetime) -> None:
    """Publish the new text of the page whose advice has changed, and tell who was given the old one.

    Call it once there are patients. Somebody else follows the page by email.
    """
    for revision in _drafts().filter(page__slug=CHANGED):
        then = now - timedelta(days=1)
        _follow(revision.page, now - timedelta(days=FOLLOWED_DAYS_AGO))
        with sources_read_before(timezone.localdate(then)):
            _publish(revision, then)
        triage.tell_of_page_news(then)


def _follow(page: InformationPage, then: datetime) -> None:
    subscriptions.ask(page, FOLLOWER, language="", now=then)
    follower = page.subscriptions.get()
    follower.messages.update(status=MessageStatus.SENT, sent_at=then, sent_by=SENDER, tries=1)
    subscriptions.confirm(follower, now=then)


def _drafts() -> QuerySet[Revision]:
    texts = {path.read_text(encoding="utf-8") for path in FOLDER.glob("*/*.md")}
    return Revision.objects.filter(status=RevisionStatus.DRAFT, document__in=texts)


def _publish_drafts(now: datetime, days_ago: int, but: str = "") -> None:
    """Sign and publish the texts of the demonstration, each on its own day."""
    for revision in _drafts().exclude(page__slug=but):
        days = SIGNED_DAYS_AGO.get(revision.page.slug, days_ago)
        then = now - timedelta(days=days)
        with sources_read_before(timezone.localdate(then)):
            _publish(revision, then)


def _withdraw_replaced(then: datetime) -> None:
    page = InformationPage.objects.get(slug=REPLACED)
    page.related.set(InformationPage.objects.filter(slug__in=REPLACED_BY))
    for revision in page.revisions.filter(status=RevisionStatus.PUBLISHED):
        publishing.withdraw(
            revision,
            version=revision.version,
            by=User.objects.get(username="publisher"),
            reason="Three pages have taken its place: tennis elbow, outer hip pain and heel pain.",
            now=then,
        )


def _begin_a_page(now: datetime) -> None:
    """A page that nobody has written yet."""
    if not InformationPage.objects.filter(slug=BEGUN).exists():
        publishing.start_page(
            category=Category.GUIDE,
            slug=BEGUN,
            title="Golfer’s elbow",
            by=User.objects.get(username="editor"),
            now=now - timedelta(days=1),
        )


def _plan_a_version(now: datetime) -> None:
    """A text that was read again, signed, and is to be published in a week."""
    if PlannedPublication.objects.exists():
        return
    editor, signer, publisher = (
        User.objects.get(username=name) for name in ("editor", "clinician", "publisher")
    )
    live = Revision.objects.get(page__slug=PLANNED, status=RevisionStatus.PUBLISHED)
    again = publishing.start_draft(
        live.page,
        document=live.document,
        change_class=ChangeClass.FORMAT,
        note="We have read the page and its sources again. The advice is the same.",
        by=editor,
        now=now - timedelta(days=3),
    )
    then = now - timedelta(days=2)
    with sources_read_before(timezone.localdate(then)):
        _sign(again, then, editor=editor, signer=signer)
    day = timezone.localdate(now) + timedelta(days=7)
    publishing.plan(again, version=again.version, day=day, by=publisher, now=now)


def _read_what_happened(now: datetime) -> None:
    """Something happened to two sources. A clinician has read the one, and left the page as it is."""
    if SourceEvent.objects.exists():
        return
    _happened("pmid:25410501", now - timedelta(days=USUALLY_DAYS_AGO - 0.5))
    page = Revision.objects.get(page__slug=READ_AGAIN, status=RevisionStatus.PUBLISHED)
    publishing.re_affirm(
        page,
        version=page.version,
        fragment_hash=page.fragment_hash,
        by=User.objects.get(username="clinician"),
        now=now - timedelta(days=USUALLY_DAYS_AGO - 1),
    )
    _happened("nice:IPG742", now - timedelta(days=2))


def _happened(identifier: str, then: datetime) -> None:
    what = "Invented for the demonstration: a table in it was put right."
    day = timezone.localdate(then - timedelta(days=3)).isoformat()
    cells = {"identifier": identifier, "kind": "note", "day": day, "what": what}
    source_events.note_event(source_events.Row(1, cells), then)


@contextmanager
def sources_read_before(day: date) -> Iterator[None]:
    """A text that was signed long ago tells of the reading before it, not of a later one."""
    later = list(Source.objects.filter(seen_on__gt=day))
    read_on = day - timedelta(days=DAYS_FROM_READING_TO_SIGNING)
    Source.objects.filter(seen_on__gt=day).update(seen_on=read_on)
    yield
    Source.objects.bulk_update(later, ["seen_on"])


def _publish(revision: Revision, now: datetime) -> None:
    editor, signer, publisher = (
        User.objects.get(username=name) for name in ("editor", _signs(revision.page), "publisher")
    )
    if not revision.note:
        # A newer release has other words on a page of a demonstration that was loaded before.
        publishing.save_draft(
            revision,
            version=revision.version,
            document=revision.document,
            change_class=ChangeClass.FORMAT,
            note="We have put some of it in other words.",
            by=editor,
            now=now,
        )
    _sign(revision, now, editor=editor, signer=signer)
    publishing.publish(revision, version=revision.version, by=publisher, now=now)


def _signs(page: InformationPage) -> str:
    if not page.kind().needs_clinician:
        return "manager"
    return "physio" if page.slug == SIGNED_WITH_A_PASSKEY else "clinician"


def _sign(revision: Revision, now: datetime, *, editor: User, signer: User) -> None:
    publishing.submit_for_review(
        revision, version=revision.version, by=editor, now=now, answers=REASONS
    )
    with _passkey(revision, signer, now) as hand:
        publishing.sign_off(
            revision,
            version=revision.version,
            fragment_hash=revision.fragment_hash,
            by=signer,
            now=now,
            hand=hand,
        )


@contextmanager
def _passkey(revision: Revision, signer: User, now: datetime) -> Iterator[Hand | None]:
    """What a passkey in software signs of the one page; nothing for the others.

    It is removed again, so that whoever tries the demonstration signs in with the password alone.
    """
    if revision.page.slug != SIGNED_WITH_A_PASSKEY:
        yield None
        return
    phone, challenge = Phone(), token_bytes()
    answer = phone.make(second_factor.options_for_new(signer, challenge))
    second_factor.add_passkey(signer, answer, challenge=challenge, name="Invented phone", now=now)
    passkey = Passkey.objects.get(credential=phone.named)
    listed = own_keys.list_with(signer.clinician, passkey, now)
    vouched = Hand(phone.sign(own_keys.asked_of(listed, [passkey])), now)
    own_keys.let_sign(passkey, hand=vouched, by=signer, now=now)
    statement = publishing.put_before(revision, "signed", by=signer, at=now)
    yield Hand(phone.sign(publishing.asked_of(statement, [passkey])), now)
    second_factor.remove_passkey(signer, passkey.pk, now=now)
