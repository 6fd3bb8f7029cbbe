/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "op/onnx_rule.h"

static void *field_at(void *params, uint16_t offset) {
    return (uint8_t *)params + offset;
}

static void fill(const oc__onnx_attr_rule *rule, void *params) {
    void *at = field_at(params, rule->offset), *at2 = field_at(params, rule->offset2);
    switch (rule->target) {
    case OC_ONNX_TO_I64:
        *(int64_t *)at = rule->i;
        break;
    case OC_ONNX_TO_I32:
        *(int32_t *)at = (int32_t)rule->i;
        break;
    case OC_ONNX_TO_BOOL:
        *(bool *)at = rule->i != 0;
        break;
    case OC_ONNX_TO_F32:
        *(float *)at = rule->f;
        break;
    case OC_ONNX_TO_F32S:
        for (int i = 0; i < rule->count; i++)
            ((float *)at)[i] = rule->f;
        break;
    case OC_ONNX_TO_PADS:
        for (int i = 0; i < rule->count; i++)
            ((int64_t *)at2)[i] = rule->i;
        /* fall through */
    case OC_ONNX_TO_I64S:
        for (int i = 0; i < rule->count; i++)
            ((int64_t *)at)[i] = rule->i;
        break;
    case OC_ONNX_TO_AXES:
        *(int32_t *)at2 = 0;
        break;
    case OC_ONNX_MUST:
    case OC_ONNX_HOOK:
        break;
    }
}

static oc_status wrong_kind(const oc__onnx_reading *reading, const oc__onnx_attr *attr, oc_error *err) {
    return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "attribute '%s' is of another type than it should", attr->name);
}

static oc_status read_list(const oc__onnx_reading *reading, const oc__onnx_attr_rule *rule, const oc__onnx_attr *attr,
                           void *params, oc_error *err) {
    size_t wanted = rule->target == OC_ONNX_TO_PADS ? 2u * rule->count : rule->count;
    bool fits = rule->target == OC_ONNX_TO_AXES ? attr->count <= wanted : attr->count == wanted;
    if (attr->kind != (rule->target == OC_ONNX_TO_F32S ? OC_ONNX_FLOATS : OC_ONNX_INTS))
        return wrong_kind(reading, attr, err);
    if (!fits)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "attribute '%s' has %zu entries; supported are %zu", attr->name,
                               attr->count, wanted);
    if (rule->target == OC_ONNX_TO_F32S)
        memcpy(field_at(params, rule->offset), attr->floats, attr->count * sizeof(float));
    for (size_t i = 0; rule->target != OC_ONNX_TO_F32S && i < attr->count; i++) {
        bool second = rule->target == OC_ONNX_TO_PADS && i >= rule->count;
        int64_t *list = field_at(params, second ? rule->offset2 : rule->offset);
        list[second ? i - rule->count : i] = attr->ints[i];
    }
    if (rule->target == OC_ONNX_TO_AXES)
        *(int32_t *)field_at(params, rule->offset2) = (int32_t)attr->count;
    return OC_OK;
}

static bool is_list(const oc__onnx_attr_rule *rule) {
    return rule->target == OC_ONNX_TO_I64S || rule->target == OC_ONNX_TO_F32S || rule->target == OC_ONNX_TO_PADS ||
           rule->target == OC_ONNX_TO_AXES;
}

static oc_status read_one(const oc__onnx_reading *reading, const oc__onnx_attr_rule *rule, const oc__onnx_attr *attr, void *params,
                          oc_error *err) {
    void *at = params == NULL ? NULL : field_at(params, rule->offset);
    if (rule->target == OC_ONNX_HOOK)
        return OC_OK;
    if (is_list(rule))
        return read_list(reading, rule, attr, params, err);
    if (attr->kind != (rule->target == OC_ONNX_TO_F32 ? OC_ONNX_FLOAT : OC_ONNX_INT))
        return wrong_kind(reading, attr, err);
    if (rule->target == OC_ONNX_MUST && attr->i != rule->i)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "%s = %lld is not supported", attr->name, (long long)attr->i);
    if (rule->target == OC_ONNX_TO_I32 && (attr->i > INT32_MAX || attr->i < INT32_MIN))
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "%s = %lld is out of range", attr->name, (long long)attr->i);
    if (rule->target == OC_ONNX_TO_I64)
        *(int64_t *)at = attr->i;
    else if (rule->target == OC_ONNX_TO_I32)
        *(int32_t *)at = (int32_t)attr->i;
    else if (rule->target == OC_ONNX_TO_BOOL)
        *(bool *)at = attr->i != 0;
    else if (rule->target == OC_ONNX_TO_F32)
        *(float *)at = (float)attr->f;
    return OC_OK;
}

