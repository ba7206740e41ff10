-- The groups that count in a question, with the number of their phones: the denominators of N_i.
--
-- In the readings 'all' and 'middle' the phones that the group shows, in 'reference' those of the declared inventory
-- that it can have, seen or not. Frames that stand for whole utterances have no phones, in no reading.
-- Grain: (model, grid, property, group).
-- Paper: [A] §4.1; docs/method.md.
-- Types: model VARCHAR, grid INTEGER, property VARCHAR, group VARCHAR, group_id INTEGER, n_phones BIGINT
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames, p_min_frames, p_where
WITH shown AS (
    SELECT model, grid, property, "group", group_id, count(*) AS n_phones
    FROM counted_cells(
        p_model := p_model, p_corpus := p_corpus, p_property := p_property, p_layer := p_layer,
        p_frames := p_frames, p_min_frames := p_min_frames, p_where := p_where
    )
    GROUP BY ALL
)
SELECT model, grid, property, "group", group_id, n_phones
FROM shown
WHERE p_frames <> 'reference' OR is_utterance_grid(grid)
UNION ALL
SELECT s.model, s.grid, s.property, s."group", s.group_id, count(DISTINCT i.phone) AS n_phones
FROM shown AS s
INNER JOIN property_phones AS i ON s.property = i.property
WHERE
    p_frames = 'reference'
    AND NOT is_utterance_grid(s.grid)
    AND list_contains(recorded_corpora(s.model), i.corpus)
    AND (p_corpus IS NULL OR i.corpus = p_corpus)
    AND coalesce(i."group", s."group") = s."group"
GROUP BY ALL
