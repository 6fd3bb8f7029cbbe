/* SPDX-License-Identifier: Apache-2.0 */
/* Moves elementwise nodes behind convolutions, products and normalizations into their epilogues. */
#include <ocelli/op/eltwise.h>
#include <string.h>

#include "graph/graph.h"

static bool takes_epilogue(const oc_node *node) {
    return (node->op == &oc__op_conv2d || node->op == &oc__op_matmul || node->op == &oc__op_batch_norm) &&
           node->out[0]->dtype == OC_F32 && node->post.count < OC_MAX_POSTS;
}

static bool append(oc_graph *graph, oc_node *node, oc__post post, oc_value *operand) {
    if (operand) {
        oc_value **in = oc__arena_alloc(&graph->arena, sizeof(*in) * (size_t)(node->in_count + 1));
        if (!in)
            return false;
        memcpy(in, node->in, sizeof(*in) * (size_t)node->in_count);
        post.operand = node->in_count;
        in[node->in_count++] = operand;
        node->in = in;
    }
    node->post.items[node->post.count++] = post;
    return true;
}

/* A value that lies before a node: its operand may be used by it. */
static bool comes_before(const oc_value *value, const oc_node *node) {
    return value->kind != OC_VALUE_NODE || value->producer->id < node->id;
}

/* A bias given as (K), (K, 1, 1) or (1, K, 1, 1) for a convolution, as (N) or (…, 1, N) for a product. */
static bool is_bias(const oc_node *node, const oc_value *operand) {
    const oc_shape *out = &node->out[0]->shape, *shape = &operand->shape;
    int axis = node->op->bias_last ? out->rank - 1 : 1;
    int at = axis - (out->rank - shape->rank);
    if (operand->dtype != OC_F32 || at < 0 || shape->dims[at] != out->dims[axis])
        return false;
    for (int i = 0; i < shape->rank; i++)
        if (i != at && shape->dims[i] != 1)
            return false;
    return true;
}

/* The node, if its only use is `user` and it can take an item more. */
static oc_node *producer_of(const oc_value *value, const int *uses) {
    bool fits = value->kind == OC_VALUE_NODE && value->output == 0 && uses[value->id] == 1 && takes_epilogue(value->producer);
    return fits ? value->producer : NULL;
}

static bool fuse_unary(oc_graph *graph, const oc_node *user, const int *uses) {
    oc_node *node = producer_of(user->in[0], uses);
    if (node && node->op == &oc__op_batch_norm && !user->op->keeps_zero)
        return false; /* lanes beyond the last channel must stay zero */
    if (!node || user->out_count != 1 || !oc_shape_equal(&user->out[0]->shape, &node->out[0]->shape))
        return false;
    const oc_eltwise_params *p = user->params;
    oc__post post = {.kind = OC_POST_ELTWISE, .fn = user->op, .alpha = p ? p->alpha : 0, .beta = p ? p->beta : 0};
    if (!append(graph, node, post, NULL))
        return false;
    oc__pass_note(graph, user, "is done as %s stores", oc__node_label(node));
    oc__replace_uses(graph, user->out[0], node->out[0]);
    return true;
}

static bool fuse_add(oc_graph *graph, const oc_node *user, const int *uses) {
    for (int side = 0; side < 2; side++) {
        oc_node *node = producer_of(user->in[side], uses);
        oc_value *other = user->in[1 - side];
        if (!node || node->op == &oc__op_batch_norm || !comes_before(other, node) || other == node->out[0] || other->dtype != OC_F32 ||
            !oc_shape_equal(&user->out[0]->shape, &node->out[0]->shape))
            continue;
        oc__post post = {.kind = is_bias(node, other) ? OC_POST_BIAS : OC_POST_RESIDUAL};
        if (post.kind == OC_POST_RESIDUAL && !oc_shape_equal(&other->shape, &node->out[0]->shape))
            continue;
        if (!append(graph, node, post, other))
            return false;
        oc__pass_note(graph, user, "is done as %s stores", oc__node_label(node));
        oc__replace_uses(graph, user->out[0], node->out[0]);
        return true;
    }
    return false;
}

static oc_status fuse_all(oc_graph *graph, int *uses, oc_error *err) {
    (void)err;
    for (size_t i = 0; i < graph->node_count; i++) {
        const oc_node *user = graph->nodes[i];
        if (!(user->op->flags & OC_OP_ELTWISE) || !user->op->expression || user->out[0]->dtype != OC_F32)
            continue;
        oc_value *fused = user->out[0];
        if (user->op->in_max == 1 ? fuse_unary(graph, user, uses) : user->op == &oc__op_add && fuse_add(graph, user, uses)) {
            oc_value *result = NULL; /* the uses of what was fused are now uses of the node's own result */
            for (int k = 0; k < user->in_count && !result; k++)
                if (user->in[k]->kind == OC_VALUE_NODE && user->in[k]->producer->post.count && uses[user->in[k]->id] == 1)
                    result = user->in[k];
            if (result)
                uses[result->id] = uses[fused->id];
            uses[fused->id] = 0;
        }
    }
    return OC_OK;
}

oc_status oc__pass_fuse(oc_graph *graph, oc_error *err) {
    return oc__pass_with_uses(graph, fuse_all, err);
}
