"""How the writer works: load the patients' state, decide in memory (pure), store the difference. `pathways.journeys` is the only caller."""
