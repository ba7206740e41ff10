-- The probes of a warehouse that tell classes apart, the newest first.
SELECT
    probe,
    label,
    model,
    kind,
    solver,
    n_rows,
    made,
    twin,
    statistics,
    classes,
    layers,
    n_features,
    len(seeds) AS n_seeds
FROM probe_runs
WHERE task = 'classification'
ORDER BY made DESC, probe
