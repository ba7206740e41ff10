-- Overlap of probes and rankings: how many neurons of a probe's minimal set come first in a ranking for a property.
--
-- Of probes of feed-forward networks, and of every ranking in the view rankings. Each layer's share of the minimal set
-- is compared with as many neurons, the first ones of the layer in the ranking: with m_l of them for n_l in the set, as
-- silent neurons are in no ranking and there may be fewer.
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
--   by_chance: how many would be if the ranking were drawn by lot, the sum of n_l m_l / D over layers with m_l ranked
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
compared AS (
    SELECT
        s.probe,
        s.label,
        s.model,
        a.property,
        a.ranking,
        s.layer,
        s.n_neurons,
        s.n,
        count(r.neuron) AS n_first,
        count(c.neuron) AS n_both
    FROM sizes AS s
    INNER JOIN asked AS a ON s.model = a.model
    LEFT JOIN ranked AS r
        ON
            s.model = r.model AND s.layer = r.layer AND a.property = r.property AND a.ranking = r.ranking
            AND r."rank" <= s.n
    LEFT JOIN chosen AS c ON s.probe = c.probe AND s.layer = c.layer AND r.neuron = c.neuron
    GROUP BY ALL
)
SELECT
    probe,
    label,
    model,
    property,
    ranking,
    CAST(sum(n) AS BIGINT) AS n,
    CAST(sum(n_both) AS BIGINT) AS n_both,
    sum(n * n_first / n_neurons) AS by_chance
FROM compared
GROUP BY probe, label, model, property, ranking
UNION ALL BY NAME
FROM checked_probes(
    p_probe := p_probe, p_label := p_label, p_model := p_model, p_delta := p_delta, p_choice := p_choice
)
UNION ALL BY NAME
FROM checked_ffn_probe(p_probe := p_probe)
