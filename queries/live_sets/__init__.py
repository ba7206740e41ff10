"""Sets of a property under parameters that change from moment to moment, from counts that stay in memory.

The macros answer every question from the warehouse anew. Whoever moves σ, a baseline or z up and down asks about the
same counts again and again: here they are read once, a layer at a time, and the sets are made of them in NumPy by the
rule of ``queries.sets``. What is shown can be asked as SQL too, by the texts that ``asking`` gives.
"""
