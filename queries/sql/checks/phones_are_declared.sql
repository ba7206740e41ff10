-- Every phone of a frame is in its corpus's inventory, or silence, spoken noise, or '*' where nothing is labelled.
-- Grain: (corpus, phone) that is not.
-- Columns:
--   corpus: name of the corpus
--   phone: phone
--   n_frames: frames that have it
WITH used AS (
    SELECT u.corpus, f.phone, count(*) AS n_frames
    FROM frames AS f
    INNER JOIN utterances AS u ON f.utterance_id = u.utterance_id
    GROUP BY u.corpus, f.phone
)
SELECT u.corpus, u.phone, u.n_frames
FROM used AS u
ANTI JOIN phones AS p ON u.corpus = p.corpus AND u.phone = p.phone
WHERE coalesce(u.phone, 'NULL') NOT IN ('', 'spn', '*')
