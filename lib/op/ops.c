/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "op/op.h"

const oc__op *const oc__ops[] = {
#define OC_OP(name) &oc__op_##name,
#include "op/ops.def"
#undef OC_OP
    NULL};

const oc__op *oc__op_find(const char *name) {
    for (int i = 0; oc__ops[i]; i++)
        if (!strcmp(oc__ops[i]->name, name))
            return oc__ops[i];
    return NULL;
}

const oc__op *oc__op_find_direction(const char *family, const char *direction) {
    for (int i = 0; oc__ops[i]; i++) {
        const oc__op *op = oc__ops[i];
        if (!strcmp(op->family ? op->family : op->name, family) &&
            !strcmp(op->direction ? op->direction : "fwd", direction ? direction : "fwd"))
            return op;
    }
    return NULL;
}

const oc__op *oc__op_of_reorder(const oc__layout *to) {
    return to->winograd ? &oc__op_winograd_weights : &oc__op_reorder;
}

bool oc__is_shape_only(const oc__op *op, int op_in, int operand) {
    return (op->flags & OC_OP_SHAPE_ONLY) && operand >= op->like_operand && operand < op_in;
}

bool oc__node_is(const oc_node *node, const char *op) {
    return !strcmp(node->op->name, op);
}

static const oc__field *find_field(const oc__op *op, const char *name) {
    for (const oc__field *field = op->fields; field && field->name; field++)
        if (!strcmp(field->name, name))
            return field;
    return NULL;
}

size_t oc__field_bytes(const oc__field *field) {
    static const size_t sizes[] = {[OC_FIELD_I64] = 8, [OC_FIELD_I32] = 4, [OC_FIELD_F32] = 4, [OC_FIELD_BOOL] = sizeof(bool)};
    return sizes[field->type] * field->count;
}

bool oc__op_has_param(const oc__op *op, const char *name) {
    return find_field(op, name) != NULL;
}

bool oc__node_axes_have(const oc_node *node, int64_t axis) {
    int64_t count = oc__node_param(node, "axis_count", 0);
    for (int i = 0; i < count; i++)
        if (oc__node_param(node, "axes", i) == axis)
            return true;
    return count == 0;
}

int64_t oc__node_param(const oc_node *node, const char *name, int index) {
    const oc__field *field = find_field(node->op, name);
    if (!field)
        return 0;
    const void *at = (const char *)node->params + field->offset;
    switch (field->type) {
    case OC_FIELD_BOOL:
        return ((const bool *)at)[index];
    case OC_FIELD_I32:
        return ((const int32_t *)at)[index];
    case OC_FIELD_I64:
        return ((const int64_t *)at)[index];
    default:
        return (int64_t)((const float *)at)[index];
    }
}
