-- Whether a reading counts a frame: every frame, the middle of a run of equal phones, or that without the last run.
-- Paper: [A] §3.2 ('all'); the authors' released code ('reference').
-- Parameters: p_frames, p_is_middle, p_is_last_run
CASE p_frames WHEN 'all' THEN true WHEN 'middle' THEN p_is_middle ELSE p_is_middle AND NOT p_is_last_run END
