-- Errors of speaker verification: how often the cosine of two utterances tells wrong whether one speaker said them.
--
-- The equal error rate is where as many pairs of one speaker are refused as pairs of two are accepted. 'all' is of all
-- features, 'top', 'random' and 'bottom' of a share of them with the others zeroed.
-- Grain: (probe, layer, neurons, share).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, kind VARCHAR, layer INTEGER, neurons VARCHAR, share DOUBLE,
--   eer DOUBLE, eer_sd DOUBLE, twin DOUBLE, twin_sd DOUBLE, n_trials DOUBLE, n_seeds BIGINT
-- Parameters: p_probe, p_label, p_model, p_kind
-- Columns:
--   probe: identifier of the run
--   label: name of the label, what one and two are of
--   model: name of the model
--   kind: ffn or block: what its features are
--   layer: layer, from 1; NULL = all layers concatenated
--   neurons: features that were left: all, top, random or bottom
--   share: features that were left, percent
--   eer: equal error rate, mean over the seeds
--   eer_sd: its standard deviation
--   twin: the same of the twin of random weights, whose neurons are not ranked; NULL = not known
--   twin_sd: its standard deviation
--   n_trials: pairs, on average
--   n_seeds: seeds
WITH rates AS (
    SELECT *
    FROM mean_scores(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
    WHERE architecture = 'cosine' AND measure = 'eer' AND labels = 'true' AND by_column IS NULL
)
SELECT
    m.probe,
    m.label,
    m.model,
    m.kind,
    m.layer,
    m.neurons,
    m.share,
    m.value AS eer,
    m.sd AS eer_sd,
    t.value AS twin,
    t.sd AS twin_sd,
    m.n AS n_trials,
    m.n_seeds
FROM rates AS m
LEFT JOIN rates AS t
    ON
        m.probe = t.probe AND m.layer IS NOT DISTINCT FROM t.layer AND m.neurons = t.neurons AND m.share = t.share
        AND t.source = 'twin'
WHERE m.source = 'model'
UNION ALL BY NAME
FROM checked_probes(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := p_kind)
