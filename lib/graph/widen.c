/* SPDX-License-Identifier: Apache-2.0 */
/* Half precision as a way of storing: on devices without fast kernels for it, what lies between a graph's ends is computed in single
 * precision. Inputs, states and constants are widened where they are read first (for weights: once), results and what a cast makes are
 * rounded to half precision as they would be; other rounding in between is left out. */
#include <ocelli/op/shape.h>
#include <string.h>

#include "graph/graph.h"

typedef struct widener {
    oc_graph *graph;
    size_t values; /* that were there before */
    oc_value **now;  /* by old value: what stands for it, of its type; NULL: not made yet */
    oc_value **wide; /* by old value: what stands for it in f32; NULL: not made yet */
    oc_error *err;
} widener;

static oc_value *narrowed(const widener *w, const oc_value *old) {
    oc_value **now = &w->now[old->id];
    if (!*now)
        *now = oc_cast(w->graph, w->wide[old->id], OC_F16, w->err);
    return *now;
}

static oc_value *widened(const widener *w, const oc_value *old) {
    oc_value **wide = &w->wide[old->id];
    if (old->dtype != OC_F16)
        return w->now[old->id];
    if (!*wide)
        *wide = oc_cast(w->graph, w->now[old->id], OC_F32, w->err);
    return *wide;
}

/* What f32 operands would give. False: the op wants what it has. */
static bool outputs_in_f32(const widener *w, const oc_node *node, oc__desc *descs, void *params) {
    const oc__op *op = node->op;
    int count = node->out_count;
    oc__desc *out = descs + node->in_count;
    oc_error ignored;
    if (node->params)
        memcpy(params, node->params, op->params_size);
    for (int i = 0; i < node->in_count; i++)
        descs[i] = !node->in[i] ? (oc__desc){0}
                                : oc__desc_plain(node->in[i]->dtype == OC_F16 ? OC_F32 : node->in[i]->dtype, &node->in[i]->shape);
    if (oc__infer(w->graph->context, op, params, descs, node->in_count, out, &count, &w->graph->symbols, &ignored) != OC_OK)
        return false;
    for (int i = 0; i < count; i++)
        if (out[i].dtype != (node->out[i]->dtype == OC_F16 ? OC_F32 : node->out[i]->dtype))
            return false;
    return true;
}

static bool can_be_wide(const widener *w, const oc_node *node) {
    oc_context *context = w->graph->context;
    bool halves = false;
    for (int i = 0; i < node->in_count; i++)
        halves = halves || (node->in[i] && node->in[i]->dtype == OC_F16);
    if (!halves || oc__node_is(node, "cast") || node->op->custom || node->op->alias || (node->op->flags & OC_OP_GATHERED))
        return false;
    oc__desc *descs = oc__alloc_array(context, (size_t)(node->in_count + node->out_count), sizeof(*descs));
    void *params = oc__alloc(context, OC_MAX(node->op->params_size, (size_t)1));
    bool can = descs && params && outputs_in_f32(w, node, descs, params);
    oc__free(context, descs);
    oc__free(context, params);
    return can;
}

/* The same node from what stands for its operands. */
static oc_status make_again(widener *w, const oc_node *node, bool wide) {
    oc_context *context = w->graph->context;
    oc_value **ends = oc__alloc_array(context, (size_t)(node->in_count + node->out_count), sizeof(oc_value *)), **out = ends + node->in_count;
    if (!ends)
        return oc__fail_memory(context, w->err, sizeof(*ends) * (size_t)node->in_count);
    for (int i = 0; i < node->in_count; i++)
        ends[i] = node->in[i] ? (wide ? widened : narrowed)(w, node->in[i]) : NULL;
    oc_status status = oc__graph_node(w->graph, node->op, node->params, ends, node->in_count, out, node->out_count, w->err);
    for (int i = 0; i < node->out_count && status == OC_OK; i++) {
        (wide && node->out[i]->dtype == OC_F16 ? w->wide : w->now)[node->out[i]->id] = out[i];
        out[i]->name = node->out[i]->name;
    }
    if (status == OC_OK) {
        w->graph->nodes[w->graph->node_count - 1]->name = node->name;
        if (wide)
            oc__pass_note(w->graph, node, "computes in f32");
    }
    oc__free(context, ends);
    return status;
}

static bool has_halves(const oc_graph *graph) {
    for (size_t i = 0; i < graph->value_count; i++)
        if (graph->values[i]->dtype == OC_F16)
            return true;
    return false;
}

/* All nodes again, in their order, behind the old ones, which are then dead. */
static oc_status widen(widener *w) {
    oc_graph *graph = w->graph;
    size_t nodes = graph->node_count;
    for (size_t i = 0; i < w->values; i++)
        if (graph->values[i]->kind != OC_VALUE_NODE)
            w->now[i] = graph->values[i];
    for (size_t i = 0; i < nodes; i++)
        OC_TRY(make_again(w, graph->nodes[i], can_be_wide(w, graph->nodes[i])));
    for (size_t i = 0; i < graph->output_count; i++)
        graph->outputs[i].value = narrowed(w, graph->outputs[i].value);
    for (size_t i = 0; i < graph->state_count; i++)
        if (graph->states[i]->update)
            graph->states[i]->update = narrowed(w, graph->states[i]->update);
    return graph->error.status == OC_OK ? oc__pass_dead(graph, w->err) : graph->error.status;
}

oc_status oc__pass_widen(oc_graph *graph, oc_error *err) {
    widener w = {.graph = graph, .values = graph->value_count, .err = err};
    if (!has_halves(graph))
        return OC_OK;
    w.now = oc__alloc_array(graph->context, 2 * w.values, sizeof(*w.now));
    if (!w.now)
        return oc__fail_memory(graph->context, err, 2 * w.values * sizeof(*w.now));
    w.wide = w.now + w.values;
    oc_status status = widen(&w);
    oc__free(graph->context, w.now);
    return status;
}
