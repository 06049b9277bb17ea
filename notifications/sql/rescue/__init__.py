"""The rescue report: what the lot decided of whom, and every rung that rang, each with what became of the wait."""
