-- Localisation: how many features of a probe's minimal set fall in each layer.
--
-- Of probes of all layers concatenated; layers without a feature in the set have a row, too.
-- Grain: (probe, choice, layer).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, choice VARCHAR, layer INTEGER, n BIGINT,
--   share DOUBLE, by_chance DOUBLE
-- Parameters: p_probe, p_label, p_model, p_kind, p_delta
-- Columns:
--   probe: identifier of the probe
--   label: name of the label that it predicts
--   model: name of the model
--   kind: ffn or block: what its features are
--   choice: 'paper' = the set that the paper takes, 'smallest' = the smallest one; columns of minimal_sets
--   layer: layer of the neurons, from 1
--   n: features of the set in the layer
--   share: n over the features of the set
--   by_chance: features of the layer over those of all layers, the share that is expected of features drawn by lot
WITH counted AS (
    SELECT probe, label, model, kind, choice, layer, count(*) FILTER (is_chosen) AS n, count(*) AS n_layer
    FROM ranked_features(
        p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind, p_delta := p_delta
    )
    WHERE of_layer IS NULL
    GROUP BY ALL
)
SELECT
    probe,
    label,
    model,
    kind,
    choice,
    layer,
    n,
    n / sum(n) OVER w AS share,
    n_layer / sum(n_layer) OVER w AS by_chance
FROM counted
WINDOW w AS (PARTITION BY probe, choice)
