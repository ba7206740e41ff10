-- How often each neuron is active in each cell that counts, with the cell's frames.
--
-- From the stored counts where they answer the question, from the activations where they do not, from both where
-- models were recorded at different λ. Which of them is decided when the question is read.
-- Grain: (model, layer, property, group, phone, neuron).
-- Paper: [A] §3.2.
-- Types: model VARCHAR, layer INTEGER, property VARCHAR, group VARCHAR, phone VARCHAR, neuron INTEGER, n_active BIGINT,
--   n_frames BIGINT, cell_id INTEGER, group_id INTEGER
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames, p_lambda, p_min_frames, p_where
FROM query(
    array_to_string(
        list_transform(
            CASE
                WHEN p_where IS NOT NULL THEN ['fresh']
                WHEN p_lambda IS NULL THEN ['stored']
                WHEN NOT list_contains(known_lambdas(p_model), CAST(p_lambda AS DOUBLE)) THEN ['fresh']
                WHEN len(known_lambdas(p_model)) = 1 THEN ['stored']
                ELSE ['stored', 'fresh']
            END,
            lambda kind: 'FROM ' || kind || '_neuron_counts('
            || 'p_model := ' || literal(p_model) || ', p_corpus := ' || literal(p_corpus)
            || ', p_property := ' || literal(p_property) || ', p_layer := ' || literal(p_layer)
            || ', p_frames := ' || literal(p_frames) || ', p_lambda := ' || literal(p_lambda)
            || ', p_min_frames := ' || literal(p_min_frames)
            || CASE kind WHEN 'fresh' THEN ', p_where := ' || literal(p_where) ELSE '' END || ')'
        ),
        ' UNION ALL '
    )
)
