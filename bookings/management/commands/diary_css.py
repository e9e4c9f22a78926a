"""Prints the style sheet that places each line of the diary on its time axis."""

from typing import Any

from django.core.management.base import BaseCommand

from bookings.desk.diary_grid import style_sheet


class Command(BaseCommand):
    """`manage.py diary_css > static/css/diary.css`."""

    help = "Prints the style sheet of the diary's time axis, which static/css/diary.css has to be."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(style_sheet(), ending="")
