-- Every score of a probe is a share from 0 to 1, and a share is of some rows; only an equal error rate may be missing.
-- Grain: row of probe_scores that is not.
-- Columns:
--   probe: identifier of the probe
--   layer: layer that was probed; NULL = all layers together
--   architecture: linear, hidden, majority or cosine
--   seed: seed of the split
--   measure: accuracy, balanced_accuracy or eer
--   n: rows, or trials, that were scored
--   value: what was scored
SELECT probe, layer, architecture, seed, measure, n, "value"
FROM probe_scores
WHERE
    NOT coalesce("value" >= 0 AND "value" <= 1, measure = 'eer')
    OR n IS NULL OR n < 0 OR (n = 0 AND "value" IS NOT NULL)
