/* SPDX-License-Identifier: Apache-2.0 */
/* Runs nodes on the host in double precision, by the ops' definitions: for folding, and as the tests' reference. */
#include <string.h>

#include "graph/graph.h"
#include "op/rig.h"

static oc_status load_tensor(const oc_graph *graph, const oc_value *value, double **out, oc_error *err) {
    int64_t count = oc_shape_count(&value->shape);
    *out = oc__alloc_array(graph->context, (size_t)OC_MAX(count, 1), sizeof(**out));
    if (!*out)
        return oc__fail_memory(graph->context, err, (size_t)count * sizeof(**out));
    for (int64_t i = 0; i < count; i++)
        (*out)[i] = oc__element_get(value->dtype, oc_tensor_get_data(value->data), i);
    return OC_OK;
}

void oc__node_problem(const oc_node *node, oc__desc *descs, oc__problem *out) {
    *out = (oc__problem){.op = node->op, .params = node->params, .in_count = node->in_count, .out_count = node->out_count,
                         .in = descs, .out = descs + node->in_count, .op_in = node->op_in, .pre = node->pre, .post = node->post};
    for (int i = 0; i < node->in_count; i++)
        descs[i] = node->in[i] ? oc__desc_plain(node->in[i]->dtype, &node->in[i]->shape) : (oc__desc){0};
    for (int i = 0; i < node->out_count; i++)
        descs[node->in_count + i] = oc__desc_plain(node->out[i]->dtype, &node->out[i]->shape);
}

oc_status oc__interpret_node(const oc_node *node, double **values, oc_error *err) {
    const oc_graph *graph = node->graph;
    if (!node->op->host)
        return oc__fail(graph->context, err, OC_ERROR_UNSUPPORTED, "%s has no definition on the host", node->op->name);
    size_t operands = (size_t)(node->in_count + node->out_count);
    oc__desc *descs = oc__alloc_array(graph->context, operands, sizeof(*descs));
    double **arrays = oc__alloc_array(graph->context, operands, sizeof(*arrays));
    oc_status status = descs && arrays ? OC_OK : oc__fail_memory(graph->context, err, operands * sizeof(*descs));
    oc__problem problem;
    if (status == OC_OK)
        oc__node_problem(node, descs, &problem);
    for (int i = 0; status == OC_OK && i < node->in_count; i++)
        arrays[i] = node->in[i] ? values[node->in[i]->id] : NULL;
    for (int i = 0; status == OC_OK && i < node->out_count; i++) {
        int64_t count = oc_shape_count(&node->out[i]->shape);
        double *array = oc__alloc_array(graph->context, (size_t)OC_MAX(count, 1), sizeof(double));
        values[node->out[i]->id] = arrays[node->in_count + i] = array;
        if (!array)
            status = oc__fail_memory(graph->context, err, (size_t)count * sizeof(double));
    }
    if (status == OC_OK)
        status = node->op->host(graph->context, &problem, (const double *const *)arrays, arrays + node->in_count, err);
    oc__free(graph->context, descs);
    oc__free(graph->context, arrays);
    return status;
}

oc_status oc__graph_interpret(const oc_graph *graph, double **values, oc_error *err) {
    for (size_t i = 0; i < graph->value_count; i++) {
        const oc_value *value = graph->values[i];
        if (value->kind == OC_VALUE_CONSTANT)
            OC_TRY(load_tensor(graph, value, &values[i], err));
        else if (value->kind != OC_VALUE_NODE && !values[i])
            return oc__fail(graph->context, err, OC_ERROR_INVALID, "%s is not given", value->name);
    }
    for (size_t i = 0; i < graph->node_count; i++)
        OC_TRY(oc__interpret_node(graph->nodes[i], values, err));
    return OC_OK;
}

void oc__graph_interpret_finish(const oc_graph *graph, double **values) {
    for (size_t i = 0; i < graph->value_count; i++) {
        const oc_value *value = graph->values[i];
        if (value->kind == OC_VALUE_CONSTANT || value->kind == OC_VALUE_NODE) {
            oc__free(graph->context, values[i]);
            values[i] = NULL;
        }
    }
}
