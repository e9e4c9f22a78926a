"""How often a patient, or somebody using their link, may try something."""

from datetime import timedelta

from procedures.ground.rate_limits import Limit

SEND_FROM_ONE_PLACE = Limit("send", 10, timedelta(hours=1))
SEND_TO_ONE_MAILBOX = Limit("mailbox", 3, timedelta(days=1))
SEND_TO_ONE_PHONE = Limit("phone", 3, timedelta(days=1))
BEGIN_FROM_ONE_PLACE = Limit("begin", 60, timedelta(hours=1))
OPEN_UNKNOWN_LINK = Limit("link", 30, timedelta(hours=1))
# `links` says what a code is worth against this many tries.
ENTER_CODE_FROM_ONE_PLACE = Limit("code", 10, timedelta(hours=1))
GIVE_DATE_OF_BIRTH = Limit("birth", 5, timedelta(days=1))
NEW_LINK_BY_ITSELF = Limit("new link", 1, timedelta(days=1))
LOST_LINK_FROM_ONE_PLACE = Limit("lost link place", 10, timedelta(hours=1))
LOST_LINK_OF_ONE_REQUEST = Limit("lost link", 3, timedelta(days=1))
FOLLOW_FROM_ONE_PLACE = Limit("follow", 10, timedelta(hours=1))
FOLLOW_TO_ONE_MAILBOX = Limit("follow mailbox", 3, timedelta(days=1))
CHANGE_CONTACT = Limit("contact", 5, timedelta(days=1))
