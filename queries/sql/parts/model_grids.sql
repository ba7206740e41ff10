-- The grids of each model's frames: one, unless its layers have frames at different rates.
-- Grain: (model, grid).
-- Parameters: p_model, p_layer
SELECT DISTINCT model, grid_number(hop_us, offset_us, window_us) AS grid
FROM layers
WHERE (p_model IS NULL OR model = p_model) AND (p_layer IS NULL OR layer = CAST(p_layer AS INTEGER))
