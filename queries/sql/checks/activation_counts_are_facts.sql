-- Activation counts of the property phone are what counting the activations gives, neuron by neuron.
--
-- Every frame that any property counts has a phone, unless it stands for a whole utterance, so this goes through every
-- other activation that is ever counted; asked layer by layer.
-- Grain: (model, layer, corpus, phone, neuron) with another count.
-- Paper: [A] §3.2.
-- Columns:
--   model: name of the model
--   layer: layer
--   corpus: name of the corpus
--   phone: phone
--   neuron: neuron of the layer
--   n: stored count; NULL where there is none
--   n_middle: the same of middle frames
--   n_reference: the same of middle frames outside the last run
--   found: activations; NULL where there are none
--   found_middle: activations in middle frames
--   found_reference: activations in middle frames outside the last run
SELECT * FROM (
-- for each layer
SELECT
    $model AS model,
    $layer AS layer,
    coalesce(s.corpus, c.corpus) AS corpus,
    coalesce(s.phone, c.phone) AS phone,
    coalesce(s.neuron, c.neuron) AS neuron,
    s.n,
    s.n_middle,
    s.n_reference,
    c.n AS found,
    c.n_middle AS found_middle,
    c.n_reference AS found_reference
FROM (
    SELECT corpus, phone, neuron, sum(n) AS n, sum(n_middle) AS n_middle, sum(n_reference) AS n_reference
    FROM activation_counts
    WHERE model = $model AND layer = $layer AND property = 'phone' AND phone = "group"
    GROUP BY corpus, phone, neuron
) AS s
FULL JOIN (
    SELECT
        u.corpus, f.phone, a.neuron,
        count(*) AS n,
        count(*) FILTER (WHERE f.is_middle) AS n_middle,
        count(*) FILTER (WHERE f.is_middle AND NOT f.is_last_run) AS n_reference
    FROM activations AS a
    INNER JOIN frames AS f ON a.frame_id = f.frame_id
    INNER JOIN utterances AS u ON f.utterance_id = u.utterance_id
    WHERE a.model = $model AND a.layer = $layer AND f.hop_us > 0 AND f.phone NOT IN ('', 'spn')
    GROUP BY u.corpus, f.phone, a.neuron
) AS c ON s.corpus = c.corpus AND s.phone = c.phone AND s.neuron = c.neuron
WHERE
    s.n IS DISTINCT FROM c.n
    OR s.n_middle IS DISTINCT FROM c.n_middle
    OR s.n_reference IS DISTINCT FROM c.n_reference
-- end
)
