-- Minimal sets: how few of the top features a probe needs, trained on them alone, to be about as good as on all.
--
-- The oracle is the accuracy with all features. Of the shares whose accuracy is at most p_delta points below it, the
-- paper takes the most accurate one, of equal ones the smaller; the smallest one is given beside it. Where no share is
-- good enough the set is all features. Accuracies are means over the seeds.
-- Grain: (probe, layer) of which parts of the features were trained on.
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, layer INTEGER, n_features INTEGER, oracle DOUBLE,
--   paper_share DOUBLE, paper_n INTEGER, paper_accuracy DOUBLE, smallest_share DOUBLE, smallest_n INTEGER,
--   smallest_accuracy DOUBLE
-- Parameters: p_probe, p_label, p_model, p_kind, p_delta
-- Columns:
--   probe: identifier of the probe
--   label: name of the label that it predicts
--   model: name of the model
--   kind: ffn or block: what its features are
--   layer: layer that was probed, from 1; NULL = all layers concatenated
--   n_features: features of the layer, or of all layers
--   oracle: accuracy with all of them
--   paper_share: size of the set that the paper takes, percent
--   paper_n: its features
--   paper_accuracy: accuracy with them
--   smallest_share: size of the smallest set, percent
--   smallest_n: its features
--   smallest_accuracy: accuracy with them
WITH means AS MATERIALIZED (
    FROM linear_accuracies(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
),
kept AS (
    SELECT
        w.probe,
        w.label,
        w.model,
        w.kind,
        w.layer,
        w.n_features AS n_all,
        w.accuracy AS oracle,
        k.share,
        k.n_features,
        k.accuracy,
        coalesce(k.accuracy >= w.accuracy - CAST(p_delta AS DOUBLE) / 100 - 1e-9, false) AS is_enough
    FROM means AS w
    INNER JOIN means AS k ON w.probe = k.probe AND w.layer IS NOT DISTINCT FROM k.layer
    WHERE
        w.treatment = 'trained'
        AND w.neurons = 'all'
        AND k.treatment = 'retrained'
        AND k.neurons = 'top'
),
placed AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY probe, layer, is_enough ORDER BY accuracy DESC, share) AS by_accuracy,
        row_number() OVER (PARTITION BY probe, layer, is_enough ORDER BY share) AS by_share
    FROM kept
)
SELECT
    probe,
    label,
    model,
    kind,
    layer,
    n_all AS n_features,
    oracle,
    coalesce(max(share) FILTER (is_enough AND by_accuracy = 1), 100) AS paper_share,
    coalesce(max(n_features) FILTER (is_enough AND by_accuracy = 1), n_all) AS paper_n,
    coalesce(max(accuracy) FILTER (is_enough AND by_accuracy = 1), oracle) AS paper_accuracy,
    coalesce(max(share) FILTER (is_enough AND by_share = 1), 100) AS smallest_share,
    coalesce(max(n_features) FILTER (is_enough AND by_share = 1), n_all) AS smallest_n,
    coalesce(max(accuracy) FILTER (is_enough AND by_share = 1), oracle) AS smallest_accuracy
FROM placed
GROUP BY probe, label, model, kind, layer, n_all, oracle
UNION ALL BY NAME
FROM checked_probes(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind, p_delta := p_delta)
