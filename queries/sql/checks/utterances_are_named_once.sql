-- Every utterance has a number of its own, and a name of its own in its corpus.
-- Grain: (corpus, utterance, utterance_id) that is not alone.
-- Columns:
--   corpus: name of the corpus
--   utterance: name of the utterance
--   utterance_id: number of the utterance
--   with_name: utterances of the corpus that have the name
--   with_number: utterances of the warehouse that have the number
SELECT
    corpus,
    utterance,
    utterance_id,
    count(*) OVER (PARTITION BY corpus, utterance) AS with_name,
    count(*) OVER (PARTITION BY utterance_id) AS with_number
FROM utterances
QUALIFY with_name > 1 OR with_number > 1
