-- The most neurons that a recorded layer of those asked for has; NULL where nothing was recorded.
-- Parameters: p_of_model, p_of_layer
list_max(list_transform(
    list_filter(
        recorded_layers(),
        lambda site: (p_of_model IS NULL OR site['model'] = p_of_model)
        AND (p_of_layer IS NULL OR site['layer'] = CAST(p_of_layer AS INTEGER))
    ),
    lambda site: site['n_neurons']
))
