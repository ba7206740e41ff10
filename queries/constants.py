"""Scalar macros that say what a snapshot holds, so that a plan knows it without reading anything.

DuckDB folds them when it plans: a branch of a view that the constants rule out costs nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from queries.facts import Layer, SurfaceFacts
from warehouse.grid import Grid
from warehouse.properties import quote, sql_list


def constants(facts: SurfaceFacts) -> Iterator[tuple[str, str]]:
    """Signatures of the macros, and their expressions."""
    models = list(facts.lambdas)
    yield "known_models()", _names(models)
    yield "known_corpora()", _names(facts.corpora)
    yield "known_properties()", _names(prop.name for prop in facts.properties)
    yield "most_labels()", str(facts.n_frames * max(1, len(facts.properties)))
    yield "only_model()", quote(models[0]) if len(models) == 1 else "CAST(NULL AS VARCHAR)"

    numbers = {model: sorted(x.layer for x in facts.layers if x.model == model) for model in models}
    every = sorted({layer.layer for layer in facts.layers})
    yield (
        "known_layers(p_of_model)",
        _by_model({m: _list(n, "INTEGER") for m, n in numbers.items()}, _list(every, "INTEGER")),
    )

    yield "recorded_corpora(p_of_model)", _by_model({m: _names(found) for m, found in facts.recorded.items()}, None)

    lambdas = {model: _list([value], "DOUBLE") for model, value in facts.lambdas.items()}
    distinct = sorted(set(facts.lambdas.values()))
    yield "known_lambdas(p_of_model)", _by_model(lambdas, _list(distinct, "DOUBLE"))
    recorded = {model: _double(value) for model, value in facts.lambdas.items()}
    yield "recorded_lambda(p_of_model)", _by_model(recorded)
    listed = {model: quote(f"{value:.10g} ({model})") for model, value in facts.lambdas.items()}
    everything = quote(", ".join(f"{value:.10g} ({model})" for model, value in facts.lambdas.items()))
    yield "recorded_lambdas(p_of_model)", _by_model(listed, everything)
    yield "least_lambda(p_of_model)", _by_model(recorded, _double(distinct[0]) if distinct else "CAST(NULL AS DOUBLE)")

    sites = (
        f"{{'model': {quote(x.model)}, 'layer': {x.layer}, 'n_neurons': {x.n_neurons}, 'top_k': {x.top_k}}}"
        for x in facts.layers
    )
    yield (
        "recorded_layers()",
        f"CAST([{', '.join(sites)}] AS STRUCT(model VARCHAR, layer INTEGER, n_neurons INTEGER, top_k INTEGER)[])",
    )
    yield "layer_width(p_of_model, p_of_layer)", _by_layer(facts, lambda layer: layer.n_neurons)
    yield "layer_top_k(p_of_model, p_of_layer)", _by_layer(facts, lambda layer: layer.top_k)

    grids = facts.grids or tuple(sorted({layer.grid for layer in facts.layers}))
    yield "grid_number(p_hop_us, p_offset_us, p_window_us)", _grid_number(grids)
    pooled = f"p_grid = {grids.index(Grid.UTTERANCE)}" if Grid.UTTERANCE in grids else "false"
    yield "is_utterance_grid(p_grid)", pooled
    yield "layer_grid(p_of_model, p_of_layer)", _by_layer(facts, lambda layer: grids.index(layer.grid))

    yield "known_probes()", _names(probe.probe for probe in facts.probes)
    yield "known_labels()", _names(sorted({probe.label for probe in facts.probes}))
    yield "model_of_probe(p_of_probe)", _chosen("p_of_probe", {x.probe: quote(x.model) for x in facts.probes}, None)
    kinds = {x.probe: quote(x.kind if x.task == "classification" else x.task) for x in facts.probes}
    yield "kind_of_probe(p_of_probe)", _chosen("p_of_probe", kinds, None)

    one_corpus = all(len(found) <= 1 for found in facts.recorded.values())
    whole = str(all(prop.name in facts.sums for prop in facts.properties)).lower()
    yield (
        "counts_are_sums(p_of_corpus, p_of_property)",
        f"({str(one_corpus).lower()} OR p_of_corpus IS NOT NULL) AND CASE WHEN p_of_property IS NULL "
        f"THEN {whole} ELSE list_contains({_names(sorted(facts.sums))}, p_of_property) END",
    )


def _names(names: Iterable[str]) -> str:
    return f"CAST({sql_list(names)} AS VARCHAR[])"


def _list(values: Iterable[float], kind: str) -> str:
    return f"CAST([{', '.join(map(repr, values))}] AS {kind}[])"


def _double(value: float) -> str:
    return f"CAST('{value!r}' AS DOUBLE)"


def _grid_number(grids: Sequence[Grid]) -> str:
    """Expression that gives the number of a grid; a constant where there is but one."""
    if len(grids) <= 1:
        return "0"
    cases = " ".join(
        f"WHEN p_hop_us = {g.hop_us} AND p_offset_us = {g.offset_us} AND p_window_us = {g.window_us} THEN {number}"
        for number, g in enumerate(grids)
    )
    return f"CASE {cases} END"


def _by_model(values: Mapping[str, str], otherwise: str | None = None) -> str:
    """Expression that chooses by ``p_of_model``, or a constant where there is nothing to choose."""
    distinct = {*values.values(), otherwise or next(iter(values.values()), "NULL")}
    return distinct.pop() if len(distinct) == 1 else _chosen("p_of_model", values, otherwise)


def _chosen(parameter: str, values: Mapping[str, str], otherwise: str | None) -> str:
    """Expression that chooses by a parameter."""
    if not values:
        return f"CAST({otherwise or 'NULL'} AS VARCHAR)"
    cases = " ".join(f"WHEN {quote(name)} THEN {value}" for name, value in values.items())
    return f"CASE {parameter} {cases} ELSE {otherwise or 'NULL'} END"


def _by_layer(facts: SurfaceFacts, value: Callable[[Layer], int]) -> str:
    """Expression that chooses by ``p_of_model`` and ``p_of_layer``, or a constant where all layers are alike."""
    models: dict[str, dict[int, list[int]]] = {}
    for layer in facts.layers:
        models.setdefault(layer.model, {}).setdefault(value(layer), []).append(layer.layer)
    chosen = {}
    for model, found in models.items():
        cases = " ".join(f"WHEN p_of_layer IN ({', '.join(map(str, layers))}) THEN {n}" for n, layers in found.items())
        chosen[model] = f"CASE {cases} END" if len(found) > 1 else str(next(iter(found)))
    return _by_model(chosen)
