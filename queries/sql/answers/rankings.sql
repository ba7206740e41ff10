-- Rankings: the neurons of each layer in the order of their selectivity for a property, by four measures of it.
--
-- 'lape' is the entropy in bits of the activation probabilities p(j given group), normalised over the groups; low is
-- selective. 'mean_difference' ("probeless") is the sum over pairs of groups of the difference between the means of
-- the binary activation, which are p(j given group). 'mutual_information' is I(active ; group) in bits over frames.
-- 'property_neurons' is the largest share of a group's phones in whose S_k the neuron is, less the next group's share;
-- p_baseline and p_z bear on this one alone, and p_sigma on none. Only neurons that are active at all have rows. With
-- one group nothing tells groups apart: the first three scores are 0 throughout. Scores are rounded to 12 decimals,
-- so that noise decides no tie.
-- Grain: (model, layer, property, ranking, neuron).
-- Paper: Tang et al. 2024 (LAPE); Antverg and Belinkov 2022 (probeless); [A] §3.2, §4.1; docs/rankings.md.
-- Types: model VARCHAR, layer INTEGER, property VARCHAR, ranking VARCHAR, neuron INTEGER, group VARCHAR,
--   score DOUBLE, rank BIGINT, p_max DOUBLE, n_groups BIGINT
-- Columns:
--   model: name of the model
--   layer: layer, from 1
--   property: name of the property
--   ranking: 'lape', 'mean_difference', 'mutual_information' or 'property_neurons'
--   neuron: neuron j of the layer, from 0
--   group: group that the neuron prefers, by p or by share; the first in the alphabet of several, NULL in no S_k
--   score: the measure; low is selective for 'lape', high for the others
--   rank: 1 = the most selective; of equal scores the lower neuron first
--   p_max: largest p(j given group) of the groups
--   n_groups: groups of the property
WITH sizes AS MATERIALIZED (
    SELECT model, grid, property, "group", group_id, CAST(sum(n_frames) AS BIGINT) AS n_frames
    FROM counted_cells(
        p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
        p_frames := p_frames, p_min_frames := p_min_frames, p_where := p_where
    )
    GROUP BY ALL
),
groups AS MATERIALIZED (
    SELECT
        s.model,
        s.property,
        s."group",
        s.group_id,
        s.n_frames,
        c.n_phones,
        sum(s.n_frames) OVER (PARTITION BY s.model, s.grid, s.property) AS n_all,
        count(*) OVER (PARTITION BY s.model, s.grid, s.property) AS n_groups
    FROM sizes AS s
    INNER JOIN counted_groups(
        p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
        p_frames := p_frames, p_min_frames := p_min_frames, p_where := p_where
    ) AS c
        ON s.group_id = c.group_id
),
counted AS (
    SELECT
        layer,
        group_id,
        neuron,
        CAST(sum(n_active) AS BIGINT) AS n_active,
        count(*) FILTER (
            responds(
                n_active, n_frames, coalesce(p_model, only_model(), model), coalesce(p_layer, layer),
                p_lambda, p_baseline, p_z
            )
        ) AS n_phones_active
    FROM neuron_counts(
        p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
        p_frames := p_frames, p_lambda := p_lambda, p_min_frames := p_min_frames, p_where := p_where
    )
    GROUP BY layer, group_id, neuron
),
in_groups AS (
    SELECT
        g.model,
        g.property,
        c.layer,
        c.neuron,
        c.group_id,
        g.n_all,
        g.n_groups,
        g.n_frames,
        c.n_active,
        c.n_active / g.n_frames AS p,
        c.n_phones_active / g.n_phones AS share
    FROM counted AS c
    INNER JOIN groups AS g ON c.group_id = g.group_id
),
-- Groups in which a neuron is never active have no row: their p is 0, and they count by their number and their frames.
-- Groups are numbered by the alphabet: of equal ones the lower number wins.
summed AS (
    SELECT
        model,
        property,
        layer,
        neuron,
        n_groups,
        max(p) AS p_max,
        arg_max(group_id, {'p': p, 'first': -group_id}) AS by_p,
        arg_max(group_id, {'share': share, 'first': -group_id}) FILTER (share > 0) AS by_share,
        list_sort(list(p)) AS ascending,
        max(share, 2) AS shares,
        fsum(p) AS p_sum,
        fsum(p * log2(p)) AS p_log_p,
        CAST(sum(n_active) AS DOUBLE) AS n_active,
        CAST(n_all AS DOUBLE) AS n_all,
        fsum(n_active * log2(p)) AS active_part,
        fsum(CASE WHEN n_frames > n_active THEN (n_frames - n_active) * log2(1 - p) ELSE 0 END) AS idle_part
    FROM in_groups
    GROUP BY model, property, layer, neuron, n_groups, n_all
),
scored AS (
    SELECT
        model,
        property,
        layer,
        neuron,
        n_groups,
        p_max,
        unnest([
            {'ranking': 'lape', 'group_id': by_p, 'sign': 1, 'score': log2(p_sum) - p_log_p / p_sum},
            {
                'ranking': 'mean_difference', 'group_id': by_p, 'sign': -1,
                'score': list_sum(
                    list_transform(ascending, lambda p, i: p * (n_groups - 2 * len(ascending) + 2 * i - 1))
                )
            },
            {
                'ranking': 'mutual_information', 'group_id': by_p, 'sign': -1,
                'score': (
                    active_part + idle_part - n_active * log2(n_active / n_all)
                    - CASE WHEN n_all > n_active THEN (n_all - n_active) * log2(1 - n_active / n_all) ELSE 0 END
                ) / n_all
            },
            {
                'ranking': 'property_neurons', 'group_id': by_share, 'sign': -1,
                'score': shares[1] - coalesce(shares[2], 0)
            }
        ], recursive := true)
    FROM summed
)
SELECT
    s.model,
    s.layer,
    s.property,
    s.ranking,
    s.neuron,
    g."group",
    round(greatest(s.score, 0), 12) AS score,
    row_number() OVER (
        PARTITION BY s.model, s.layer, s.property, s.ranking
        ORDER BY s.sign * round(greatest(s.score, 0), 12), s.neuron
    ) AS rank,
    s.p_max,
    s.n_groups
FROM scored AS s
LEFT JOIN groups AS g ON s.group_id = g.group_id
UNION ALL BY NAME
FROM checked_parameters(
    p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer, p_frames := p_frames,
    p_lambda := p_lambda, p_sigma := p_sigma, p_baseline := p_baseline, p_min_frames := p_min_frames, p_z := p_z
)
