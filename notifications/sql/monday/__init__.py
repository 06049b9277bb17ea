"""The counts of the Monday page, one statement each: uid, grp, detail of every row that is counted."""
