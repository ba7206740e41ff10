-- A parameter as SQL text, for a question that is chosen when it is read.
-- Parameters: p_value
CASE WHEN p_value IS NULL THEN 'NULL' ELSE '''' || replace(CAST(p_value AS VARCHAR), '''', '''''') || '''' END
