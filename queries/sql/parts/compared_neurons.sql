-- The group neurons of the models that a question compares.
--
-- Two that are named are asked for one by one, the other one if it has the layer; otherwise all models are. Which of
-- them is decided when the question is read.
-- Grain: (model, layer, property, group, neuron).
-- Types: model VARCHAR, layer INTEGER, property VARCHAR, group VARCHAR, neuron INTEGER
-- Parameters: p_model, p_other, p_corpus, p_property, p_layer, p_frames, p_lambda, p_sigma, p_baseline,
--   p_min_frames, p_z, p_where
FROM query(
    array_to_string(
        list_transform(
            CASE
                WHEN p_model IS NULL OR p_other IS NULL THEN [NULL]
                WHEN
                    valid_pair(p_model, p_other)
                    AND p_layer IS NOT NULL
                    AND NOT list_contains(known_layers(p_other), CAST(p_layer AS INTEGER))
                    THEN [p_model]
                ELSE [p_model, p_other]
            END,
            lambda model: 'FROM group_neurons(p_model := ' || literal(model) || ', p_corpus := ' || literal(p_corpus)
            || ', p_property := ' || literal(p_property) || ', p_layer := ' || literal(p_layer)
            || ', p_frames := ' || literal(p_frames) || ', p_lambda := ' || literal(p_lambda)
            || ', p_sigma := ' || literal(p_sigma) || ', p_baseline := ' || literal(p_baseline)
            || ', p_min_frames := ' || literal(p_min_frames) || ', p_z := ' || literal(p_z)
            || ', p_where := ' || literal(p_where) || ')'
        ),
        ' UNION ALL '
    )
)
