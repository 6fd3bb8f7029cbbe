/* SPDX-License-Identifier: Apache-2.0 */
/* Values that follow from constants and from inputs whose contents were given with the model: computed on the host, by the ops'
 * definitions, where a rule has to see them. */
#include <string.h>

#include "graph/graph.h"
#include "onnx/reader.h"
#include "op/rig.h"

#define MAX_ELEMENTS (1 << 22) /* of all values together */

typedef struct evaluation {
    oc__onnx_reader *reader;
    const oc_graph *graph;
    double **values;
    bool *needed;
    int64_t total;
} evaluation;

const oc_tensor *oc__onnx_given_find(const oc__onnx_reader *reader, const char *name) {
    for (size_t i = 0; name != NULL && i < reader->given_count; i++)
        if (strcmp(reader->given[i].name, name) == 0)
            return reader->given[i].tensor;
    return NULL;
}

static const oc_tensor *source_of(const evaluation *e, const oc_value *value) {
    if (value->kind == OC_VALUE_CONSTANT || (value->kind == OC_VALUE_STATE && value->update == NULL && value->data != NULL &&
                                             value->init.frozen))
        return value->data;
    return value->kind == OC_VALUE_INPUT ? oc__onnx_given_find(e->reader, value->name) : NULL;
}

static bool only_shape(const oc_node *node, int operand) {
    return oc__is_shape_only(node->op, node->in_count, operand);
}

/* Marks what a value is computed from; false where that is not known. */
static bool mark(evaluation *e, const oc_value *value) {
    e->needed[value->id] = true;
    for (size_t i = e->graph->value_count; i-- > 0;) {
        const oc_value *v = e->graph->values[i];
        int64_t count = oc_shape_count(&v->shape);
        if (!e->needed[i])
            continue;
        e->total += count;
        if (count < 0 || e->total > MAX_ELEMENTS)
            return false;
        if (v->kind != OC_VALUE_NODE) {
            if (source_of(e, v) == NULL)
                return false;
            continue;
        }
        const oc_node *node = v->producer;
        if (node->op->host == NULL || (node->op->flags & OC_OP_RANDOM) != 0)
            return false;
        for (int k = 0; k < node->in_count; k++)
            if (node->in[k] != NULL && !only_shape(node, k))
                e->needed[node->in[k]->id] = true;
    }
    return true;
}

static oc_status load_sources(evaluation *e, oc_error *err) {
    for (size_t i = 0; i < e->graph->value_count; i++) {
        const oc_value *v = e->graph->values[i];
        if (!e->needed[i] || v->kind == OC_VALUE_NODE)
            continue;
        const oc_tensor *tensor = source_of(e, v);
        int64_t count = oc_tensor_get_count(tensor);
        e->values[i] = oc__alloc_array(e->graph->context, (size_t)OC_MAX(count, 1), sizeof(double));
        if (e->values[i] == NULL)
            return oc__fail_memory(e->graph->context, err, (size_t)count * sizeof(double));
        for (int64_t k = 0; k < count; k++)
            e->values[i][k] = oc__element_get(v->dtype, oc_tensor_get_data(tensor), k);
    }
    return OC_OK;
}

static oc_status run_nodes(evaluation *e, oc_error *err) {
    for (size_t i = 0; i < e->graph->node_count; i++) {
        const oc_node *node = e->graph->nodes[i];
        bool needed = false;
        for (int k = 0; k < node->out_count; k++)
            needed |= e->needed[node->out[k]->id];
        if (needed)
            OC_TRY(oc__interpret_node(node, e->values, err));
    }
    return OC_OK;
}

static oc_status take(const evaluation *e, const oc_value *value, oc_tensor **out, oc_error *err) {
    OC_TRY(oc_tensor_create(out, e->graph->context, NULL, value->dtype, &value->shape, err));
    for (int64_t k = 0; k < oc_tensor_get_count(*out); k++)
        oc__element_set(value->dtype, oc_tensor_get_data(*out), k, e->values[value->id][k]);
    return OC_OK;
}

oc_status oc__onnx_evaluate(oc__onnx_reader *reader, const oc_value *value, oc_tensor **out, oc_error *err) {
    const oc_graph *graph = reader->graph;
    evaluation e = {.reader = reader, .graph = graph};
    *out = NULL;
    e.values = oc__alloc_array(reader->context, graph->value_count, sizeof(*e.values));
    e.needed = oc__alloc_array(reader->context, graph->value_count, sizeof(*e.needed));
    oc_status status = e.values == NULL || e.needed == NULL ? oc__fail_memory(reader->context, err, graph->value_count) : OC_OK;
    if (status == OC_OK && mark(&e, value)) {
        status = load_sources(&e, err);
        if (status == OC_OK)
            status = run_nodes(&e, err);
        if (status == OC_OK)
            status = take(&e, value, out, err);
    }
    for (size_t i = 0; e.values != NULL && i < graph->value_count; i++)
        oc__free(reader->context, e.values[i]);
    oc__free(reader->context, e.values);
    oc__free(reader->context, e.needed);
    return status;
}
