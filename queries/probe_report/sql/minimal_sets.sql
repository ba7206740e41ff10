-- Minimal sets: the share of the features that suffices when probes are trained on it alone.
--
-- Beside each is the accuracy of probes that were trained on as many random and bottom features.
-- Columns:
--   choice: 'paper' = the most accurate of the shares within a point of all features, 'smallest' = the smallest of them
--   oracle: accuracy of the probe of all features
--   share: features that were kept, percent; 100 = no smaller share is within a point
--   n: features that were kept
--   accuracy: mean accuracy of probes trained on the top features alone
--   random: mean accuracy of probes trained on as many random features
--   bottom: mean accuracy of probes trained on as many features from the end of the ranking
WITH sets AS (
    SELECT probe, label, model, kind, layer, oracle, 'paper' AS choice, paper_share AS share, paper_n AS n
    FROM minimal_sets
    UNION ALL
    SELECT probe, label, model, kind, layer, oracle, 'smallest', smallest_share, smallest_n
    FROM minimal_sets
),

scores AS (
    SELECT
        probe,
        layer,
        share,
        avg(value) FILTER (neurons IN ('top', 'all')) AS accuracy,
        stddev_samp(value) FILTER (neurons IN ('top', 'all')) AS accuracy_sd,
        avg(value) FILTER (neurons = 'random') AS random,
        stddev_samp(value) FILTER (neurons = 'random') AS random_sd,
        avg(value) FILTER (neurons = 'bottom') AS bottom,
        stddev_samp(value) FILTER (neurons = 'bottom') AS bottom_sd
    FROM probe_scores
    WHERE
        source = 'model' AND architecture = 'linear' AND labels = 'true' AND measure = 'accuracy'
        AND by_column IS NULL AND (treatment = 'retrained' OR neurons = 'all')
    GROUP BY probe, layer, share
)

SELECT m.*, s.accuracy, s.accuracy_sd, s.random, s.random_sd, s.bottom, s.bottom_sd
FROM sets AS m
LEFT JOIN scores AS s ON m.probe = s.probe AND m.layer IS NOT DISTINCT FROM s.layer AND m.share = s.share
WHERE m.probe IN ($probes)
ORDER BY m.label, m.model, m.kind, m.probe, m.layer NULLS LAST, m.choice
