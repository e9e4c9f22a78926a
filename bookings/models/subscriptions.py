"""Who wants to hear by email when the advice of a page changes. Written by `messages.subscriptions`."""

from typing import Self

from django.db import models
from django.db.models import Q, UniqueConstraint

from procedures.ground.languages import offered
from procedures.models import InformationPage


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Subscriptions by what they have to hear of."""

    def to_hear_of(self, page: InformationPage) -> Self:
        """Whoever follows a page; for a translation, whoever follows it in that language."""
        if page.original_id is None:
            return self.filter(page=page)
        in_language = self.filter(page=page.original_id, language=page.language)
        return in_language if offered(page.language) else self.none()


class Subscription(models.Model):
    """One address, one page and one language. It is not used before its owner has confirmed it."""

    # The English one, whatever the language.
    page = models.ForeignKey(
        InformationPage, on_delete=models.PROTECT, related_name="subscriptions"
    )
    email = models.EmailField()
    # In which language they asked and we write to them; empty for English.
    language = models.CharField(max_length=5, blank=True, db_default="", default="")
    # What the links in its letters are made from.
    key = models.CharField(max_length=43, unique=True)
    asked = models.DateTimeField()
    confirmed = models.DateTimeField(null=True)
    # The number of the newest event of any page of which they need not be told any more. It is moved
    # forward with each letter, in one transaction, so there is one letter for each piece of news.
    told = models.PositiveIntegerField(default=0)

    PERSONAL = {"email", "language"}
    NOT_PERSONAL = {"id", "page", "key", "asked", "confirmed", "told"}
    SECRET = {"key"}
    # Nobody but the address says whose it is.
    WHOSE: tuple[str, ...] = ()
    BY_EMAIL = "email"

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["page", "email", "language"], name="one_subscription_in_each_language"
            )
        ]

    def __str__(self) -> str:
        return f"subscription {self.pk} of page {self.page_id}"

    def pages(self) -> models.QuerySet[InformationPage]:
        """The page, and its translation into their language: what happens to either is news to them."""
        translation = Q(original=self.page_id, language=offered(self.language))
        return InformationPage.in_every_language.filter(Q(pk=self.page_id) | translation)
