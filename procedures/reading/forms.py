"""The form for readers' answers."""

from django import forms
from django.utils.translation import gettext_lazy as _

from procedures.ground.fields import PlainTextField


class FeedbackForm(forms.Form):
    """Whether a page was clear. It asks for nothing that says who the reader is."""

    use_required_attribute = False

    clear = forms.ChoiceField(
        label=_("Was this page clear?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose yes or no.")},
    )
    comment = PlainTextField(
        label=_("What could we make clearer? (optional)"),
        required=False,
        max_length=200,
        help_text=_(
            "One sentence about the page. Do not include anything about yourself or your health. "
            "We cannot reply."
        ),
    )
    # The text that the reader saw; a newer version may have come in the meantime.
    version = forms.IntegerField(required=False, widget=forms.HiddenInput, max_value=10**6)
