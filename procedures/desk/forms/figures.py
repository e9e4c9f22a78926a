"""Pictures for the pages."""

from django import forms
from django.core.files.uploadedfile import UploadedFile

from procedures.ground.generics import ModelForm
from procedures.models import Figure
from procedures.texts.pictures import Picture, PictureError, read_picture


class FigureForm(ModelForm[Figure]):
    """A picture to upload. Its type and size are read from the file."""

    file = forms.FileField(help_text="A drawing (SVG) or a picture (PNG), up to 200 KB.")

    class Meta:
        model = Figure
        fields = ("key",)

    def clean_file(self) -> Picture:
        """The picture, if it is one that browsers can show safely."""
        upload: UploadedFile[bytes] = self.cleaned_data["file"]
        try:
            picture = read_picture(upload.read())
        except PictureError as error:
            raise forms.ValidationError(str(error)) from None
        if Figure.objects.filter(content_hash=picture.content_hash).exists():
            raise forms.ValidationError("We already have this picture. Use that one.")
        return picture
