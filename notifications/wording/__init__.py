"""What texts say. `compiler` is the only way from a key to a text; the words are data beside it."""
