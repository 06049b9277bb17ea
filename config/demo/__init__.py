"""A synthetic cohort with its truth, written as messages and fed through the real intake under a virtual clock."""
