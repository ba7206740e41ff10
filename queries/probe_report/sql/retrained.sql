-- Accuracy of probes that were trained on a share of the features alone: top, random and bottom ones, and all.
-- Columns:
--   neurons: which features: the top, random or bottom ones, or all
--   share: features that were kept, percent
--   accuracy: mean over the seeds
--   accuracy_sd: its standard deviation
WITH found AS (
    SELECT
        probe,
        layer,
        neurons,
        share,
        max(n_features) AS n_features,
        avg(value) AS accuracy,
        stddev_samp(value) AS accuracy_sd
    FROM probe_scores
    WHERE
        source = 'model' AND architecture = 'linear' AND labels = 'true' AND measure = 'accuracy'
        AND by_column IS NULL AND (treatment = 'retrained' OR neurons = 'all')
    GROUP BY probe, layer, neurons, share
)

SELECT r.probe, r.label, r.model, r.kind, f.* EXCLUDE (probe)
FROM found AS f
INNER JOIN probe_runs AS r ON f.probe = r.probe
SEMI JOIN (FROM probe_scores WHERE treatment = 'retrained') AS t
    ON f.probe = t.probe AND f.layer IS NOT DISTINCT FROM t.layer
WHERE f.probe IN ($probes)
ORDER BY r.label, r.model, r.kind, f.probe, f.layer NULLS LAST, f.neurons DESC, f.share
