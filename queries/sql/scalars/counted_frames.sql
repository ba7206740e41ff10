-- The one of three counts that a reading of the frames asks for.
-- Paper: [A] §3.2 ('all'); the authors' released code ('reference').
-- Parameters: p_frames, p_n, p_n_middle, p_n_reference
CASE p_frames WHEN 'all' THEN p_n WHEN 'middle' THEN p_n_middle ELSE p_n_reference END
