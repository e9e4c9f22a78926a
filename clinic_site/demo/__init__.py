"""The invented clinic: tables of what it is made of, and what puts them into the database.

People and their requests are two tables (`people.csv`, `requests.csv`). Every request is brought to its
state by the real verbs, each at its own moment before now, and all moments are counted in working days
of the clinic. So it looks alike on any day of the year, and whoever loads it on one day sees the same.
"""
