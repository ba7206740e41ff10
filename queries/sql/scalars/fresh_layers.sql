-- The layers that a question counts from the activations, each with the two sets of cells that are counted apart.
--
-- A layer 0 that does not exist stands in where there is none.
-- Parameters: p_model, p_layer, p_lambda, p_where
list_concat(
    [{'model': '', 'layer': 0, 'n_neurons': 1, 'top_k': 1, 'cells': 'first_cells'}],
    flatten(list_transform(
        list_filter(
            recorded_layers(),
            lambda site: (p_model IS NULL OR site['model'] = p_model)
            AND (p_layer IS NULL OR site['layer'] = CAST(p_layer AS INTEGER))
            AND (p_where IS NOT NULL OR CAST(p_lambda AS DOUBLE) <> recorded_lambda(site['model']))
        ),
        lambda site: list_transform(['first_cells', 'other_cells'], lambda cells: struct_insert(site, cells := cells))
    ))
)
