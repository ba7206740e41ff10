-- The probe that a question about feed-forward neurons names, checked: true, or an error that says what it is instead.
-- Parameters: p_probe
CASE kind_of_probe(p_probe)
    WHEN 'block'
        THEN error('p_probe: ' || p_probe || ' is a probe of block outputs, which are no neurons; probe with --kind ffn')
    WHEN 'verification'
        THEN error('p_probe: ' || p_probe || ' is a run of verification, which has no minimal set; probe with --kind ffn')
    ELSE true
END
