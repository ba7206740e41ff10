-- Accuracies of probes of each layer and of all layers together, beside what they are to be compared with.
FROM probe_accuracies
WHERE probe IN ($probes)
ORDER BY label, model, kind, probe, layer NULLS LAST, architecture DESC
