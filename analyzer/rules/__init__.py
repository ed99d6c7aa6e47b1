"""Rules over facts: their schema, the set in force, matching, their samples and their lint."""
