"""Backups: taken while the site runs, encrypted, checked, kept by a rule, and restored quietly.

`databases` copies either database in one moment, `fingerprints` says whether two copies are equal,
`archives` encrypts a copy for keys that are never on this machine, `keeping` decides which archives
stay, and `restored` keeps a restored copy quiet until somebody releases it.
"""
