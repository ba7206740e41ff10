-- No row, or an error that lists what exists: the parameters of a question about two models.
-- Grain: none.
-- Types: model VARCHAR
-- Parameters: p_model, p_other, p_corpus, p_property, p_layer, p_frames, p_lambda, p_sigma, p_baseline,
--   p_min_frames, p_z
FROM query(
    CASE
        WHEN
            valid(p_model, p_corpus, p_property, p_layer, p_frames, p_lambda, p_sigma, p_baseline, p_min_frames, p_z)
            AND valid_pair(p_model, p_other)
            THEN 'SELECT CAST(NULL AS VARCHAR) AS model WHERE false'
    END
)
