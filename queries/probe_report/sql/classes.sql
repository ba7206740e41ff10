-- Classes of each label, and how many rows each has.
-- Columns:
--   class: class of the label
--   n: rows of the class
--   share: of all rows
SELECT
    probe,
    label,
    model,
    kind,
    unnest(classes) AS class,
    unnest(class_rows) AS n,
    unnest(class_rows) / n_rows AS share
FROM probe_runs
WHERE probe IN ($probes) AND task = 'classification'
ORDER BY label, model, kind, made, probe, n DESC, class
