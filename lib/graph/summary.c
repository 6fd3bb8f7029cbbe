/* SPDX-License-Identifier: Apache-2.0 */
/* What a graph consists of. */
#include <ocelli/summary.h>
#include <string.h>

#include "graph/graph.h"

struct oc_summary {
    oc_context *context;
    oc_graph *graph; /* its sizes bound */
    oc_node_info *nodes;
    oc_summary_info info;
    oc__string rewrites;
};

static double macs_of(oc_context *context, const oc_node *node) {
    bool product = node->op == &oc__op_matmul || (node->op->family && !strcmp(node->op->family, "conv2d"));
    oc__desc *descs = product ? oc__alloc_array(context, (size_t)(node->in_count + node->out_count), sizeof(*descs)) : NULL;
    oc__problem problem;
    if (!descs)
        return 0;
    oc__node_problem(node, descs, &problem);
    double flops = node->op->cost(&problem).flops;
    oc__free(context, descs);
    return flops / 2;
}

static uint64_t bytes_of(const oc_value *value) {
    return (uint64_t)oc_shape_count(&value->shape) * oc_dtype_size(value->dtype);
}

/* Whether a node works on the result of the one before it as if in place. */
static bool continues(const oc_node *node, const int *uses) {
    const oc_value *x = node->in_count ? node->in[0] : NULL;
    bool unary = ((node->op->flags & OC_OP_ELTWISE) && node->op_in == 1) || !strcmp(node->op->name, "dropout") ||
                 !strncmp(node->op->name, "batch_norm", 10);
    return unary && x && x->kind == OC_VALUE_NODE && uses[x->id] == 1 && oc_shape_equal(&x->shape, &node->out[0]->shape);
}

static void add_node(oc_summary *s, const oc_node *node, const int *uses, bool *seen) {
    oc_node_info *info = &s->nodes[node->id];
    *info = (oc_node_info){.op = node->op->name, .name = node->name ? node->name : "", .dtype = node->out[0]->dtype,
                           .shape = node->out[0]->shape, .macs = macs_of(s->context, node)};
    info->layer = continues(node, uses) ? s->nodes[node->in[0]->producer->id].layer : s->info.layers++;
    for (int i = 0; i < node->in_count; i++) {
        const oc_value *in = node->in[i];
        if (in && in->kind == OC_VALUE_STATE && !in->init.frozen && !seen[in->id])
            info->parameters += oc_shape_count(&in->shape);
        if (in)
            seen[in->id] = true;
    }
    for (int i = 0; i < node->out_count && !(node->op->flags & OC_OP_VIEW); i++)
        info->bytes += i == 0 || uses[node->out[i]->id] ? bytes_of(node->out[i]) : 0;
    s->info.macs += info->macs;
    s->info.value_bytes += info->bytes;
}

static oc_status add_nodes(oc_summary *s, oc_error *err) {
    oc_graph *graph = s->graph;
    int *uses = oc__use_counts(graph);
    bool *seen = oc__alloc_array(s->context, OC_MAX(graph->value_count, (size_t)1), sizeof(*seen));
    s->nodes = oc__alloc_array(s->context, OC_MAX(graph->node_count, (size_t)1), sizeof(*s->nodes));
    bool whole = uses && seen && s->nodes;
    for (size_t i = 0; whole && i < graph->node_count; i++)
        add_node(s, graph->nodes[i], uses, seen);
    for (size_t i = 0; i < graph->state_count; i++) {
        s->info.parameters += graph->states[i]->init.frozen ? 0 : oc_shape_count(&graph->states[i]->shape);
        s->info.state_bytes += bytes_of(graph->states[i]);
    }
    s->info.nodes = graph->node_count;
    oc__free(s->context, uses);
    oc__free(s->context, seen);
    return whole ? OC_OK : oc__fail_memory(s->context, err, graph->node_count * sizeof(*s->nodes));
}

static oc_status add_rewrites(oc_summary *s, const oc_plan_params *p, oc_error *err) {
    oc_graph *copy = NULL;
    OC_TRY(oc__graph_copy(&copy, s->graph, &(oc__copy_params){.bind = true}, err));
    copy->notes = &s->rewrites;
    oc_status status = oc__rewrite(copy, &(oc__rewriting){.inference = p->inference, .fusion = !p->no_fusion}, err);
    oc_graph_destroy(&copy);
    return status == OC_OK && s->rewrites.failed ? oc__fail_memory(s->context, err, s->rewrites.size) : status;
}

oc_status oc_summary_create(oc_summary **out, const oc_graph *graph, const oc_plan_params *params, oc_error *err) {
    const oc_plan_params own = params ? *params : (oc_plan_params){0};
    oc_summary *s = oc__alloc(graph->context, sizeof(*s));
    if (!s)
        return oc__fail_memory(graph->context, err, sizeof(*s));
    s->context = graph->context;
    oc__string_init(&s->rewrites, s->context);
    oc__copy_params copy = oc__plan_copy_params(&own);
    oc_status status = oc__graph_copy(&s->graph, graph, &copy, err);
    if (status == OC_OK)
        status = add_nodes(s, err);
    if (status == OC_OK)
        status = add_rewrites(s, &own, err);
    if (status == OC_OK)
        *out = s;
    else
        oc_summary_destroy(&s);
    return status;
}

void oc_summary_destroy(oc_summary **handle) {
    if (!handle || !*handle)
        return;
    oc_summary *s = *handle;
    *handle = NULL;
    oc_graph_destroy(&s->graph);
    oc__string_finish(&s->rewrites);
    oc__free(s->context, s->nodes);
    oc__free(s->context, s);
}

oc_summary_info oc_summary_get_info(const oc_summary *s) {
    return s->info;
}

oc_node_info oc_summary_get_node(const oc_summary *s, size_t index) {
    return index < s->info.nodes ? s->nodes[index] : (oc_node_info){0};
}

oc_value_info oc_summary_get_input(const oc_summary *s, size_t index) {
    return oc_graph_get_input(s->graph, index);
}

oc_value_info oc_summary_get_output(const oc_summary *s, size_t index) {
    return oc_graph_get_output(s->graph, index);
}

const char *oc_summary_get_rewrites(const oc_summary *s) {
    return s->rewrites.text;
}
