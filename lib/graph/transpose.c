/* SPDX-License-Identifier: Apache-2.0 */
/* Transposes cancel each other, also across elementwise functions of one operand, and go into products. */
#include <ocelli/op/matmul.h>
#include <ocelli/op/shape.h>

#include "graph/graph.h"

static oc_node *transpose_of(const oc_value *value) {
    bool is = value && value->kind == OC_VALUE_NODE && value->producer->op == &oc__op_transpose && !value->producer->post.count;
    return is ? value->producer : NULL;
}

/* Axis i of the second's result is axis perm[i] of the first's operand. Whether nothing moves. */
static bool compose(const oc_node *first, const oc_node *second, int32_t perm[OC_MAX_RANK]) {
    const oc_transpose_params *p = first->params, *q = second->params;
    bool nothing = true;
    for (int i = 0; i < second->out[0]->shape.rank; i++) {
        perm[i] = p->perm[q->perm[i]];
        nothing = nothing && perm[i] == i;
    }
    return nothing;
}

/* A transpose of a transpose. */
static void join(oc_graph *graph, oc_node *node) {
    oc_node *first = transpose_of(node->in[0]);
    oc_transpose_params *params = node->params;
    int32_t perm[OC_MAX_RANK];
    if (!first)
        return;
    (void)compose(first, node, perm);
    for (int i = 0; i < node->out[0]->shape.rank; i++)
        params->perm[i] = perm[i];
    node->in[0] = first->in[0];
    oc__pass_note(graph, node, "is one transpose with %s", oc__node_label(first));
}

/* transpose(f(transpose(x))) is f(x), where the transposes cancel each other. */
static oc_status across(oc_graph *graph, const oc_node *node, oc_error *err) {
    const oc_value *y = node->in[0];
    const oc_node *middle = y->kind == OC_VALUE_NODE ? y->producer : NULL;
    int32_t perm[OC_MAX_RANK];
    if (!middle || !(middle->op->flags & OC_OP_ELTWISE) || middle->in_count != 1 || middle->out_count != 1 || middle->post.count)
        return OC_OK;
    const oc_node *first = transpose_of(middle->in[0]);
    if (!first || !compose(first, node, perm))
        return OC_OK;
    oc__pass_note(graph, node, "undoes %s across %s", oc__node_label(first), oc__node_label(middle));
    oc_value *result = oc__graph_node1(graph, middle->op, middle->params, (oc_value *[]){first->in[0]}, 1, err);
    if (!result)
        return graph->error.status;
    oc__replace_uses(graph, node->out[0], result);
    oc__take_place(graph, node);
    return OC_OK;
}

/* Whether only the last two axes change places. */
static bool turns_last(const oc_node *node) {
    const oc_transpose_params *p = node->params;
    int rank = node->out[0]->shape.rank;
    for (int i = 0; i < rank - 2; i++)
        if (p->perm[i] != i)
            return false;
    return rank >= 2 && p->perm[rank - 2] == rank - 1;
}

/* A product reads its operands either way. */
static void absorb(oc_graph *graph, oc_node *node) {
    oc_matmul_params *params = node->params;
    for (int side = 0; side < 2; side++) {
        const oc_node *turn = transpose_of(node->in[side]);
        bool *turned = side ? &params->trans_b : &params->trans_a;
        if (!turn || !turns_last(turn))
            continue;
        oc__pass_note(graph, node, "reads the operand of %s", oc__node_label(turn));
        node->in[side] = turn->in[0];
        *turned = !*turned;
    }
}

oc_status oc__pass_transpose(oc_graph *graph, oc_error *err) {
    size_t nodes = graph->node_count;
    for (size_t i = 0; i < nodes; i++) {
        oc_node *node = graph->nodes[i];
        if (node->op == &oc__op_matmul && !node->pre.count)
            absorb(graph, node);
        if (node->op != &oc__op_transpose || node->post.count)
            continue;
        join(graph, node);
        OC_TRY(across(graph, node, err));
    }
    return oc__pass_dead(graph, err);
}
