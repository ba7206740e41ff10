-- Models that were recorded.
SELECT model FROM models ORDER BY model
