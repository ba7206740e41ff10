-- The neuron and the number of rows that a question names, checked: true, or an error that says what they can be.
-- Parameters: p_model, p_layer, p_neuron, p_limit
CASE
    WHEN
        p_neuron IS NULL
        OR NOT (CAST(p_neuron AS BIGINT) >= 0 AND CAST(p_neuron AS BIGINT) < widest_layer(p_model, p_layer))
        THEN error(
            'p_neuron: ' || coalesce('there is no ' || CAST(p_neuron AS VARCHAR), 'name a neuron') || '; '
            || coalesce(
                'there are: 0 to ' || CAST(widest_layer(p_model, p_layer) - 1 AS VARCHAR),
                'nothing was recorded yet'
            )
        )
    WHEN p_limit IS NULL OR CAST(p_limit AS BIGINT) < 1
        THEN error('p_limit: ' || coalesce(CAST(p_limit AS VARCHAR), 'NULL') || ' is no number of rows; give 1 or more')
    ELSE true
END
