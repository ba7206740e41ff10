-- Group candidates N_i: the neurons that respond to at least the share p_sigma of a group's phones.
--
-- n_phones is what the share is taken of: the phones that the group shows or, in the reading 'reference', those of
-- the declared inventory that it can have, seen or not.
-- Grain: (model, layer, property, group, neuron).
-- Paper: [A] §4.1; docs/method.md.
-- Types: model VARCHAR, layer INTEGER, property VARCHAR, group VARCHAR, neuron INTEGER, n_phones_active BIGINT,
--   n_phones BIGINT
-- Columns:
--   model: name of the model
--   layer: layer, from 1
--   property: name of the property
--   group: group i of the property
--   neuron: neuron of the layer, from 0
--   n_phones_active: phones of the group that the neuron responds to
--   n_phones: phones of the group
WITH counted AS (
    SELECT layer, group_id, neuron, count(*) AS n_phones_active
    FROM active_cells(
        p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
        p_lambda := p_lambda, p_baseline := p_baseline, p_min_frames := p_min_frames, p_z := p_z, p_where := p_where
    )
    GROUP BY layer, group_id, neuron
)
SELECT g.model, c.layer, g.property, g."group", c.neuron, c.n_phones_active, g.n_phones
FROM counted AS c
INNER JOIN counted_groups(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
    p_frames := p_frames, p_min_frames := p_min_frames, p_where := p_where
) AS g
    ON c.group_id = g.group_id
WHERE c.n_phones_active >= CAST(p_sigma AS DOUBLE) * g.n_phones - 1e-9
UNION ALL BY NAME
FROM checked_parameters(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
    p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline, p_min_frames := p_min_frames, p_z := p_z
)
