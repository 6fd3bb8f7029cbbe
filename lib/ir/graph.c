/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ir.h"

#include <stdio.h>
#include <string.h>

oc_status oc_graph_create(oc_graph **out, oc_context *context, oc_error *err) {
    oc_graph *graph = oc__alloc(context, sizeof(*graph));
    if (!graph)
        return oc__fail_memory(context, err, sizeof(*graph));
    graph->context = context;
    graph->symbols.context = context;
    oc__arena_init(&graph->arena, context);
    *out = graph;
    return OC_OK;
}

void oc_graph_destroy(oc_graph **handle) {
    if (!handle || !*handle)
        return;
    oc_graph *graph = *handle;
    *handle = NULL;
    for (size_t i = 0; i < graph->value_count; i++)
        oc_tensor_destroy(&graph->values[i]->data);
    oc__symbols_finish(&graph->symbols);
    oc__free(graph->context, graph->values);
    oc__free(graph->context, graph->nodes);
    oc__free(graph->context, graph->inputs);
    oc__free(graph->context, graph->states);
    oc__free(graph->context, graph->outputs);
    oc__free(graph->context, graph->metadata);
    for (size_t i = 0; i < graph->kept_count; i++)
        graph->kept[i].release(graph->kept[i].object);
    oc__free(graph->context, graph->kept);
    oc__arena_finish(&graph->arena);
    oc__free(graph->context, graph);
}

bool oc__graph_keep(oc_graph *graph, void *object, void (*retain)(void *object), void (*release)(void *object)) {
    struct oc__kept kept = {object, release};
    for (size_t i = 0; i < graph->kept_count; i++)
        if (graph->kept[i].object == object)
            return true;
    if (!object)
        return true;
    if (!OC_ARRAY_PUSH(graph->context, graph->kept, graph->kept_count, graph->kept_capacity, kept))
        return false;
    retain(object);
    return true;
}

void *oc__graph_fail(oc_graph *graph, oc_error *err, oc_status status, const char *format, ...) {
    char text[sizeof(err->text)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    oc_error own = {0};
    (void)oc__fail(graph->context, &own, status, "%s", text);
    if (graph->error.status == OC_OK)
        graph->error = own;
    if (err)
        *err = own;
    return NULL;
}

void *oc__graph_pass_error(oc_graph *graph, oc_error *err) {
    if (graph->error.status == OC_OK)
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "an operand is NULL where a value was expected");
    if (err)
        *err = graph->error;
    return NULL;
}

oc_status oc_graph_check(const oc_graph *graph, oc_error *err) {
    if (graph->error.status != OC_OK && err)
        *err = graph->error;
    return graph->error.status;
}

int64_t oc_graph_symbol(oc_graph *graph, const char *name) {
    int64_t dim = oc__symbols_intern(&graph->symbols, name);
    if (dim == INT64_MIN)
        oc__graph_fail(graph, NULL, OC_ERROR_MEMORY, "out of memory for the size named %s", name);
    return dim;
}

const char *oc_graph_dim_text(oc_graph *graph, int64_t dim) {
    char buffer[24];
    return oc__arena_strdup(&graph->arena, oc__symbols_text(&graph->symbols, dim, buffer));
}

oc_value *oc__value_add(oc_graph *graph, oc__value_kind kind, const char *name, oc_dtype dtype, const oc_shape *shape) {
    oc_value *value = oc__arena_alloc(&graph->arena, sizeof(*value));
    if (!value)
        return NULL;
    *value = (oc_value){.graph = graph, .id = (int32_t)graph->value_count, .kind = kind, .dtype = dtype, .shape = *shape};
    if (name && !(value->name = oc__arena_strdup(&graph->arena, name)))
        return NULL;
    oc_context *context = graph->context;
    if (kind == OC_VALUE_INPUT &&
        !OC_ARRAY_PUSH(context, graph->inputs, graph->input_count, graph->input_capacity, value))
        return NULL;
    if (kind == OC_VALUE_STATE &&
        !OC_ARRAY_PUSH(context, graph->states, graph->state_count, graph->state_capacity, value))
        return NULL;
    return OC_ARRAY_PUSH(context, graph->values, graph->value_count, graph->value_capacity, value) ? value : NULL;
}

