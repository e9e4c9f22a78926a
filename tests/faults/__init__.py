"""Faults against a real installation, and what patients lost by them: `script/faults`.

gunicorn with the settings of production, the worker, a mail server in this process, and a database of
their own. Patients send requests all the while; what they were told is compared with what is stored.
"""
