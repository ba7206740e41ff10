-- Models: what was recorded of each.
--
-- A neuron is a coordinate between the two linears of a feed-forward network; a frame activates the k of a layer
-- whose activation values are largest.
-- Columns:
--   model: name it was ingested under
--   family: kind of implementation
--   source: where the weights came from
--   layers: recorded layers
--   neurons: width D of a layer, or of the narrowest and the widest
--   k: neurons that a frame activates in a layer
--   lambda_pct: λ, k as percent of D
--   hop_ms: distance between two frames of its first layer with frames, ms
--   offset_ms: centre of frame 0, ms
--   window_ms: span of audio that a frame needs, ms
--   sample_rate: rate of the waveform that the model was given, Hz
--   normalised: whether the waveform was layer-normalised first
--   checksum: digest of all weights
SELECT
    m.model,
    m.family,
    m.source,
    m.n_layers AS layers,
    CASE WHEN min(l.n_neurons) = max(l.n_neurons) THEN '' ELSE min(l.n_neurons) || '–' END || max(l.n_neurons) AS neurons,
    CASE WHEN min(l.top_k) = max(l.top_k) THEN '' ELSE min(l.top_k) || '–' END || max(l.top_k) AS k,
    m.lambda_pct,
    m.hop_us / 1000 AS hop_ms,
    m.offset_us / 1000 AS offset_ms,
    m.window_us / 1000 AS window_ms,
    m.sample_rate,
    m.normalize AS normalised,
    m.checksum
FROM models AS m
LEFT JOIN layers AS l ON m.model = l.model
WHERE $of_models
GROUP BY ALL
ORDER BY m.model
