-- Two models that a question compares, checked: true, or an error that lists the others that there are.
-- Parameters: p_model, p_other
CASE
    WHEN p_other IS NOT NULL AND NOT list_contains(known_models(), p_other)
        THEN error(none_such('p_other', p_other, known_models()))
    WHEN p_other = p_model
        THEN error(
            'p_other: ' || p_other || ' is p_model itself; ' || CASE
                WHEN len(known_models()) < 2 THEN 'there is no other model'
                ELSE 'there are: ' || array_to_string(
                    list_sort(list_filter(known_models(), lambda model: model <> p_model)), ', '
                )
            END
        )
    ELSE true
END
