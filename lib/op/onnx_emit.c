/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "op/onnx_rule.h"
#include "op/rig.h"

static void *take(oc__onnx_writing *writing, size_t size) {
    void *memory = oc__arena_alloc(writing->arena, size);
    writing->failed |= memory == NULL;
    return memory;
}

oc__onnx_node *oc__onnx_emit(oc__onnx_writing *writing, const char *type) {
    oc__onnx_node *node = take(writing, sizeof(*node));
    if (node == NULL)
        return NULL;
    *node = (oc__onnx_node){.type = type, .domain = "", .name = ""};
    if (writing->last == NULL)
        writing->first = node;
    else
        writing->last->next = node;
    writing->last = node;
    return node;
}

/* Lists here have a few entries: each append makes them anew. */
static void append_name(oc__onnx_writing *writing, const char ***list, int *count, const char *name) {
    const char **longer = take(writing, ((size_t)*count + 1) * sizeof(char *));
    if (longer == NULL)
        return;
    if (*count > 0)
        memcpy(longer, *list, (size_t)*count * sizeof(char *));
    longer[(*count)++] = name;
    *list = longer;
}

void oc__onnx_emit_in(oc__onnx_writing *writing, oc__onnx_node *node, const char *name) {
    if (node != NULL)
        append_name(writing, &node->in, &node->in_count, name);
}

void oc__onnx_emit_out(oc__onnx_writing *writing, oc__onnx_node *node, const char *name) {
    if (node != NULL)
        append_name(writing, &node->out, &node->out_count, name);
}

static oc__onnx_attr *append_attr(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, oc__onnx_attr_kind kind) {
    oc__onnx_attr *longer = node == NULL ? NULL : take(writing, ((size_t)node->attr_count + 1) * sizeof(*longer));
    if (longer == NULL)
        return NULL;
    if (node->attr_count > 0)
        memcpy(longer, node->attrs, (size_t)node->attr_count * sizeof(*longer));
    node->attrs = longer;
    longer[node->attr_count] = (oc__onnx_attr){.name = name, .kind = kind, .s = ""};
    return &longer[node->attr_count++];
}

void oc__onnx_emit_int(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, int64_t value) {
    oc__onnx_attr *attr = append_attr(writing, node, name, OC_ONNX_INT);
    if (attr != NULL)
        attr->i = value;
}

void oc__onnx_emit_float(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, double value) {
    oc__onnx_attr *attr = append_attr(writing, node, name, OC_ONNX_FLOAT);
    if (attr != NULL)
        attr->f = value;
}

void oc__onnx_emit_ints(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, const int64_t *values, int count) {
    oc__onnx_attr *attr = append_attr(writing, node, name, OC_ONNX_INTS);
    int64_t *copy = take(writing, (size_t)count * sizeof(int64_t) + 1);
    if (attr == NULL || copy == NULL)
        return;
    memcpy(copy, values, (size_t)count * sizeof(int64_t));
    attr->ints = copy;
    attr->count = (size_t)count;
}

void oc__onnx_emit_floats(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, const float *values, int count) {
    oc__onnx_attr *attr = append_attr(writing, node, name, OC_ONNX_FLOATS);
    float *copy = take(writing, (size_t)count * sizeof(float) + 1);
    if (attr == NULL || copy == NULL)
        return;
    memcpy(copy, values, (size_t)count * sizeof(float));
    attr->floats = copy;
    attr->count = (size_t)count;
}

void oc__onnx_emit_text(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, const char *text) {
    oc__onnx_attr *attr = append_attr(writing, node, name, OC_ONNX_STRING);
    if (attr != NULL)
        attr->s = text;
}

const char *oc__onnx_fresh(oc__onnx_writing *writing) {
    /* The writer gives no other value a name that begins like this. */
    const char *name = oc__arena_printf(writing->arena, "ocelli.%d", (*writing->serial)++);
    writing->failed |= name == NULL;
    return name == NULL ? "" : name;
}

const char *oc__onnx_add_literal(oc__onnx_writing *writing, oc_dtype dtype, int32_t rank, int64_t count, const void *data) {
    size_t size = (size_t)count * oc_dtype_size(dtype);
    oc__onnx_literal *literal = take(writing, sizeof(*literal));
    void *copy = take(writing, size + 1);
    if (literal == NULL || copy == NULL)
        return "";
    memcpy(copy, data, size);
    *literal = (oc__onnx_literal){oc__onnx_fresh(writing), dtype, rank, count, copy, writing->literals};
    writing->literals = literal;
    return literal->name;
}

const char *oc__onnx_ints_literal(oc__onnx_writing *writing, const int64_t *values, int count) {
    return oc__onnx_add_literal(writing, OC_I64, 1, count, values);
}

const char *oc__onnx_number_literal(oc__onnx_writing *writing, oc_dtype dtype, double value) {
    uint64_t memory = 0;
    oc__element_set(dtype, &memory, 0, value);
    return oc__onnx_add_literal(writing, dtype, 0, 1, &memory);
}
