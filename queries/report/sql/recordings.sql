-- Recordings: which corpora each model has heard.
-- Columns:
--   utterances: that the model has heard
--   of_utterances: that the corpus has
--   frames: that the model gave
SELECT
    m.model,
    u.corpus,
    count(m.utterance_id) AS utterances,
    (SELECT count(*) FROM utterances AS v WHERE v.corpus = u.corpus) AS of_utterances,
    CAST(sum(m.n_frames) AS BIGINT) AS frames
FROM recordings AS m
INNER JOIN utterances AS u ON m.utterance_id = u.utterance_id
WHERE $of_models AND $of_corpora
GROUP BY m.model, u.corpus
ORDER BY m.model, u.corpus
