/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs, constants, states, outputs, updates: what a graph begins and ends with. */
#include <string.h>

#include "ir/ir.h"
#include "tensor/tensor.h"

static oc_status check_shape(oc_graph *graph, const char *what, const char *name, oc_dtype dtype, const oc_shape *shape,
                             bool numbers, oc_error *err) {
    if (!oc_dtype_size(dtype))
        return oc__fail(graph->context, err, OC_ERROR_INVALID, "%s %s: %d is no element type", what, name, (int)dtype);
    if (shape->rank < 0 || shape->rank > OC_MAX_RANK)
        return oc__fail(graph->context, err, OC_ERROR_SHAPE, "%s %s: %d axes; 0 to %d are possible", what, name, shape->rank,
                        OC_MAX_RANK);
    for (int i = 0; i < shape->rank; i++)
        if (shape->dims[i] < 0 && (numbers || (uint64_t)(-1 - shape->dims[i]) >= graph->symbols.count))
            return oc__fail(graph->context, err, OC_ERROR_SHAPE, "%s %s: axis %d has the size %lld, which is no number%s", what,
                            name, i, (long long)shape->dims[i], numbers ? "" : " and no symbol of this graph");
    return OC_OK;
}

static oc_value *named_value(oc_graph *graph, oc__value_kind kind, const char *name, oc_dtype dtype, const oc_shape *shape,
                             oc_error *err) {
    const char *what = kind == OC_VALUE_INPUT ? "input" : "state";
    if (!name || !*name)
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "an %s needs a name", what);
    for (size_t i = 0; i < graph->input_count + graph->state_count; i++) {
        const oc_value *other = i < graph->input_count ? graph->inputs[i] : graph->states[i - graph->input_count];
        if (!strcmp(other->name, name))
            return oc__graph_fail(graph, err, OC_ERROR_INVALID, "%s %s: there is an input or state of this name already", what,
                                  name);
    }
    oc_error own;
    if (check_shape(graph, what, name, dtype, shape, kind == OC_VALUE_STATE, &own) != OC_OK)
        return oc__graph_fail(graph, err, own.status, "%s", own.text);
    oc_value *value = oc__value_add(graph, kind, name, dtype, shape);
    return value ? value : oc__graph_fail(graph, err, OC_ERROR_MEMORY, "out of memory for %s %s", what, name);
}

oc_value *oc_graph_input(oc_graph *graph, const char *name, oc_dtype dtype, const oc_shape *shape, oc_error *err) {
    return named_value(graph, OC_VALUE_INPUT, name, dtype, shape, err);
}

oc_value *oc_graph_state(oc_graph *graph, const char *name, oc_dtype dtype, const oc_shape *shape, const oc_init *init,
                         oc_error *err) {
    oc_value *value = named_value(graph, OC_VALUE_STATE, name, dtype, shape, err);
    if (value && init)
        value->init = *init;
    return value;
}

/* A dense host copy of a tensor. */
static oc_tensor *copy_tensor(oc_graph *graph, const oc_tensor *tensor, oc_error *err) {
    oc_tensor *copy = NULL;
    oc_error own;
    if (oc_tensor_create(&copy, graph->context, NULL, oc_tensor_get_dtype(tensor), oc_tensor_get_shape(tensor), &own) != OC_OK ||
        oc_tensor_copy(copy, tensor, &own) != OC_OK) {
        oc_tensor_destroy(&copy);
        return oc__graph_fail(graph, err, own.status, "%s", own.text);
    }
    return copy;
}

oc_value *oc_graph_state_tensor(oc_graph *graph, const char *name, const oc_tensor *tensor, bool frozen, oc_error *err) {
    oc_tensor *data = copy_tensor(graph, tensor, err);
    if (!data)
        return NULL;
    oc_value *value = named_value(graph, OC_VALUE_STATE, name, oc_tensor_get_dtype(tensor), oc_tensor_get_shape(tensor), err);
    if (!value) {
        oc_tensor_destroy(&data);
        return NULL;
    }
    value->data = data;
    value->init.frozen = frozen;
    return value;
}

oc_value *oc_graph_constant(oc_graph *graph, const char *name, const oc_tensor *tensor, oc_error *err) {
    oc_tensor *data = copy_tensor(graph, tensor, err);
    if (!data)
        return NULL;
    oc_value *value = oc__value_add(graph, OC_VALUE_CONSTANT, name, oc_tensor_get_dtype(tensor), oc_tensor_get_shape(tensor));
    if (!value) {
        oc_tensor_destroy(&data);
        return oc__graph_fail(graph, err, OC_ERROR_MEMORY, "out of memory for a constant");
    }
    value->data = data;
    return value;
}

oc_value *oc_graph_scalar(oc_graph *graph, oc_dtype dtype, double value, oc_error *err) {
    int64_t memory[1] = {0};
    oc_tensor *tensor = NULL;
    oc_error own;
    if (oc_tensor_wrap(&tensor, graph->context, dtype, &OC_SCALAR, memory, &own) != OC_OK)
        return oc__graph_fail(graph, err, own.status, "%s", own.text);
    oc__element_set(dtype, memory, 0, value);
    oc_value *result = oc_graph_constant(graph, NULL, tensor, err);
    oc_tensor_destroy(&tensor);
    return result;
}

oc_status oc_graph_output(oc_graph *graph, const char *name, oc_value *value, oc_error *err) {
    if (!value) {
        oc__graph_pass_error(graph, err);
        return graph->error.status;
    }
    for (size_t i = 0; i < graph->output_count; i++) {
        if (!strcmp(graph->outputs[i].name, name)) {
            oc__graph_fail(graph, err, OC_ERROR_INVALID, "output %s: there is an output of this name already", name);
            return OC_ERROR_INVALID;
        }
    }
    oc__named output = {oc__arena_strdup(&graph->arena, name), value};
    if (!output.name ||
        !OC_ARRAY_PUSH(graph->context, graph->outputs, graph->output_count, graph->output_capacity, output))
        return oc__fail_memory(graph->context, err, sizeof(output));
    return OC_OK;
}

oc_status oc_graph_update(oc_graph *graph, oc_value *state, oc_value *value, oc_error *err) {
    if (!state || !value) {
        oc__graph_pass_error(graph, err);
        return graph->error.status;
    }
    const char *why = NULL;
    if (state->kind != OC_VALUE_STATE)
        why = "only a state can be updated";
    else if (state->update)
        why = "it is updated already";
    else if (state->dtype != value->dtype || !oc_shape_equal(&state->shape, &value->shape))
        why = "its next value must have its type and shape";
    if (!why) {
        state->update = value;
        return OC_OK;
    }
    oc__graph_fail(graph, err, OC_ERROR_INVALID, "update of %s: %s", state->name ? state->name : "a value", why);
    return OC_ERROR_INVALID;
}

size_t oc_graph_freeze(oc_graph *graph, const char *pattern) {
    size_t count = 0;
    for (size_t i = 0; i < graph->state_count; i++) {
        bool named = oc__matches(pattern, graph->states[i]->name);
        count += named;
        graph->states[i]->init.frozen |= named;
    }
    return count;
}
