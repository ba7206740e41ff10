-- Overlap of probes and properties: the neurons that are in a probe's minimal set and among those of a property.
--
-- Of probes of feed-forward networks. The property's neurons are its group neurons G_i and, where the group is NULL, its
-- property neurons P; groups without a frame in the question have no row. Compared are the layers that the probe was
-- given. Where all layers concatenated were not probed the set is made of those of each layer.
-- Grain: (probe, property, group, layer); layer NULL = all layers together.
-- Paper: [A] §4.1, eq. 4 and 5; [B] §3.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, property VARCHAR, group VARCHAR, layer INTEGER,
--   n_neurons BIGINT, n_set BIGINT, n_property BIGINT, n_both BIGINT, jaccard DOUBLE, jaccard_by_chance DOUBLE
-- Parameters: p_probe, p_label, p_model, p_delta, p_choice, p_corpus, p_property, p_frames, p_lambda, p_sigma,
--   p_baseline, p_min_frames, p_z, p_where
-- Columns:
--   probe: identifier of the probe
--   label: name of the label that it predicts
--   model: name of the model
--   property: name of the property
--   group: group of the property; NULL = all of them, the property neurons
--   layer: layer, from 1; NULL = all layers together
--   n_neurons: neurons of the layer, or of all layers, D
--   n_set: neurons of the minimal set
--   n_property: neurons of the property or group
--   n_both: neurons that are in both
--   jaccard: n_both over the neurons that are in one of them or both; NULL where both are empty
--   jaccard_by_chance: the same where the two share what sets drawn by lot do, n_set n_property / D
WITH chosen AS MATERIALIZED (
    FROM chosen_neurons(
        p_probe := p_probe, p_label := p_label, p_model := p_model, p_delta := p_delta, p_choice := p_choice
    )
),
found AS MATERIALIZED (
    FROM group_neurons(
        p_model := coalesce(p_model, model_of_probe(p_probe)), p_corpus := p_corpus, p_property := p_property,
        p_frames := p_frames, p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline,
        p_min_frames := p_min_frames, p_z := p_z, p_where := p_where
    )
),
sets AS (
    FROM found
    UNION ALL
    SELECT model, layer, property, NULL AS "group", neuron
    FROM found
),
counted AS MATERIALIZED (
    SELECT DISTINCT model, property, "group"
    FROM counted_groups(
        p_model := coalesce(p_model, model_of_probe(p_probe)), p_corpus := p_corpus, p_property := p_property,
        p_frames := p_frames, p_min_frames := p_min_frames, p_where := p_where
    )
),
groups AS (
    FROM counted
    UNION ALL
    SELECT DISTINCT model, property, NULL AS "group"
    FROM counted
),
of_property AS (SELECT model, layer, property, "group", count(*) AS n FROM sets GROUP BY ALL),
shared AS (
    SELECT c.probe, c.layer, s.property, s."group", count(*) AS n
    FROM chosen AS c
    INNER JOIN sets AS s ON c.model = s.model AND c.layer = s.layer AND c.neuron = s.neuron
    GROUP BY ALL
),
sites AS (
    SELECT probe, label, model, layer, n_neurons, count(neuron) AS n
    FROM chosen
    GROUP BY ALL
),
summed AS (
    SELECT
        t.probe,
        t.label,
        t.model,
        g.property,
        g."group",
        t.layer,
        CAST(sum(t.n_neurons) AS BIGINT) AS n_neurons,
        CAST(sum(t.n) AS BIGINT) AS n_set,
        CAST(sum(coalesce(p.n, 0)) AS BIGINT) AS n_property,
        CAST(sum(coalesce(s.n, 0)) AS BIGINT) AS n_both
    FROM sites AS t
    INNER JOIN groups AS g ON t.model = g.model
    LEFT JOIN of_property AS p
        ON
            t.model = p.model AND t.layer = p.layer AND g.property = p.property
            AND g."group" IS NOT DISTINCT FROM p."group"
    LEFT JOIN shared AS s
        ON
            t.probe = s.probe AND t.layer = s.layer AND g.property = s.property
            AND g."group" IS NOT DISTINCT FROM s."group"
    GROUP BY GROUPING SETS (
        (t.probe, t.label, t.model, g.property, g."group", t.layer), (t.probe, t.label, t.model, g.property, g."group")
    )
)
SELECT
    *,
    n_both / nullif(n_set + n_property - n_both, 0) AS jaccard,
    n_set * n_property / n_neurons / nullif(n_set + n_property - n_set * n_property / n_neurons, 0) AS jaccard_by_chance
FROM summed
UNION ALL BY NAME
FROM checked_probes(
    p_probe := p_probe, p_label := p_label, p_model := p_model, p_delta := p_delta, p_choice := p_choice
)
UNION ALL BY NAME
FROM checked_ffn_probe(p_probe := p_probe)
