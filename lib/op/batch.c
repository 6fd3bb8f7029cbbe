/* SPDX-License-Identifier: Apache-2.0 */
/* Whether parts of the batch can be computed alone: the op's rule, and where that depends on params, these. */
#include <stdio.h>
#include <string.h>

#include "op/op.h"

static bool is_batched(const oc_value *value, int64_t batch) {
    return value && value->shape.rank > 0 && value->shape.dims[0] == batch;
}

static bool say(char why[OC_WHY], const oc_node *node, const char *text) {
    snprintf(why, OC_WHY, "%.60s%s%s: %s", node->name ? node->name : "", node->name ? ": " : "", node->op->name, text);
    return false;
}

static bool any_batched(const oc_node *node, int64_t batch) {
    for (int i = 0; i < node->in_count; i++)
        if (is_batched(node->in[i], batch))
            return true;
    return false;
}

/* Rows stay what they are: the outputs have the batch in front and nowhere else. */
static bool outputs_fit(const oc_node *node, int64_t batch) {
    for (int i = 0; i < node->out_count; i++) {
        const oc_shape *shape = &node->out[i]->shape;
        bool used = i == 0 || !(node->op->flags & OC_OP_OPTIONAL_OUTPUTS);
        if (used && !is_batched(node->out[i], batch))
            return false;
        for (int k = 1; k < shape->rank; k++)
            if (shape->dims[k] < 0)
                return false;
    }
    return true;
}

/* Operands are aligned at their last axes: only one of full rank has its batch where the result has it. */
static bool aligned(const oc_node *node, int64_t batch) {
    for (int i = 0; i < node->in_count; i++)
        if (is_batched(node->in[i], batch) && node->in[i]->shape.rank != node->out[0]->shape.rank)
            return false;
    return true;
}

/* By the names of params that say what happens along which axis; *known: there are such. */
static bool params_spare_batch(const oc_node *node, bool *known) {
    const oc__op *op = node->op;
    bool range = oc__op_has_param(op, "begin") && oc__op_has_param(op, "end");
    int64_t begin = oc__node_param(node, "begin", 0), end = oc__node_param(node, "end", 0), step = oc__node_param(node, "step", 0);
    *known = true;
    if (oc__op_has_param(op, "axes") && oc__op_has_param(op, "axis_count"))
        return !oc__node_axes_have(node, 0);
    if (oc__op_has_param(op, "axis"))
        return oc__node_param(node, "axis", 0) != 0;
    if (oc__op_has_param(op, "perm"))
        return oc__node_param(node, "perm", 0) == 0;
    if (range && oc__op_has_param(op, "step"))
        return step == 0 || (step == 1 && begin == 0 && end >= INT32_MAX);
    if (range)
        return begin == 0 && end == 0;
    *known = false;
    return false;
}

static bool product_fits(const oc_node *node, int64_t batch) {
    bool left = is_batched(node->in[0], batch), right = is_batched(node->in[1], batch);
    if (node->in[0]->shape.rank == 2)
        return left && !right && !oc__node_param(node, "trans_a", 0);
    return left && (!right || (node->in[1]->shape.rank == node->in[0]->shape.rank && node->in[1]->shape.rank > 2));
}

bool oc__batch_can_be_cut(const oc_node *node, int64_t batch, char why[OC_WHY]) {
    bool known;
    if (!any_batched(node, batch))
        return true;
    if (!outputs_fit(node, batch))
        return say(why, node, node->op->batch.axis < 0 ? node->op->batch.why : "its result has no batch axis in front");
    if (oc__node_is(node, "matmul"))
        return product_fits(node, batch) || say(why, node, "the batch is not the left operand's rows");
    if (node->op->flags & OC_OP_ELTWISE || oc__node_is(node, "where") || oc__node_is(node, "expand") || oc__node_is(node, "broadcast_like") ||
        oc__node_is(node, "sum_to_like"))
        return aligned(node, batch) || say(why, node, "an operand of fewer axes is repeated along the batch");
    if (node->op->batch.axis == 0) {
        bool weights = node->op->family && !strncmp(node->op->family, "conv", 4) && node->in_count > 1 && is_batched(node->in[1], batch);
        return !weights || say(why, node, "its weights have the batch in front");
    }
    if (params_spare_batch(node, &known))
        return (!oc__node_is(node, "gather") || !is_batched(node->in[1], batch)) || say(why, node, "its indices have the batch in front");
    return say(why, node, node->op->batch.why);
}
