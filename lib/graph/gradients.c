/* SPDX-License-Identifier: Apache-2.0 */
/* Reverse mode: gradients as nodes of the same graph. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>

#include "graph/graph.h"

typedef struct tape {
    oc_graph *graph;
    oc_value **diff; /* by value id: the sum of the gradients that have arrived */
    bool *needed;    /* by value id: some of wrt is above it */
    size_t values;   /* of the graph before gradients were added */
} tape;

static bool node_needed(const tape *t, const oc_node *node) {
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] && t->needed[node->in[i]->id])
            return true;
    return false;
}

static bool has_gradient(const tape *t, const oc_node *node) {
    for (int i = 0; i < node->out_count; i++)
        if (t->diff[node->out[i]->id])
            return true;
    return false;
}

static oc_status through_node(tape *t, const oc_node *node, oc_error *err) {
    oc_graph *graph = t->graph;
    if (!node->op->gradient) {
        oc__graph_fail(graph, err, OC_ERROR_UNSUPPORTED, "%s%s%s has no gradient", node->op->name, node->name ? " " : "",
                       node->name ? node->name : "");
        return OC_ERROR_UNSUPPORTED;
    }
    oc_value **diff = oc__arena_alloc(&graph->arena, sizeof(*diff) * (size_t)(node->in_count + node->out_count + 1));
    bool *wanted = oc__arena_alloc(&graph->arena, (size_t)node->in_count + 1);
    if (!diff || !wanted)
        return oc__fail_memory(graph->context, err, sizeof(*diff) * (size_t)node->in_count);
    for (int i = 0; i < node->out_count; i++)
        diff[node->in_count + i] = t->diff[node->out[i]->id];
    for (int i = 0; i < node->in_count; i++)
        wanted[i] = node->in[i] && t->needed[node->in[i]->id] && oc__is_float(node->in[i]->dtype);
    oc__gradient gradient = {graph, node, diff + node->in_count, diff, wanted};
    OC_TRY(node->op->gradient(&gradient, err));
    for (int i = 0; i < node->in_count; i++) {
        if (!wanted[i] || !diff[i])
            continue;
        oc_value **sum = &t->diff[node->in[i]->id];
        *sum = *sum ? oc_add(graph, *sum, diff[i], err) : diff[i];
        if (!*sum)
            return graph->error.status;
    }
    return OC_OK;
}

/* A value of ones in the shape of another: the gradient that the loss starts with. */
static oc_value *filled_like(oc_graph *graph, double number, oc_value *like, oc_error *err) {
    oc_value *scalar = oc_graph_scalar(graph, like->dtype, number, err);
    return like->shape.rank == 0 ? scalar : oc__graph_node1(graph, &oc__op_broadcast_like, NULL, (oc_value *[]){scalar, like}, 2, err);
}

static oc_status run(tape *t, oc_value *loss, oc_value *const *wrt, size_t count, oc_value **gradients, oc_error *err) {
    oc_graph *graph = t->graph;
    size_t nodes = graph->node_count;
    for (size_t i = 0; i < count; i++)
        t->needed[wrt[i]->id] = true;
    for (size_t i = 0; i < nodes; i++)
        if (node_needed(t, graph->nodes[i]))
            for (int k = 0; k < graph->nodes[i]->out_count; k++)
                t->needed[graph->nodes[i]->out[k]->id] = true;
    if (!(t->diff[loss->id] = filled_like(graph, 1, loss, err)))
        return graph->error.status;
    for (size_t i = nodes; i-- > 0;)
        if (has_gradient(t, graph->nodes[i]) && node_needed(t, graph->nodes[i]))
            OC_TRY(through_node(t, graph->nodes[i], err));
    for (size_t i = 0; i < count; i++) {
        gradients[i] = t->diff[wrt[i]->id] ? t->diff[wrt[i]->id] : filled_like(graph, 0, wrt[i], err);
        if (!gradients[i])
            return graph->error.status;
    }
    return OC_OK;
}

oc_status oc_graph_gradients(oc_graph *graph, oc_value *loss, oc_value *const *wrt, size_t count, oc_value **gradients,
                             oc_error *err) {
    if (!loss) {
        oc__graph_pass_error(graph, err);
        return graph->error.status;
    }
    if (!oc__is_float(loss->dtype)) {
        oc__graph_fail(graph, err, OC_ERROR_INVALID, "only a floating-point value has gradients; this one is %s",
                       oc_dtype_name(loss->dtype));
        return OC_ERROR_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        if (!wrt[i] || wrt[i]->graph != graph) {
            oc__graph_fail(graph, err, OC_ERROR_INVALID, "value %zu of wrt is not one of this graph", i);
            return OC_ERROR_INVALID;
        }
    }
    oc_context *context = graph->context;
    tape t = {.graph = graph, .values = graph->value_count};
    t.diff = oc__alloc_array(context, t.values, sizeof(*t.diff));
    t.needed = oc__alloc_array(context, t.values, sizeof(*t.needed));
    oc_status status = t.diff && t.needed ? run(&t, loss, wrt, count, gradients, err)
                                          : oc__fail_memory(context, err, t.values * sizeof(*t.diff));
    oc__free(context, t.diff);
    oc__free(context, t.needed);
    return status;
}
