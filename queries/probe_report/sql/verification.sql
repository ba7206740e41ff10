-- Speaker verification: equal error rates of cosines between utterances' means of all, top, random and bottom features.
-- Columns:
--   twin: equal error rate of the same number of features of the model of random weights; NULL = there was none
--   twin_sd: its standard deviation
WITH twins AS (
    SELECT probe, layer, neurons, share, avg(value) AS twin, stddev_samp(value) AS twin_sd
    FROM probe_scores
    WHERE source = 'twin' AND measure = 'eer'
    GROUP BY ALL
)

SELECT e.*, t.twin, t.twin_sd
FROM verification_errors AS e
LEFT JOIN twins AS t
    ON
        e.probe = t.probe AND e.layer IS NOT DISTINCT FROM t.layer
        AND e.neurons = t.neurons AND e.share = t.share
WHERE e.probe IN ($probes)
ORDER BY e.label, e.model, e.kind, e.probe, e.layer NULLS LAST, e.share DESC, e.neurons DESC
