/* SPDX-License-Identifier: Apache-2.0 */
/* Computes nodes of constants at once, on the host: shape arithmetic, scalars. Large results are left to the device. */
#include "graph/graph.h"
#include "op/rig.h"

#define LARGEST_FOLDED 65536

static bool can_fold(const oc_node *node) {
    if (!node->op->host || (node->op->flags & OC_OP_RANDOM) || node->in_count == 0)
        return false;
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] && node->in[i]->kind != OC_VALUE_CONSTANT)
            return false;
    for (int i = 0; i < node->out_count; i++)
        if (oc_shape_count(&node->out[i]->shape) > LARGEST_FOLDED)
            return false;
    return true;
}

static oc_status make_constant(oc_graph *graph, oc_value *value, const double *elements, oc_error *err) {
    oc_tensor *tensor = NULL;
    OC_TRY(oc_tensor_create(&tensor, graph->context, NULL, value->dtype, &value->shape, err));
    for (int64_t i = 0; i < oc_tensor_get_count(tensor); i++)
        oc__element_set(value->dtype, oc_tensor_get_data(tensor), i, elements[i]);
    oc_value *constant = oc_graph_constant(graph, value->name, tensor, err);
    oc_tensor_destroy(&tensor);
    if (!constant)
        return graph->error.status;
    oc__replace_uses(graph, value, constant);
    return OC_OK;
}

static oc_status fold_node(oc_graph *graph, const oc_node *node, oc_error *err) {
    size_t count = graph->value_count;
    double **values = oc__alloc_array(graph->context, count, sizeof(*values));
    if (!values)
        return oc__fail_memory(graph->context, err, count * sizeof(*values));
    oc_status status = OC_OK;
    for (int i = 0; status == OC_OK && i < node->in_count; i++) {
        const oc_value *in = node->in[i];
        if (!in || values[in->id])
            continue;
        int64_t elements = oc_shape_count(&in->shape);
        values[in->id] = oc__alloc_array(graph->context, (size_t)OC_MAX(elements, 1), sizeof(double));
        if (!values[in->id])
            status = oc__fail_memory(graph->context, err, (size_t)elements * sizeof(double));
        for (int64_t k = 0; status == OC_OK && k < elements; k++)
            values[in->id][k] = oc__element_get(in->dtype, oc_tensor_get_data(in->data), k);
    }
    oc__pass_note(graph, node, "has constants for operands: it is computed now");
    if (status == OC_OK)
        status = oc__interpret_node(node, values, err);
    for (int i = 0; status == OC_OK && i < node->out_count; i++)
        status = make_constant(graph, node->out[i], values[node->out[i]->id], err);
    for (size_t i = 0; i < count; i++)
        oc__free(graph->context, values[i]);
    oc__free(graph->context, values);
    return status;
}

oc_status oc__pass_fold(oc_graph *graph, oc_error *err) {
    size_t nodes = graph->node_count;
    for (size_t i = 0; i < nodes; i++)
        if (can_fold(graph->nodes[i]))
            OC_TRY(fold_node(graph, graph->nodes[i], err));
    return oc__pass_dead(graph, err);
}
