"""What is known of findings and therapies: dated, sourced rows, and pure functions over them. It flags; it recommends nothing."""

from .library import DISCLAIMER, Knowledge, load

__all__ = ["DISCLAIMER", "Knowledge", "load"]
