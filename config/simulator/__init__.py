"""A stand-in for Twilio: its own process, its own ledger file, nothing of ours imported (nor Django's settings)."""
