"""What an editor of SQL needs and no terminal: completion, the statement at a place, faults, the history."""
