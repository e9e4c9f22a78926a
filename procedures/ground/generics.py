"""Classes of Django that take a model in brackets, as in `ModelForm[Clinician]`.

Only the type checker reads the brackets. Django's own classes refuse them while the site runs, so
these take anything there and stay what they are.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, StackedInline
    from django.contrib.admin.options import BaseModelAdmin
    from django.forms import BaseFormSet, BaseInlineFormSet, ModelChoiceField, ModelForm
else:
    from django import forms
    from django.contrib import admin
    from django.contrib.admin import options

    class _InBrackets:
        def __class_getitem__(cls, parameters: object) -> type:
            return cls

    class BaseModelAdmin(_InBrackets, options.BaseModelAdmin):
        """What all classes of the admin have in common."""

    class ModelAdmin(_InBrackets, admin.ModelAdmin):
        """The pages of one model in the admin."""

    class StackedInline(_InBrackets, admin.StackedInline):
        """Rows of another table below a record, each field with its label."""

    class BaseFormSet(_InBrackets, forms.BaseFormSet):
        """Several forms of one kind."""

    class BaseInlineFormSet(_InBrackets, forms.BaseInlineFormSet):
        """The forms of these rows."""

    class ModelForm(_InBrackets, forms.ModelForm):
        """A form about a record of one model."""

    class ModelChoiceField(_InBrackets, forms.ModelChoiceField):
        """A choice of one record."""


__all__ = [
    "BaseFormSet",
    "BaseInlineFormSet",
    "BaseModelAdmin",
    "ModelAdmin",
    "ModelChoiceField",
    "ModelForm",
    "StackedInline",
]
