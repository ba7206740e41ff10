-- The neurons of the minimal sets of probes of feed-forward networks, and the layers that they are from.
--
-- A neuron counts once, by its mean or its standard deviation. Where all layers concatenated were not probed the sets
-- are those of each layer. A layer without a neuron in the set has one row without a neuron.
-- Grain: (probe, layer, neuron).
-- Paper: [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, layer INTEGER, n_neurons INTEGER, neuron INTEGER
-- Parameters: p_probe, p_label, p_model, p_delta, p_choice
WITH features AS MATERIALIZED (
    FROM ranked_features(p_probe := p_probe, p_label := p_label, p_model := p_model, p_kind := 'ffn', p_delta := p_delta)
    WHERE choice = p_choice
),
sites AS (SELECT DISTINCT probe, label, model, layer FROM features),
members AS (SELECT DISTINCT probe, layer, neuron FROM features WHERE is_chosen)
SELECT s.probe, s.label, s.model, s.layer, l.n_neurons, m.neuron
FROM sites AS s
INNER JOIN layers AS l ON s.model = l.model AND s.layer = l.layer
LEFT JOIN members AS m ON s.probe = m.probe AND s.layer = m.layer
