/* SPDX-License-Identifier: Apache-2.0 */
/* Whether parts of the batch can be computed alone: the op's rule, and where that depends on params, these. */
#include <stdio.h>
#include <string.h>

#include "op/op.h"

static const oc__field *find_field(const oc__op *op, const char *name) {
    for (const oc__field *f = op->fields; f && f->name; f++)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

static int64_t entry(const oc_node *node, const oc__field *field, int index) {
    const char *at = (const char *)node->params + field->offset;
    return field->type == OC_FIELD_I32 ? ((const int32_t *)(const void *)at)[index] : ((const int64_t *)(const void *)at)[index];
}

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

static bool axes_spare_batch(const oc_node *node) {
    const oc__field *axes = find_field(node->op, "axes"), *count = find_field(node->op, "axis_count");
    int n = (int)entry(node, count, 0);
    for (int i = 0; i < n; i++)
        if (entry(node, axes, i) == 0)
            return false;
    return n > 0;
}

/* By the names of params that say what happens along which axis; *known: there are such. */
static bool params_spare_batch(const oc_node *node, bool *known) {
    const oc__op *op = node->op;
    const oc__field *axis = find_field(op, "axis"), *perm = find_field(op, "perm"), *begin = find_field(op, "begin"),
                    *end = find_field(op, "end"), *step = find_field(op, "step");
    *known = true;
    if (find_field(op, "axes") && find_field(op, "axis_count"))
        return axes_spare_batch(node);
    if (axis)
        return entry(node, axis, 0) != 0;
    if (perm)
        return entry(node, perm, 0) == 0;
    if (begin && end && step)
        return entry(node, step, 0) == 0 || (entry(node, step, 0) == 1 && entry(node, begin, 0) == 0 && entry(node, end, 0) >= INT32_MAX);
    if (begin && end)
        return entry(node, begin, 0) == 0 && entry(node, end, 0) == 0;
    *known = false;
    return false;
}

static bool is_named(const oc_node *node, const char *name) {
    return !strcmp(node->op->name, name);
}

static bool product_fits(const oc_node *node, int64_t batch) {
    const oc__field *trans = find_field(node->op, "trans_a");
    bool left = is_batched(node->in[0], batch), right = is_batched(node->in[1], batch);
    if (node->in[0]->shape.rank == 2)
        return left && !right && !(trans && ((const char *)node->params)[trans->offset]);
    return left && (!right || (node->in[1]->shape.rank == node->in[0]->shape.rank && node->in[1]->shape.rank > 2));
}

bool oc__batch_can_be_cut(const oc_node *node, int64_t batch, char why[OC_WHY]) {
    bool known;
    if (!any_batched(node, batch))
        return true;
    if (!outputs_fit(node, batch))
        return say(why, node, node->op->batch.axis < 0 ? node->op->batch.why : "its result has no batch axis in front");
    if (is_named(node, "matmul"))
        return product_fits(node, batch) || say(why, node, "the batch is not the left operand's rows");
    if (node->op->flags & OC_OP_ELTWISE || is_named(node, "where") || is_named(node, "expand") || is_named(node, "broadcast_like") ||
        is_named(node, "sum_to_like"))
        return aligned(node, batch) || say(why, node, "an operand of fewer axes is repeated along the batch");
    if (node->op->batch.axis == 0) {
        bool weights = node->op->family && !strncmp(node->op->family, "conv", 4) && node->in_count > 1 && is_batched(node->in[1], batch);
        return !weights || say(why, node, "its weights have the batch in front");
    }
    if (params_spare_batch(node, &known))
        return (!is_named(node, "gather") || !is_batched(node->in[1], batch)) || say(why, node, "its indices have the batch in front");
    return say(why, node, node->op->batch.why);
}
