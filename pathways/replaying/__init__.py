"""The parts of replay: what it remembers while it reads the facts (`state`), and how the answer is written down (`telling`)."""
