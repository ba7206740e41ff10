-- What a probe reaches that is trained anew on a share of the features, by which features these are.
SELECT
    layer,
    share,
    max(n_features) AS n_features,
    avg(value) FILTER (neurons = 'top') AS top,
    avg(value) FILTER (neurons = 'random') AS random,
    avg(value) FILTER (neurons = 'bottom') AS bottom
FROM probe_scores
WHERE
    probe = $probe
    AND treatment = 'retrained'
    AND architecture = 'linear'
    AND measure = 'accuracy'
    AND source = 'model'
    AND labels = 'true'
    AND by_column IS NULL
GROUP BY layer, share
ORDER BY layer NULLS LAST, share
