-- Polysemous neurons: those that are in the minimal sets of several labels.
--
-- Of probes of all layers concatenated; a neuron counts by its mean or its standard deviation. Several probes of one
-- label count once.
-- Grain: (model, kind, layer, neuron).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: model VARCHAR, kind VARCHAR, layer INTEGER, neuron INTEGER, labels VARCHAR[], n_labels BIGINT
-- Parameters: p_model, p_kind, p_delta, p_choice
-- Columns:
--   model: name of the model
--   kind: ffn or block: what the neurons are
--   layer: layer, from 1
--   neuron: neuron of the layer, from 0
--   labels: labels whose minimal sets it is in, in the order of the alphabet
--   n_labels: how many they are, 2 or more
SELECT
    model,
    kind,
    layer,
    neuron,
    list_sort(list(DISTINCT label)) AS labels,
    count(DISTINCT label) AS n_labels
FROM ranked_features(p_model := p_model, p_kind := p_kind, p_delta := p_delta)
WHERE of_layer IS NULL AND is_chosen AND choice = p_choice
GROUP BY model, kind, layer, neuron
HAVING count(DISTINCT label) > 1
UNION ALL BY NAME
SELECT probe AS model
FROM checked_probes(p_model := p_model, p_kind := p_kind, p_delta := p_delta, p_choice := p_choice)
