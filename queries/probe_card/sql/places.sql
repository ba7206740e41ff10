-- Where the minimal sets of a probe lie, layer by layer, beside the share that lots would give.
SELECT
    layer,
    max(n) FILTER (choice = 'smallest') AS smallest_n,
    max(share) FILTER (choice = 'smallest') AS smallest_share,
    max(n) FILTER (choice = 'paper') AS paper_n,
    max(share) FILTER (choice = 'paper') AS paper_share,
    any_value(by_chance) AS by_chance
FROM probe_localisation(p_probe := $probe)
GROUP BY layer
ORDER BY layer
