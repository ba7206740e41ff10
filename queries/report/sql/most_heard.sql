-- The phones, AH first, as in the paper, and then those with the most frames.
SELECT phone, CAST(sum(n_frames) AS BIGINT) AS n_frames
FROM $counted_cells
GROUP BY phone
ORDER BY phone <> 'AH', n_frames DESC, phone
