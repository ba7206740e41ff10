-- No row, or an error that lists what exists: the parameters of a question about one neuron.
-- Grain: none.
-- Types: model VARCHAR
-- Parameters: p_model, p_layer, p_neuron, p_corpus, p_lambda, p_limit
FROM query(
    CASE
        WHEN
            valid(p_model, p_corpus, NULL, p_layer, 'all', p_lambda, 1, NULL, NULL, NULL)
            AND valid_lookup(p_model, p_layer, p_neuron, p_limit)
            THEN 'SELECT CAST(NULL AS VARCHAR) AS model WHERE false'
    END
)
