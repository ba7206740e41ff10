-- How much there is to test: frames that count, times layers.
SELECT CAST(max(n_frames) AS BIGINT) * (SELECT count(*) FROM layers AS m WHERE $of_models) AS n
FROM (SELECT grid, property, sum(n_frames) AS n_frames FROM $counted_cells GROUP BY grid, property)
