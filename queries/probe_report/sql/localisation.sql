-- Localisation: how much of the minimal set falls in each layer.
FROM probe_localisation
WHERE probe IN ($probes)
ORDER BY label, model, kind, probe, choice, layer
