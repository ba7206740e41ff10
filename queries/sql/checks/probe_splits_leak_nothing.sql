-- The training and the test part of a probe share no speaker or, where the speaker is the label, no utterance.
--
-- An utterance whose speaker is unknown stands for a speaker of its own.
-- Grain: (probe, seed, speaker, utterance_id) that is in both parts.
-- Paper: [B] §3.
-- Columns:
--   probe: identifier of the probe
--   seed: seed of the split
--   speaker: who is in both parts; NULL = an utterance is
--   utterance_id: utterance that is in both parts; NULL = a speaker is
--   n_train: rows in the training part
--   n_test: rows in the test part
WITH parts AS (
    SELECT
        s.probe,
        s.seed,
        s.part,
        CASE WHEN r.split = 'speaker' THEN u.speaker END AS speaker,
        CASE WHEN r.split <> 'speaker' OR u.speaker IS NULL THEN s.utterance_id END AS utterance_id
    FROM probe_splits AS s
    INNER JOIN probe_runs AS r ON s.probe = r.probe
    LEFT JOIN utterances AS u ON s.utterance_id = u.utterance_id
)
SELECT
    probe,
    seed,
    speaker,
    utterance_id,
    count(*) FILTER (WHERE part = 'train') AS n_train,
    count(*) FILTER (WHERE part = 'test') AS n_test
FROM parts
GROUP BY probe, seed, speaker, utterance_id
HAVING n_train > 0 AND n_test > 0
