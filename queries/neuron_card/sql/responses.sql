-- What a neuron responds to: p in every cell (group, phone) that counts, also where it is never active.
-- Grain: (group, phone).
-- Paper: [A] §3.2, eq. 3.
-- Columns:
--   phone_class: class of the phone; NULL = it has none
--   responds: whether p, or with p_z its lower bound, exceeds the baseline
--   baseline: p_baseline, or chance, k/D
SELECT
    c."group",
    c.phone,
    i.phone_class,
    coalesce(a.n_active, 0) AS n_active,
    c.n_frames,
    coalesce(a.n_active, 0) / c.n_frames AS p,
    wilson_bound(coalesce(a.n_active, 0), c.n_frames, -$interval) AS p_low,
    wilson_bound(coalesce(a.n_active, 0), c.n_frames, $interval) AS p_high,
    responds(coalesce(a.n_active, 0), c.n_frames, $model, $layer, $lambda, $baseline, $z) AS responds,
    coalesce($baseline, chance_level($model, $layer, $lambda)) AS baseline
FROM $counted_cells AS c
LEFT JOIN (FROM $activation_probabilities WHERE neuron = $neuron) AS a
    ON c."group" = a."group" AND c.phone = a.phone
LEFT JOIN (SELECT phone, any_value(phone_class) AS phone_class FROM phones GROUP BY phone) AS i
    ON c.phone = i.phone
UNION ALL BY NAME
SELECT CAST(NULL AS VARCHAR) AS "group" FROM checked_lookup(p_model := $model, p_layer := $layer, p_neuron := $neuron)
ORDER BY "group", phone
