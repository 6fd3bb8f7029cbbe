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
