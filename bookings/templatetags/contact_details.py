"""Filters that show email addresses and phone numbers on screens and on paper."""

from django import template

from procedures.ground import email_addresses, phones

register = template.Library()
register.filter("readable", email_addresses.readable)
register.filter("dialled", phones.shown)
register.filter("is_doubtful", phones.is_doubtful)
