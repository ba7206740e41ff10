-- The phones that a reading of the frames counts, property by property; what has no phone, '*', always does.
-- Grain: (property, phone).
-- Paper: [A] §3.2, §4.1; docs/method.md.
-- Parameters: p_frames
SELECT property, phone FROM property_phones WHERE counts OR p_frames = 'reference'
UNION
SELECT property, '*' AS phone FROM properties
