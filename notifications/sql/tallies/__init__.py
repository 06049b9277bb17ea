"""Tallies of messages, work and data quality, one statement a table: uid, grp, detail of every row."""
