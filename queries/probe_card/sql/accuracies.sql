-- The accuracies of a probe, layer by layer, those of all layers together last.
SELECT
    layer,
    architecture,
    accuracy,
    accuracy_sd,
    majority,
    twin,
    twin_sd,
    control,
    control_sd,
    selectivity,
    selectivity_sd
FROM probe_accuracies(p_probe := $probe)
ORDER BY layer NULLS LAST, architecture DESC