static const oc__onnx_attr_rule *find(const oc__onnx_attr_rule *rules, const char *name) {
    for (const oc__onnx_attr_rule *rule = rules; rule != NULL && rule->name != NULL; rule++)
        if (strcmp(rule->name, name) == 0)
            return rule;
    return NULL;
}

oc_status oc__onnx_attrs_read(const oc__onnx_reading *reading, void *params, oc_error *err) {
    const oc__onnx_node *node = reading->node;
    const oc__onnx_attr_rule *rules = reading->rule->attrs;
    for (const oc__onnx_attr_rule *rule = rules; rule != NULL && rule->name != NULL; rule++)
        fill(rule, params);
    for (int i = 0; i < node->attr_count; i++) {
        const oc__onnx_attr_rule *rule = find(rules, node->attrs[i].name);
        if (rule == NULL)
            return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "attribute '%.60s' is not known", node->attrs[i].name);
        OC_TRY(read_one(reading, rule, &node->attrs[i], params, err));
    }
    return OC_OK;
}

static bool is_default(const oc__onnx_attr_rule *rule, const int64_t *values, int count) {
    for (int i = 0; i < count; i++)
        if (values[i] != rule->i)
            return false;
    return rule->target != OC_ONNX_TO_AXES || count == 0;
}

static void write_floats(oc__onnx_writing *writing, oc__onnx_node *node, const oc__onnx_attr_rule *rule, const float *values) {
    bool usual = true;
    for (int i = 0; i < rule->count; i++)
        usual = usual && values[i] == rule->f;
    if (!usual)
        oc__onnx_emit_floats(writing, node, rule->name, values, rule->count);
}

static void write_list(oc__onnx_writing *writing, oc__onnx_node *node, const oc__onnx_attr_rule *rule, void *params) {
    int64_t values[OC_ONNX_LONGEST];
    if (rule->target == OC_ONNX_TO_F32S) {
        write_floats(writing, node, rule, field_at(params, rule->offset));
        return;
    }
    int count = rule->target == OC_ONNX_TO_AXES ? *(int32_t *)field_at(params, rule->offset2) : rule->count;
    memcpy(values, field_at(params, rule->offset), (size_t)count * sizeof(int64_t));
    if (rule->target == OC_ONNX_TO_PADS) {
        memcpy(values + count, field_at(params, rule->offset2), (size_t)count * sizeof(int64_t));
        count *= 2;
    }
    if (!is_default(rule, values, count))
        oc__onnx_emit_ints(writing, node, rule->name, values, count);
}

static void write_one(oc__onnx_writing *writing, oc__onnx_node *node, const oc__onnx_attr_rule *rule, void *params) {
    void *at = field_at(params, rule->offset);
    int64_t number = rule->target == OC_ONNX_TO_I64    ? *(int64_t *)at
                     : rule->target == OC_ONNX_TO_I32  ? *(int32_t *)at
                     : rule->target == OC_ONNX_TO_BOOL ? *(bool *)at
                                                       : rule->i;
    if (rule->target == OC_ONNX_TO_F32) {
        if (*(float *)at != rule->f)
            oc__onnx_emit_float(writing, node, rule->name, *(float *)at);
    } else if (number != rule->i)
        oc__onnx_emit_int(writing, node, rule->name, number);
}

void oc__onnx_attrs_write(oc__onnx_writing *writing, oc__onnx_node *node) {
    void *params = writing->source->params;
    for (const oc__onnx_attr_rule *rule = writing->rule->attrs; rule != NULL && rule->name != NULL; rule++) {
        if (rule->target == OC_ONNX_HOOK || rule->target == OC_ONNX_MUST)
            continue;
        if (is_list(rule))
            write_list(writing, node, rule, params);
        else
            write_one(writing, node, rule, params);
    }
}
