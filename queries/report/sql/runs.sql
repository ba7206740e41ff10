-- Runs: when the models listened, and with which settings.
-- Columns:
--   started: UTC
--   finished: UTC; nothing = it was interrupted, or goes on
--   threads: of torch; recorded ranks are exact at the same number
--   rejected: utterances that were left out
--   versions: of the software
SELECT m.started, m.finished, m.model, m.corpus, m.threads, len(m.rejected) AS rejected, m.settings, m.versions
FROM ingests AS m
WHERE $of_models
ORDER BY m.started
