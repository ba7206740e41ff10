-- Redundancy: what of a probe's features could be left out, by three criteria.
--
-- 'layer': the layer alone is at most p_delta points below all layers concatenated, so the others add nothing to it.
-- 'rest': trained on the top features alone the probe has at least p_enough percent of the accuracy with all, so the
-- rest is redundant. 'random': trained on as many random features it is at most p_near points below the top ones, so
-- many subsets say the same. Accuracies are means over the seeds.
-- Grain: (probe, what, layer, share).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, what VARCHAR, layer INTEGER, share DOUBLE,
--   accuracy DOUBLE, compared_with DOUBLE, redundant BOOLEAN
-- Parameters: p_probe, p_label, p_model, p_kind, p_delta, p_enough, p_near
-- Columns:
--   probe: identifier of the probe
--   label: name of the label that it predicts
--   model: name of the model
--   kind: ffn or block: what its features are
--   what: 'layer', 'rest' or 'random': the criterion
--   layer: layer that was probed, from 1; NULL = all layers concatenated
--   share: features that were kept, percent
--   accuracy: accuracy of the layer; of the top features; of the random features
--   compared_with: accuracy of all layers; of all features; of the top features
--   redundant: whether the criterion is met
WITH means AS MATERIALIZED (
    FROM linear_accuracies(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
),
whole AS (FROM means WHERE treatment = 'trained' AND neurons = 'all'),
kept AS (FROM means WHERE treatment = 'retrained')
SELECT
    l.probe,
    l.label,
    l.model,
    l.kind,
    'layer' AS what,
    l.layer,
    l.share,
    l.accuracy,
    o.accuracy AS compared_with,
    l.accuracy >= o.accuracy - CAST(p_delta AS DOUBLE) / 100 - 1e-9 AS redundant
FROM whole AS l
INNER JOIN whole AS o ON l.probe = o.probe AND o.layer IS NULL
WHERE l.layer IS NOT NULL
UNION ALL BY NAME
SELECT
    t.probe,
    t.label,
    t.model,
    t.kind,
    'rest' AS what,
    t.layer,
    t.share,
    t.accuracy,
    o.accuracy AS compared_with,
    t.accuracy >= o.accuracy * CAST(p_enough AS DOUBLE) / 100 - 1e-9 AS redundant
FROM kept AS t
INNER JOIN whole AS o ON t.probe = o.probe AND t.layer IS NOT DISTINCT FROM o.layer
WHERE t.neurons = 'top'
UNION ALL BY NAME
SELECT
    r.probe,
    r.label,
    r.model,
    r.kind,
    'random' AS what,
    r.layer,
    r.share,
    r.accuracy,
    t.accuracy AS compared_with,
    r.accuracy >= t.accuracy - CAST(p_near AS DOUBLE) / 100 - 1e-9 AS redundant
FROM kept AS r
INNER JOIN kept AS t ON r.probe = t.probe AND r.layer IS NOT DISTINCT FROM t.layer AND r.share = t.share
WHERE r.neurons = 'random' AND t.neurons = 'top'
UNION ALL BY NAME
FROM checked_probes(
    p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind,
    p_delta := p_delta, p_enough := p_enough, p_near := p_near
)
