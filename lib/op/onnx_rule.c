/* SPDX-License-Identifier: Apache-2.0 */
#include "op/onnx_rule.h"

#include <string.h>

#include "op/rig.h"

static const oc_dtype dtypes[] = {[1] = OC_F32, [2] = OC_U8, [6] = OC_I32, [7] = OC_I64, [9] = OC_BOOL, [10] = OC_F16,
                                   [3] = OC_I8,  [4] = OC_U16, [5] = OC_I16,  [11] = OC_F64, [12] = OC_U32, [13] = OC_U64, [16] = OC_BF16};

oc_dtype oc__onnx_dtype(int64_t type) {
    return type > 0 && type < (int64_t)OC_COUNT(dtypes) ? dtypes[type] : OC_DTYPE_NONE;
}

int32_t oc__onnx_dtype_number(oc_dtype dtype) {
    for (int32_t i = 1; i < (int32_t)OC_COUNT(dtypes); i++)
        if (dtypes[i] == dtype)
            return i;
    return 0;
}

const char *oc__onnx_dtype_name(int64_t type) {
    static const char *const names[] = {"undefined", "float",   "uint8",  "int8",   "uint16", "int16",     "int32",      "int64",
                                        "string",    "bool",    "float16", "double", "uint32", "uint64",    "complex64",  "complex128",
                                        "bfloat16",  "float8",  "float8", "float8", "float8", "uint4", "int4"};
    return type >= 0 && type < (int64_t)OC_COUNT(names) ? names[type] : "unknown";
}

oc_status oc__onnx_refuse(const oc__onnx_reading *reading, oc_error *err, oc_status status, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    oc__vformat(text, sizeof(text), format, args);
    va_end(args);
    const oc__onnx_node *node = reading->node;
    const char *name = node->name[0] == 0 && node->out_count > 0 ? node->out[0] : node->name;
    return oc__fail(reading->context, err, status, "node '%.100s' (%s): %s", name, node->type, text);
}

const oc__onnx_attr *oc__onnx_attr_find(const oc__onnx_node *node, const char *name) {
    for (int i = 0; i < node->attr_count; i++)
        if (strcmp(node->attrs[i].name, name) == 0)
            return &node->attrs[i];
    return NULL;
}

int64_t oc__onnx_attr_int(const oc__onnx_node *node, const char *name, int64_t otherwise) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(node, name);
    return attr != NULL && attr->kind == OC_ONNX_INT ? attr->i : otherwise;
}

double oc__onnx_attr_float(const oc__onnx_node *node, const char *name, double otherwise) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(node, name);
    return attr != NULL && attr->kind == OC_ONNX_FLOAT ? attr->f : otherwise;
}

const char *oc__onnx_attr_text(const oc__onnx_node *node, const char *name, const char *otherwise) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(node, name);
    return attr != NULL && attr->kind == OC_ONNX_STRING ? attr->s : otherwise;
}

bool oc__onnx_has_in(const oc__onnx_reading *reading, int index) {
    return index < reading->node->in_count && reading->node->in[index][0] != 0;
}

static oc_status need_known(const oc__onnx_reading *reading, int index, oc_error *err) {
    if (!oc__onnx_has_in(reading, index))
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "input %d is missing", index);
    if (reading->known[index].tensor == NULL)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "input %d ('%s') is not a constant", index,
                               reading->node->in[index]);
    return OC_OK;
}

oc_status oc__onnx_ints(const oc__onnx_reading *reading, int index, int64_t *out, int capacity, int *count, uint64_t *symbols,
                        oc_error *err) {
    OC_TRY(need_known(reading, index, err));
    const oc__onnx_known *known = &reading->known[index];
    oc_dtype dtype = oc_tensor_get_dtype(known->tensor);
    int64_t total = oc_tensor_get_count(known->tensor);
    if (dtype != OC_I64 && dtype != OC_I32)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "input %d is not of integers", index);
    if (total > capacity)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "input %d has %lld entries, more than %d", index,
                               (long long)total, capacity);
    if (symbols == NULL && known->symbols != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "input %d depends on a size that is not a number", index);
    const void *data = oc_tensor_get_data(known->tensor);
    for (int i = 0; i < (int)total; i++)
        out[i] = dtype == OC_I64 ? ((const int64_t *)data)[i] : ((const int32_t *)data)[i];
    if (symbols != NULL)
        *symbols = known->symbols;
    *count = (int)total;
    return OC_OK;
}

oc_status oc__onnx_number(const oc__onnx_reading *reading, int index, double *out, oc_error *err) {
    OC_TRY(need_known(reading, index, err));
    const oc__onnx_known *known = &reading->known[index];
    if (oc_tensor_get_count(known->tensor) != 1 || known->symbols != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "input %d is not one number", index);
    *out = oc__element_get(oc_tensor_get_dtype(known->tensor), oc_tensor_get_data(known->tensor), 0);
    return OC_OK;
}

oc_status oc__onnx_axes(const oc__onnx_reading *reading, int index, const char *name, int64_t axes[OC_MAX_RANK], int *count,
                        oc_error *err) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, name);
    *count = -1;
    if (oc__onnx_has_in(reading, index))
        return oc__onnx_ints(reading, index, axes, OC_MAX_RANK, count, NULL, err);
    if (attr == NULL)
        return OC_OK;
    if (attr->kind != OC_ONNX_INTS || attr->count > OC_MAX_RANK)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "attribute '%s' is no list of at most 8 axes", name);
    for (size_t i = 0; i < attr->count; i++)
        axes[i] = attr->ints[i];
    *count = (int)attr->count;
    return OC_OK;
}

oc_status oc__onnx_give(const oc__onnx_reading *reading, oc_value *value, oc_error *err) {
    if (value == NULL)
        return err != NULL && err->status != OC_OK ? err->status : OC_ERROR_INVALID;
    reading->out[0] = value;
    return OC_OK;
}
