-- No row, or an error that says how to make a probe of feed-forward networks: the probe that a question names.
-- Grain: none.
-- Types: probe VARCHAR
-- Parameters: p_probe
FROM query(
    CASE WHEN valid_ffn_probe(p_probe) THEN 'SELECT CAST(NULL AS VARCHAR) AS probe WHERE false' END
)
