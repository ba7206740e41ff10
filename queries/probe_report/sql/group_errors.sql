-- Errors by group: how often linear probes are wrong for some rows and for others.
FROM probe_group_errors
WHERE probe IN ($probes)
ORDER BY label, model, kind, probe, by_column, layer NULLS LAST, "group"
