-- What was probed: models, labels, rows and settings.
SELECT
    probe,
    task,
    label,
    model,
    kind,
    unit,
    statistics,
    n_rows,
    n_speakers,
    len(classes) AS n_classes,
    n_features,
    array_to_string(layers, ' ') AS layers,
    split,
    folds,
    len(seeds) AS n_seeds,
    twin,
    solver,
    epochs,
    batch,
    learning_rate,
    lambda1,
    lambda2,
    hidden,
    corpus,
    definition,
    settings
FROM probe_runs
WHERE probe IN ($probes)
ORDER BY task, label, model, kind, made, probe
