/* SPDX-License-Identifier: Apache-2.0 */
/* An own op in models: its name is domain and type, its fields are attributes. */
#include <string.h>

#include "op/custom/custom.h"

static oc__onnx_target target_of(const oc__field *field) {
    if (field->count > 1)
        return field->type == OC_FIELD_I64 ? OC_ONNX_TO_I64S : OC_ONNX_TO_F32S;
    switch (field->type) {
    case OC_FIELD_I64: return OC_ONNX_TO_I64;
    case OC_FIELD_I32: return OC_ONNX_TO_I32;
    case OC_FIELD_BOOL: return OC_ONNX_TO_BOOL;
    case OC_FIELD_F32: return OC_ONNX_TO_F32;
    }
    return OC_ONNX_HOOK;
}

bool oc__custom_make_rules(oc_custom *custom) {
    size_t fields = custom->given.field_count;
    const char *dot = strrchr(custom->op.name, '.');
    oc__onnx_attr_rule *attrs = oc__arena_alloc(&custom->arena, (fields + 1) * sizeof(*attrs));
    char *domain = oc__arena_printf(&custom->arena, "%.*s", (int)(dot - custom->op.name), custom->op.name);
    if (!attrs || !domain)
        return false;
    for (size_t i = 0; i < fields; i++) {
        const oc__field *field = &custom->op.fields[i];
        attrs[i] =
            (oc__onnx_attr_rule){.name = field->name, .target = target_of(field), .offset = field->offset, .count = field->count};
    }
    custom->rules[0] = (oc__onnx_rule){.type = dot + 1,
                                       .domain = domain,
                                       .since = 1,
                                       .in_min = custom->op.in_min,
                                       .in_max = custom->op.in_max,
                                       .out_max = custom->op.out_count,
                                       .attrs = attrs};
    custom->op.onnx = custom->rules;
    return true;
}
