"""The version of a record that was on the screen."""

from typing import Any, cast

from django import forms
from django.core.validators import BaseValidator


class SeenVersionField(forms.IntegerField):
    """The version of a record that was on the screen. It is sent with the form and never typed."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any):
        too_old = "This page has expired. Open it again and repeat what you did."
        super().__init__(min_value=1, max_value=2**31 - 2, **kwargs)
        self.error_messages = dict.fromkeys(self.error_messages, too_old)
        for validator in self.validators:
            cast("BaseValidator", validator).message = too_old
