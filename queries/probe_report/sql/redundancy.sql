-- Redundancy, criterion by criterion: each layer alone, each share of the top features, and as many random ones.
FROM probe_redundancy
WHERE probe IN ($probes)
ORDER BY label, model, kind, probe, what, layer NULLS LAST, share
