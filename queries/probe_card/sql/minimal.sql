-- The minimal sets of a probe: the one that the paper takes, and the smallest.
SELECT layer, n_features, oracle, paper_share, paper_n, paper_accuracy, smallest_share, smallest_n, smallest_accuracy
FROM minimal_sets(p_probe := $probe)
ORDER BY layer NULLS LAST
