-- Whether a neuron responds to a cell: it is active there more often than the baseline says.
--
-- With p_z the Wilson lower bound, not the estimate, must exceed the baseline; without p_baseline that is chance, k/D.
-- Paper: [A] §3.2, eq. 3.
-- Parameters: p_n_active, p_n_frames, p_of_model, p_of_layer, p_lambda, p_baseline, p_z
CASE WHEN p_z IS NULL THEN p_n_active / p_n_frames ELSE wilson_bound(p_n_active, p_n_frames, -CAST(p_z AS DOUBLE)) END
> coalesce(CAST(p_baseline AS DOUBLE), chance_level(p_of_model, p_of_layer, p_lambda))
