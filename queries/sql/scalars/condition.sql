-- A condition on frames, once it is known to be nothing else.
--
-- It may read tables, but call no table function: some of those execute SQL text and could write.
-- Parameters: p_where
CASE
    WHEN p_where IS NULL THEN 'true'
    WHEN json_extract_string(json_serialize_sql('FROM frame_facts WHERE ' || p_where), '$.error') = 'true'
        THEN error(
            'p_where: ' || json_extract_string(json_serialize_sql('FROM frame_facts WHERE ' || p_where), '$.error_message')
        )
    WHEN
        json_array_length(json_serialize_sql('FROM frame_facts WHERE ' || p_where), '$.statements') <> 1
        OR contains(json_serialize_sql('FROM frame_facts WHERE ' || p_where), '"type":"TABLE_FUNCTION"')
        THEN error('p_where: give one condition over the columns of frame_facts, without a table function')
    ELSE '(' || p_where || ')'
END
