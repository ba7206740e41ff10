-- No row, or an error that lists what exists: an unknown name or a value out of range is never an empty answer.
--
-- The check is the argument of query() and therefore made when the question is read, whatever becomes of the rest.
-- Grain: none.
-- Types: model VARCHAR
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames, p_lambda, p_sigma, p_baseline, p_min_frames, p_z
FROM query(
    CASE
        WHEN valid(p_model, p_corpus, p_property, p_layer, p_frames, p_lambda, p_sigma, p_baseline, p_min_frames, p_z)
            THEN 'SELECT CAST(NULL AS VARCHAR) AS model WHERE false'
    END
)
