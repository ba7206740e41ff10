-- Utterances that were left out, and why.
SELECT m.model, m.corpus, r.rejected.utterance, r.rejected.reason
FROM ingests AS m, unnest(m.rejected) AS r (rejected)
WHERE $of_models
ORDER BY ALL
