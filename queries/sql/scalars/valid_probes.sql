-- The parameters of a question about probes, checked: true, or an error that lists what exists.
-- Parameters: p_probe, p_label, p_model, p_kind, p_delta, p_enough, p_near, p_choice
CASE
    WHEN p_probe IS NOT NULL AND NOT list_contains(known_probes(), p_probe)
        THEN error(none_such('p_probe', p_probe, known_probes()))
    WHEN p_label IS NOT NULL AND NOT list_contains(known_labels(), p_label)
        THEN error(none_such('p_label', p_label, known_labels()))
    WHEN p_model IS NOT NULL AND NOT list_contains(known_models(), p_model)
        THEN error(none_such('p_model', p_model, known_models()))
    WHEN p_kind IS NOT NULL AND p_kind NOT IN ('block', 'ffn')
        THEN error(none_such('p_kind', p_kind, ['block', 'ffn']))
    WHEN p_delta IS NULL OR NOT (CAST(p_delta AS DOUBLE) >= 0 AND CAST(p_delta AS DOUBLE) <= 100)
        THEN error('p_delta: ' || coalesce(CAST(p_delta AS VARCHAR), 'NULL') || ' is no number of points; give 0 to 100')
    WHEN p_enough IS NULL OR NOT (CAST(p_enough AS DOUBLE) > 0 AND CAST(p_enough AS DOUBLE) <= 100)
        THEN error('p_enough: ' || coalesce(CAST(p_enough AS VARCHAR), 'NULL') || ' is no percentage; give more than 0, at most 100')
    WHEN p_near IS NULL OR NOT (CAST(p_near AS DOUBLE) >= 0 AND CAST(p_near AS DOUBLE) <= 100)
        THEN error('p_near: ' || coalesce(CAST(p_near AS VARCHAR), 'NULL') || ' is no number of points; give 0 to 100')
    WHEN p_choice IS NULL OR p_choice NOT IN ('paper', 'smallest')
        THEN error(none_such('p_choice', coalesce(p_choice, 'NULL'), ['paper', 'smallest']))
    ELSE true
END
