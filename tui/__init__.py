"""The ``neurons`` command: a thin face on ingest, queries and the warehouse. It computes nothing itself."""
