-- Every run of equal phones has one middle frame, floor((first + last) / 2), and the last run alone is marked as such.
-- Grain: (hop_us, offset_us, window_us, utterance_id, first) of a run that is marked wrongly.
-- Paper: the authors' released code; docs/method.md.
-- Columns:
--   hop_us: distance between two frames of the grid, microseconds
--   offset_us: centre of frame 0, microseconds
--   window_us: span of audio that a frame needs, microseconds
--   utterance_id: number of the utterance
--   first: first frame of the run
--   last: last frame of the run
--   n_middle: frames marked as its middle
--   middle: the frame so marked, or one of them
--   n_last_run: frames marked as of the last run
WITH begun AS (
    SELECT *, coalesce(phone <> lag(phone) OVER w, true) AS begins
    FROM frames
    WHERE hop_us > 0
    WINDOW w AS (PARTITION BY hop_us, offset_us, window_us, utterance_id ORDER BY frame)
),
numbered AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER w AS run
    FROM begun
    WINDOW w AS (
        PARTITION BY hop_us, offset_us, window_us, utterance_id ORDER BY frame ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
runs AS (
    SELECT
        hop_us,
        offset_us,
        window_us,
        utterance_id,
        run,
        min(frame) AS "first",
        max(frame) AS "last",
        count(*) AS n,
        count(*) FILTER (WHERE is_middle) AS n_middle,
        min(frame) FILTER (WHERE is_middle) AS middle,
        count(*) FILTER (WHERE is_last_run) AS n_last_run
    FROM numbered
    GROUP BY hop_us, offset_us, window_us, utterance_id, run
)
SELECT hop_us, offset_us, window_us, utterance_id, "first", "last", n_middle, middle, n_last_run
FROM runs
QUALIFY
    n_middle <> 1
    OR middle <> ("first" + "last") // 2
    OR n_last_run <> CASE WHEN run = max(run) OVER (PARTITION BY hop_us, offset_us, window_us, utterance_id) THEN n ELSE 0 END
