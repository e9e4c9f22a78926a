"""The manager's side of the desk: the accounts of staff."""

from clinic_site.staff.desk.accounts import StaffAccountAdmin
from clinic_site.staff.desk.records import AccountEventAdmin, SignInAdmin

__all__ = ["AccountEventAdmin", "SignInAdmin", "StaffAccountAdmin"]
