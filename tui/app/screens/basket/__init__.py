"""The basket: named sets of neurons, what is done with them, and the way out as masks."""