oc_node *oc__node_add(oc_graph *graph, const struct oc__op *op, const void *params, size_t params_size, oc_value *const *in,
                      int in_count, int out_count) {
    oc_node *node = oc__arena_alloc(&graph->arena, sizeof(*node));
    if (!node)
        return NULL;
    *node = (oc_node){.graph = graph, .id = (int32_t)graph->node_count, .op = op, .in_count = in_count, .op_in = in_count,
                      .out_count = out_count};
    node->in = oc__arena_alloc(&graph->arena, sizeof(*node->in) * (size_t)OC_MAX(in_count, 1));
    node->out = oc__arena_alloc(&graph->arena, sizeof(*node->out) * (size_t)OC_MAX(out_count, 1));
    node->params = params_size ? oc__arena_alloc(&graph->arena, params_size) : NULL;
    if (!node->in || !node->out || (params_size && !node->params))
        return NULL;
    if (in_count)
        memcpy(node->in, in, sizeof(*in) * (size_t)in_count);
    if (params_size && params)
        memcpy(node->params, params, params_size);
    return OC_ARRAY_PUSH(graph->context, graph->nodes, graph->node_count, graph->node_capacity, node) ? node : NULL;
}

static oc_value_info info_of(const oc_value *value, const char *name) {
    return (oc_value_info){.name = name, .dtype = value->dtype, .shape = value->shape,
                           .trainable = value->kind == OC_VALUE_STATE && !value->init.frozen};
}

oc_value_info oc_value_get_info(const oc_value *value) {
    return info_of(value, value->name);
}

void oc_value_set_name(oc_value *value, const char *name) {
    char *copy = oc__arena_strdup(&value->graph->arena, name);
    if (copy && value->kind == OC_VALUE_NODE) {
        value->name = copy;
        if (value->output == 0 && !value->producer->name)
            value->producer->name = copy;
    }
}

size_t oc_graph_input_count(const oc_graph *graph) {
    return graph->input_count;
}

oc_value_info oc_graph_get_input(const oc_graph *graph, size_t index) {
    return index < graph->input_count ? info_of(graph->inputs[index], graph->inputs[index]->name) : (oc_value_info){0};
}

size_t oc_graph_output_count(const oc_graph *graph) {
    return graph->output_count;
}

oc_value_info oc_graph_get_output(const oc_graph *graph, size_t index) {
    return index < graph->output_count ? info_of(graph->outputs[index].value, graph->outputs[index].name)
                                       : (oc_value_info){0};
}

size_t oc_graph_state_count(const oc_graph *graph) {
    return graph->state_count;
}

oc_value_info oc_graph_get_state(const oc_graph *graph, size_t index) {
    return index < graph->state_count ? info_of(graph->states[index], graph->states[index]->name) : (oc_value_info){0};
}

static oc_value *find_in(oc_value *const *values, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (values[i]->name && !strcmp(values[i]->name, name))
            return values[i];
    return NULL;
}

oc_value *oc_graph_find(const oc_graph *graph, const char *name) {
    oc_value *value = find_in(graph->inputs, graph->input_count, name);
    if (!value)
        value = find_in(graph->states, graph->state_count, name);
    for (size_t i = 0; !value && i < graph->output_count; i++)
        if (!strcmp(graph->outputs[i].name, name))
            value = graph->outputs[i].value;
    for (size_t i = 0; !value && i < graph->node_count; i++)
        value = find_in(graph->nodes[i]->out, (size_t)graph->nodes[i]->out_count, name);
    return value;
}

const char *oc_graph_get_metadata(const oc_graph *graph, const char *key) {
    for (size_t i = 0; i < graph->metadata_count; i++)
        if (!strcmp(graph->metadata[i].key, key))
            return graph->metadata[i].text;
    return NULL;
}

const char *oc_graph_metadata_key(const oc_graph *graph, size_t index) {
    return index < graph->metadata_count ? graph->metadata[index].key : NULL;
}

oc_status oc_graph_set_metadata(oc_graph *graph, const char *key, const char *text, oc_error *err) {
    size_t i = 0;
    while (i < graph->metadata_count && strcmp(graph->metadata[i].key, key))
        i++;
    if (!text) {
        if (i < graph->metadata_count)
            graph->metadata[i] = graph->metadata[--graph->metadata_count];
        return OC_OK;
    }
    struct oc__text_pair pair = {oc__arena_strdup(&graph->arena, key), oc__arena_strdup(&graph->arena, text)};
    if (!pair.key || !pair.text)
        return oc__fail_memory(graph->context, err, strlen(text));
    if (i < graph->metadata_count)
        graph->metadata[i] = pair;
    else if (!OC_ARRAY_PUSH(graph->context, graph->metadata, graph->metadata_count, graph->metadata_capacity, pair))
        return oc__fail_memory(graph->context, err, sizeof(pair));
    return OC_OK;
}
