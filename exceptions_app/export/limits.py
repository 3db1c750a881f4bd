"""Numbers that SEPM and its clients set (sources in docs/policy-file.md)."""

from __future__ import annotations

# Clients handle about 500 hash entries well, beyond that their CPU suffers; told early enough.
WARN_HASHES = 400
MANY_HASHES = 500
# The stated ceiling of a policy.
MOST_ENTRIES = 65_000
# Of a policy's name and of its description, from the REST description. Counted in UTF-16 units:
# the server is a Java program, an emoji counts twice there.
NAME_UNITS = 255
DESCRIPTION_UNITS = 1024
