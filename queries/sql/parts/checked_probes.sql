-- No row, or an error that lists what exists: the parameters of a question about probes.
-- Grain: none.
-- Types: probe VARCHAR
-- Parameters: p_probe, p_label, p_model, p_kind, p_delta, p_enough, p_near, p_choice
FROM query(
    CASE
        WHEN valid_probes(p_probe, p_label, p_model, p_kind, p_delta, p_enough, p_near, p_choice)
            THEN 'SELECT CAST(NULL AS VARCHAR) AS probe WHERE false'
    END
)
