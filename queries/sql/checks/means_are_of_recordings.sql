-- Utterance means are of recorded utterances, over all their frames, once for each kind and layer.
-- Grain: (model, kind, layer, utterance_id) that is not.
-- Columns:
--   model: name of the model
--   kind: ffn or block
--   layer: layer, or block
--   utterance_id: number of the utterance
--   n_rows: rows that it has
--   n_averaged: frames averaged
--   n_recorded: frames recorded; NULL where the utterance was not
SELECT
    w.model,
    w.kind,
    w.layer,
    w.utterance_id,
    count(*) AS n_rows,
    any_value(w.n_frames) AS n_averaged,
    any_value(r.n_frames) AS n_recorded
FROM utterance_means AS w
LEFT JOIN recordings AS r ON w.model = r.model AND w.utterance_id = r.utterance_id
GROUP BY w.model, w.kind, w.layer, w.utterance_id
HAVING n_rows > 1 OR n_averaged IS DISTINCT FROM n_recorded
