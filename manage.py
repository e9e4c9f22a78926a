#!/usr/bin/env python
"""Runs the project's commands, for example `manage.py migrate`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic_site.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
