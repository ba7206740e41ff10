-- What to say of a name that does not exist: the names that do.
-- Parameters: p_parameter, p_value, p_known
p_parameter || ': there is no ' || CAST(p_value AS VARCHAR) || CASE
    WHEN len(p_known) = 0 THEN ', nor any other; nothing was recorded yet'
    ELSE '; there are: ' || array_to_string(list_sort(p_known), ', ')
END
