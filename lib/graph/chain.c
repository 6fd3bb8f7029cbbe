/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise nodes that follow each other become one: what lies between them is never in memory. */
#include "op/eltwise/chain.h"

#include "graph/graph.h"

typedef struct grower {
    oc_graph *graph;
    const int *uses;
    oc_node *members[OC_CHAIN_STEPS]; /* the last one of the chain first */
    int count;
    oc_value *operands[OC_CHAIN_OPERANDS];
    int operand_count;
} grower;

static bool is_one(const oc_value *value, const oc_node *node) {
    return !oc_shape_equal(&value->shape, &node->out[0]->shape) && oc_shape_count(&value->shape) == 1;
}

static bool can_be_member(const oc_node *node) {
    if (!oc__chain_takes(node->op) || node->post.count || node->pre.count || node->out[0]->dtype != OC_F32)
        return false;
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i]->dtype != OC_F32 ||
            (!oc_shape_equal(&node->in[i]->shape, &node->out[0]->shape) && !is_one(node->in[i], node)))
            return false;
    return true;
}

static bool is_member(const grower *g, const oc_value *value) {
    for (int i = 0; i < g->count; i++)
        if (g->members[i]->out[0] == value)
            return true;
    return false;
}

static int uses_by_members(const grower *g, const oc_value *value) {
    int uses = 0;
    for (int i = 0; i < g->count; i++)
        for (int k = 0; k < g->members[i]->in_count; k++)
            uses += g->members[i]->in[k] == value;
    return uses;
}

static int find_operand(const grower *g, const oc_value *value) {
    int i = 0;
    while (i < g->operand_count && g->operands[i] != value)
        i++;
    return i;
}

/* What members use and do not make; false: that is too much for one chain. */
static bool collect_operands(grower *g) {
    g->operand_count = 0;
    for (int i = g->count; i-- > 0;)
        for (int k = 0; k < g->members[i]->in_count; k++) {
            oc_value *value = g->members[i]->in[k];
            if (is_member(g, value) || find_operand(g, value) < g->operand_count)
                continue;
            if (g->operand_count == OC_CHAIN_OPERANDS)
                return false;
            g->operands[g->operand_count++] = value;
        }
    return true;
}

/* A producer whose value nobody but members uses, and that has the shape of the whole. */
static bool can_join(const grower *g, const oc_value *value) {
    return value->kind == OC_VALUE_NODE && can_be_member(value->producer) && oc_shape_equal(&value->shape, &g->members[0]->out[0]->shape) &&
           !is_member(g, value) && uses_by_members(g, value) == g->uses[value->id];
}

/* By id, so that the last one stays the first of the list. */
static void insert(grower *g, oc_node *node) {
    int at = g->count++;
    for (; g->members[at - 1]->id < node->id; at--)
        g->members[at] = g->members[at - 1];
    g->members[at] = node;
}

static bool grow_once(grower *g) {
    for (int i = 0; i < g->count && g->count < OC_CHAIN_STEPS; i++)
        for (int k = 0; k < g->members[i]->in_count; k++) {
            if (!can_join(g, g->members[i]->in[k]))
                continue;
            grower before = *g;
            insert(g, g->members[i]->in[k]->producer);
            if (collect_operands(g))
                return true;
            *g = before;
        }
    return false;
}

static int32_t find_register(const grower *g, const oc_value *value) {
    for (int i = 0; i < g->count; i++)
        if (g->members[i]->out[0] == value)
            return g->operand_count + g->count - 1 - i;
    return find_operand(g, value);
}

static oc_status replace(const grower *g, oc_error *err) {
    oc__chain_params params = {.count = g->count};
    oc_node *last = g->members[0];
    for (int i = 0; i < g->count; i++) {
        const oc_node *node = g->members[g->count - 1 - i];
        const oc_eltwise_params *p = node->params;
        params.fn[i] = oc__chain_code(node->op);
        params.x[i] = find_register(g, node->in[0]);
        params.y[i] = node->in_count > 1 ? find_register(g, node->in[1]) : 0;
        params.alpha[i] = p->alpha;
        params.beta[i] = p->beta;
    }
    oc_value *y = oc__graph_node1(g->graph, &oc__op_chain, &params, g->operands, g->operand_count, err);
    OC_TRY(oc__gave(g->graph, y));
    oc__pass_note(g->graph, last, "is one step with the %d before it", g->count - 1);
    oc__replace_uses(g->graph, last->out[0], y);
    oc__take_place(g->graph, last);
    return OC_OK;
}

/* From the end: what a chain took in is not looked at any more. */
static oc_status chain_all(oc_graph *graph, int *uses, oc_error *err) {
    for (size_t i = graph->node_count; i-- > 0;) {
        grower g = {.graph = graph, .uses = uses, .members = {graph->nodes[i]}, .count = 1};
        if (!can_be_member(graph->nodes[i]) || uses[graph->nodes[i]->out[0]->id] == 0)
            continue;
        while (grow_once(&g))
            ;
        if (g.count > 1)
            OC_TRY(replace(&g, err));
        for (int k = 1; k < g.count; k++)
            uses[g.members[k]->out[0]->id] = 0;
    }
    return OC_OK;
}

oc_status oc__pass_chain(oc_graph *graph, oc_error *err) {
    return oc__pass_with_uses(graph, chain_all, err);
}
