-- The parameters of a question, checked against what the warehouse holds: true, or an error that lists what exists.
-- Parameters: p_model, p_corpus, p_property, p_layer, p_frames, p_lambda, p_sigma, p_baseline, p_min_frames, p_z
CASE
    WHEN p_model IS NOT NULL AND NOT list_contains(known_models(), p_model)
        THEN error(none_such('p_model', p_model, known_models()))
    WHEN p_corpus IS NOT NULL AND NOT list_contains(known_corpora(), p_corpus)
        THEN error(none_such('p_corpus', p_corpus, known_corpora()))
    WHEN p_property IS NOT NULL AND NOT list_contains(known_properties(), p_property)
        THEN error(none_such('p_property', p_property, known_properties()))
    WHEN p_layer IS NOT NULL AND NOT list_contains(known_layers(p_model), p_layer)
        THEN error(none_such('p_layer', p_layer, known_layers(p_model)))
    WHEN p_frames IS NULL OR p_frames NOT IN ('all', 'middle', 'reference')
        THEN error(none_such('p_frames', coalesce(p_frames, 'NULL'), ['all', 'middle', 'reference']))
    WHEN p_lambda IS NOT NULL AND NOT (CAST(p_lambda AS DOUBLE) > 0 AND CAST(p_lambda AS DOUBLE) <= least_lambda(p_model))
        THEN error(
            'p_lambda: ' || CAST(p_lambda AS VARCHAR) || ' percent cannot be counted; give more than 0 and at most what '
            || 'was recorded: ' || recorded_lambdas(p_model)
        )
    WHEN p_sigma IS NULL OR NOT (CAST(p_sigma AS DOUBLE) > 0 AND CAST(p_sigma AS DOUBLE) <= 1)
        THEN error('p_sigma: ' || coalesce(CAST(p_sigma AS VARCHAR), 'NULL') || ' is no share of the phones; give more than 0, at most 1')
    WHEN p_baseline IS NOT NULL AND NOT (CAST(p_baseline AS DOUBLE) >= 0 AND CAST(p_baseline AS DOUBLE) < 1)
        THEN error('p_baseline: ' || CAST(p_baseline AS VARCHAR) || ' is no probability to exceed; give at least 0, less than 1')
    WHEN p_min_frames IS NOT NULL AND CAST(p_min_frames AS BIGINT) < 0
        THEN error('p_min_frames: ' || CAST(p_min_frames AS VARCHAR) || ' is no number of frames; give 0 or more')
    WHEN p_z IS NOT NULL AND NOT (CAST(p_z AS DOUBLE) >= 0 AND CAST(p_z AS DOUBLE) < 100)
        THEN error('p_z: ' || CAST(p_z AS VARCHAR) || ' is no number of standard errors; give 0 or more, such as 1.96')
    ELSE true
END
