-- How many neurons of a layer a frame activates: what was recorded, or max(1, floor(λ·D/100 + 0.5)) at another λ.
-- Paper: [A] §2.
-- Parameters: p_lambda, p_n_neurons, p_top_k
CASE
    WHEN p_lambda IS NULL THEN p_top_k
    ELSE greatest(1, CAST(floor(CAST(p_lambda AS DOUBLE) * p_n_neurons / 100 + 0.5) AS INTEGER))
END
