"""Who wants to hear by email when the advice of a page changes. Written by `messages.subscriptions`."""

from django.db import models
from django.db.models import UniqueConstraint

from procedures.models import InformationPage


class Subscription(models.Model):
    """One address and one page. It is not used before its owner has confirmed it."""

    page = models.ForeignKey(
        InformationPage, on_delete=models.PROTECT, related_name="subscriptions"
    )
    email = models.EmailField()
    # What the links in its letters are made from.
    key = models.CharField(max_length=43, unique=True)
    asked = models.DateTimeField()
    confirmed = models.DateTimeField(null=True)
    # The number of the newest event of any page of which they need not be told any more. It is moved
    # forward with each letter, in one transaction, so there is one letter for each piece of news.
    told = models.PositiveIntegerField(default=0)

    PERSONAL = {"email"}
    NOT_PERSONAL = {"id", "page", "key", "asked", "confirmed", "told"}
    SECRET = {"key"}
    # Nobody but the address says whose it is.
    WHOSE: tuple[str, ...] = ()
    BY_EMAIL = "email"

    class Meta:
        constraints = [
            UniqueConstraint(fields=["page", "email"], name="one_subscription_of_each_page")
        ]

    def __str__(self) -> str:
        return f"subscription {self.pk} of page {self.page_id}"
