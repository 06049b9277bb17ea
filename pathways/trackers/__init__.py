"""A navigator's own spreadsheet as a source: read, mapped, shown, and taken in as the difference from what it said before."""
