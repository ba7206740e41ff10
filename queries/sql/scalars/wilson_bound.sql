-- Wilson score bound of a probability that was estimated from n_active of n_frames: lower at -z, upper at +z.
-- At z = 0 it is the estimate itself.
-- Parameters: p_n_active, p_n_frames, p_signed_z
greatest(0.0, least(1.0,
    (
        p_n_active / p_n_frames
        + p_signed_z * p_signed_z / (2 * p_n_frames)
        + p_signed_z * sqrt(
            p_n_active / p_n_frames * (1 - p_n_active / p_n_frames) / p_n_frames
            + p_signed_z * p_signed_z / (4 * CAST(p_n_frames AS DOUBLE) * p_n_frames)
        )
    ) / (1 + p_signed_z * p_signed_z / p_n_frames)
))
