-- Corpora: what was listened to.
-- Columns:
--   hours: of audio
--   speakers: that are known
--   female: speakers marked F
--   male: speakers marked M
--   inventory: phones of the declared inventory; 0 = nothing is labelled
--   labelled: utterances with phone labels
SELECT
    u.corpus,
    count(*) AS utterances,
    sum(u.duration) / 3600 AS hours,
    count(DISTINCT u.speaker) AS speakers,
    count(DISTINCT u.speaker) FILTER (WHERE u.gender = 'F') AS female,
    count(DISTINCT u.speaker) FILTER (WHERE u.gender = 'M') AS male,
    (SELECT count(*) FROM phones AS p WHERE p.corpus = u.corpus) AS inventory,
    count(*) FILTER (WHERE u.utterance_id IN (SELECT s.utterance_id FROM segments AS s WHERE s.phone <> '*')) AS labelled
FROM utterances AS u
WHERE $of_corpora
GROUP BY u.corpus
ORDER BY u.corpus
