-- Overlap of probes and rankings: how many neurons of a probe's minimal set come first in a ranking for a property.
--
-- Of probes of feed-forward networks, and of every ranking in the view rankings. Each layer's share of the minimal set
-- is compared with as many neurons, the first ones of the layer in the ranking; silent neurons are in no ranking.
-- Grain: (probe, property, ranking).
-- Paper: [B] §3; docs/rankings.md.
-- Needs: probe_runs
-- Types: probe VARCHAR, label VARCHAR, model VARCHAR, property VARCHAR, ranking VARCHAR, n BIGINT, n_both BIGINT,
--   by_chance DOUBLE
-- Parameters: p_probe, p_label, p_model, p_delta, p_choice, p_corpus, p_property, p_frames, p_lambda, p_baseline,
--   p_min_frames, p_z, p_where
-- Columns:
--   probe: identifier of the probe
--   label: name of the label that it predicts
--   model: name of the model
--   property: name of the property
--   ranking: 'lape', 'mean_difference', 'mutual_information' or 'property_neurons'
--   n: neurons of the minimal set
--   n_both: those of them that are among the first of their layer
--   by_chance: how many would be if the ranking were drawn by lot, the sum of n_l n_l / D over the layers
WITH chosen AS MATERIALIZED (
    FROM chosen_neurons(
        p_probe := p_probe, p_label := p_label, p_model := p_model, p_delta := p_delta, p_choice := p_choice
    )
),
sizes AS (
    SELECT probe, label, model, layer, n_neurons, count(neuron) AS n
    FROM chosen
    GROUP BY ALL
),
ranked AS MATERIALIZED (
    SELECT model, layer, property, ranking, neuron, "rank"
    FROM rankings(
        p_model := coalesce(p_model, model_of_probe(p_probe)), p_corpus := p_corpus, p_property := p_property,
        p_frames := p_frames, p_lambda := p_lambda, p_baseline := p_baseline, p_min_frames := p_min_frames,
        p_z := p_z, p_where := p_where
    )
),
asked AS (SELECT DISTINCT model, property, ranking FROM ranked),
shared AS (
    SELECT s.probe, r.property, r.ranking, count(*) AS n
    FROM sizes AS s
    INNER JOIN ranked AS r ON s.model = r.model AND s.layer = r.layer AND r."rank" <= s.n
    SEMI JOIN chosen AS c ON s.probe = c.probe AND s.layer = c.layer AND r.neuron = c.neuron
    GROUP BY ALL
)
SELECT
    s.probe,
    s.label,
    s.model,
    a.property,
    a.ranking,
    CAST(sum(s.n) AS BIGINT) AS n,
    coalesce(any_value(b.n), 0) AS n_both,
    sum(s.n * s.n / s.n_neurons) AS by_chance
FROM sizes AS s
INNER JOIN asked AS a ON s.model = a.model
LEFT JOIN shared AS b ON s.probe = b.probe AND a.property = b.property AND a.ranking = b.ranking
GROUP BY s.probe, s.label, s.model, a.property, a.ranking
UNION ALL BY NAME
FROM checked_probes(
    p_probe := p_probe, p_label := p_label, p_model := p_model, p_delta := p_delta, p_choice := p_choice
)
