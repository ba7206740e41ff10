-- Efficacy of the rankings: accuracy of the trained probe where all features but the top, random or bottom ones are zeroed.
FROM probe_efficacy
WHERE probe IN ($probes)
ORDER BY label, model, kind, probe, layer NULLS LAST, share, neurons DESC
