"""The bank holidays of England, which a manager can change. Source: gov.uk/bank-holidays; 2028 is
computed by the same rules."""

from django.db import migrations

NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY = "New Year's Day", "Good Friday", "Easter Monday"
EARLY_MAY, SPRING, SUMMER = "Early May bank holiday", "Spring bank holiday", "Summer bank holiday"
CHRISTMAS, BOXING = "Christmas Day", "Boxing Day"

BANK_HOLIDAYS = {
    "2026-12-25": CHRISTMAS,
    "2026-12-28": f"{BOXING} (substitute day)",
    "2027-01-01": NEW_YEAR,
    "2027-03-26": GOOD_FRIDAY,
    "2027-03-29": EASTER_MONDAY,
    "2027-05-03": EARLY_MAY,
    "2027-05-31": SPRING,
    "2027-08-30": SUMMER,
    "2027-12-27": f"{CHRISTMAS} (substitute day)",
    "2027-12-28": f"{BOXING} (substitute day)",
    "2028-01-03": f"{NEW_YEAR} (substitute day)",
    "2028-04-14": GOOD_FRIDAY,
    "2028-04-17": EASTER_MONDAY,
    "2028-05-01": EARLY_MAY,
    "2028-05-29": SPRING,
    "2028-08-28": SUMMER,
    "2028-12-25": CHRISTMAS,
    "2028-12-26": BOXING,
}


def load(apps, schema_editor):
    closed_day = apps.get_model("bookings", "ClosedDay")
    closed_day.objects.bulk_create(
        (closed_day(day=day, reason=reason) for day, reason in BANK_HOLIDAYS.items()),
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("bookings", "0002_append_only")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
