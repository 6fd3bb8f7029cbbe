/* SPDX-License-Identifier: Apache-2.0 */
/* What is computed while a model is read: constants, and the lists of sizes that shape-computing nodes pass around, in which a size
 * may be a symbol. */
#include <string.h>

#include "graph/graph.h"
#include "onnx/reader.h"
#include "op/rig.h"

#define MAX_LIST 64
#define MAX_FOLD (1 << 20) /* elements; larger constants become nodes, which the plan folds if it likes */

typedef struct list {
    int64_t items[MAX_LIST];
    uint64_t symbols;
    int count;
    bool scalar;
} list;

bool oc__onnx_folds(const oc__onnx_node *node) {
    static const char *const types[] = {"Constant", "ConstantOfShape", "Shape", "Size"};
    for (size_t i = 0; i < OC_COUNT(types); i++)
        if (strcmp(node->type, types[i]) == 0)
            return true;
    return false;
}

static bool get_list(const oc__onnx_reading *reading, int index, list *out) {
    const oc__onnx_known *known = &reading->known[index];
    if (index >= reading->node->in_count || known->tensor == NULL)
        return false;
    oc_dtype dtype = oc_tensor_get_dtype(known->tensor);
    int rank = oc_tensor_get_shape(known->tensor)->rank;
    int64_t count = oc_tensor_get_count(known->tensor);
    if ((dtype != OC_I64 && dtype != OC_I32) || rank > 1 || count > MAX_LIST)
        return false;
    const void *data = oc_tensor_get_data(known->tensor);
    for (int i = 0; i < (int)count; i++)
        out->items[i] = dtype == OC_I64 ? ((const int64_t *)data)[i] : ((const int32_t *)data)[i];
    out->symbols = known->symbols;
    out->count = (int)count;
    out->scalar = rank == 0;
    return true;
}

static bool append(list *to, const list *from, int index) {
    if (to->count == MAX_LIST)
        return false;
    to->items[to->count] = from->items[index];
    to->symbols |= (from->symbols >> index & 1) << to->count;
    to->count++;
    return true;
}

static int64_t limit(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

static bool shape_list(const oc__onnx_reading *reading, list *out) {
    const oc_value *value = reading->in[0];
    const oc_tensor *tensor = reading->known[0].tensor;
    const oc_shape *shape = value != NULL ? &value->shape : tensor != NULL ? oc_tensor_get_shape(tensor) : NULL;
    if (shape == NULL)
        return false;
    int64_t start = oc__onnx_attr_int(reading->node, "start", 0), end = oc__onnx_attr_int(reading->node, "end", shape->rank);
    start = limit(start < 0 ? start + shape->rank : start, 0, shape->rank);
    end = limit(end < 0 ? end + shape->rank : end, 0, shape->rank);
    *out = (list){.count = 0};
    for (int64_t i = start; i < end; i++) {
        out->symbols |= (uint64_t)(shape->dims[i] < 0) << out->count;
        out->items[out->count++] = shape->dims[i];
    }
    return true;
}

static bool size_list(const oc__onnx_reading *reading, list *out) {
    list shape;
    int64_t size = 1;
    if (!shape_list(reading, &shape) || shape.symbols != 0)
        return false;
    for (int i = 0; i < shape.count; i++)
        if (!oc__mul_i64(size, shape.items[i], &size))
            return false;
    *out = (list){.items = {size}, .count = 1, .scalar = true};
    return true;
}

static oc_status gather_list(const oc__onnx_reading *reading, list *out, bool *done, oc_error *err) {
    list data, indices;
    if (!get_list(reading, 0, &data) || !get_list(reading, 1, &indices) || indices.symbols != 0 || data.scalar)
        return OC_OK;
    *out = (list){.scalar = indices.scalar};
    for (int i = 0; i < indices.count; i++) {
        int64_t at = indices.items[i] < 0 ? indices.items[i] + data.count : indices.items[i];
        if (at < 0 || at >= data.count)
            return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "index %lld of a list of %d", (long long)indices.items[i],
                                   data.count);
        append(out, &data, (int)at);
    }
    *done = true;
    return OC_OK;
}

static bool concat_list(const oc__onnx_reading *reading, list *out) {
    *out = (list){.count = 0};
    for (int i = 0; i < reading->node->in_count; i++) {
        list part;
        if (!get_list(reading, i, &part) || part.scalar)
            return false;
        for (int k = 0; k < part.count; k++)
            if (!append(out, &part, k))
                return false;
    }
    return true;
}

/* One number from an input, or from the attribute that had its place before opset 10. */
static bool bound(const oc__onnx_reading *reading, int index, const char *name, int64_t otherwise, int64_t *value) {
    list part;
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, name);
    *value = otherwise;
    if (oc__onnx_has_in(reading, index)) {
        bool one = get_list(reading, index, &part) && part.count == 1 && part.symbols == 0;
        *value = one ? part.items[0] : 0;
        return one;
    }
    if (attr != NULL)
        *value = attr->kind == OC_ONNX_INTS && attr->count == 1 ? attr->ints[0] : 0;
    return attr == NULL || (attr->kind == OC_ONNX_INTS && attr->count == 1);
}

static bool slice_list(const oc__onnx_reading *reading, list *out) {
    list data;
    int64_t start, end, step;
    if (!get_list(reading, 0, &data) || !bound(reading, 1, "starts", 0, &start) || !bound(reading, 2, "ends", 0, &end) ||
        !bound(reading, 4, "steps", 1, &step) || step < 1 || data.scalar)
        return false;
    start = limit(start < 0 ? start + data.count : start, 0, data.count);
    end = limit(end < 0 ? end + data.count : end, 0, data.count);
    *out = (list){.count = 0};
    for (int64_t i = start; i < end; i += OC_MIN(step, MAX_LIST))
        append(out, &data, (int)i);
    return true;
}

static bool same_list(const oc__onnx_reading *reading, bool scalar, list *out) {
    bool known = get_list(reading, 0, out) && (!scalar || out->count == 1);
    out->scalar = scalar;
    return known;
}

static oc_status make_tensor(const oc__onnx_reading *reading, const list *from, oc_tensor **out, oc_error *err) {
    oc_shape shape = {from->scalar ? 0 : 1, {from->scalar ? 0 : from->count}};
    OC_TRY(oc_tensor_create(out, reading->context, NULL, OC_I64, &shape, err));
    if (from->count > 0)
        memcpy(oc_tensor_get_data(*out), from->items, (size_t)from->count * sizeof(int64_t));
    return OC_OK;
}

oc_status oc__onnx_fold_sizes(const oc__onnx_reading *reading, oc_tensor **out, uint64_t *symbols, oc_error *err) {
    const char *type = reading->node->type;
    list result;
    bool done = false, open = false;
    for (int i = 0; i < reading->node->in_count; i++)
        open |= reading->known[i].symbols != 0;
    if (strcmp(type, "Shape") == 0)
        done = shape_list(reading, &result);
    else if (strcmp(type, "Size") == 0)
        done = size_list(reading, &result);
    else if (open && strcmp(type, "Gather") == 0)
        OC_TRY(gather_list(reading, &result, &done, err));
    else if (open && strcmp(type, "Concat") == 0)
        done = concat_list(reading, &result);
    else if (open && strcmp(type, "Slice") == 0)
        done = slice_list(reading, &result);
    else if (open && strcmp(type, "Squeeze") == 0)
        done = same_list(reading, true, &result);
    else if (open && strcmp(type, "Unsqueeze") == 0)
        done = same_list(reading, false, &result);
    else if (open && (strcmp(type, "Identity") == 0 ||
                      (strcmp(type, "Cast") == 0 && oc__onnx_attr_int(reading->node, "to", 0) == oc__onnx_dtype_number(OC_I64))))
        done = same_list(reading, oc_tensor_get_shape(reading->known[0].tensor)->rank == 0, &result);
    if (!done)
        return OC_OK;
    *symbols = result.symbols;
    return make_tensor(reading, &result, out, err);
}

oc_status oc__onnx_fold_constant(oc__onnx_reader *reader, const oc__onnx_reading *reading, oc_tensor **out, oc_error *err) {
    const oc__onnx_node *node = reading->node;
    const oc__onnx_attr *attr = node->attr_count == 1 ? &node->attrs[0] : NULL;
    if (attr != NULL && attr->kind == OC_ONNX_TENSOR && attr->message != NULL) {
        oc__onnx_tensor tensor;
        OC_TRY(oc__onnx_tensor_parse(&tensor, &reader->model.arena, (oc__span){attr->message, attr->message_size}, true, err));
        return oc__onnx_tensor_load(out, reader->context, &tensor, &reader->files, err);
    }
    bool floats = attr != NULL && (attr->kind == OC_ONNX_FLOAT || attr->kind == OC_ONNX_FLOATS);
    if (attr == NULL || (!floats && attr->kind != OC_ONNX_INT && attr->kind != OC_ONNX_INTS))
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "it is not one tensor, number, or list of numbers");
    bool scalar = attr->kind == OC_ONNX_FLOAT || attr->kind == OC_ONNX_INT;
    oc_shape shape = {scalar ? 0 : 1, {scalar ? 0 : (int64_t)attr->count}};
    float single = (float)attr->f;
    const void *data = floats ? (scalar ? &single : attr->floats) : (scalar ? (const void *)&attr->i : attr->ints);
    OC_TRY(oc_tensor_create(out, reader->context, NULL, floats ? OC_F32 : OC_I64, &shape, err));
    if (scalar || attr->count > 0)
        memcpy(oc_tensor_get_data(*out), data, (size_t)oc_tensor_get_bytes(*out));
    return OC_OK;
}

oc_status oc__onnx_fold_constant_of_shape(oc__onnx_reader *reader, const oc__onnx_reading *reading, oc_tensor **out, oc_error *err) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, "value");
    oc_tensor *value = NULL;
    oc_shape shape = {0};
    OC_TRY(oc__onnx_ints(reading, 0, shape.dims, OC_MAX_RANK, &shape.rank, NULL, err));
    for (int i = 0; i < shape.rank; i++)
        if (shape.dims[i] < 0)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "size %lld", (long long)shape.dims[i]);
    if (attr != NULL)
        OC_TRY(oc__onnx_fold_constant(reader, reading, &value, err));
    if (attr != NULL && oc_tensor_get_count(value) != 1) {
        oc_tensor_destroy(&value);
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "its value is not one element");
    }
    oc_dtype dtype = value != NULL ? oc_tensor_get_dtype(value) : OC_F32;
    oc_status status = oc_tensor_create(out, reader->context, NULL, dtype, &shape, err);
    size_t size = oc_dtype_size(dtype);
    for (int64_t i = 0; status == OC_OK && value != NULL && i < oc_tensor_get_count(*out); i++)
        memcpy((uint8_t *)oc_tensor_get_data(*out) + (size_t)i * size, oc_tensor_get_data(value), size);
    oc_tensor_destroy(&value);
    return status;
}

/* Rebuilds the node in a graph of its own, from constants. */
static oc_status build_scratch(const oc__onnx_reading *reading, oc__onnx_reading *scratch, oc_error *err) {
    for (int i = 0; i < reading->node->in_count; i++) {
        scratch->in[i] = NULL;
        if (!oc__onnx_has_in(reading, i) || (i < 32 && (reading->rule->param_inputs >> i & 1) != 0))
            continue;
        scratch->in[i] = oc_graph_constant(scratch->graph, NULL, reading->known[i].tensor, err);
        if (scratch->in[i] == NULL)
            return err->status;
    }
    return oc__onnx_run_rule(scratch, err);
}

static bool worth_folding(const oc_graph *graph) {
    for (size_t i = 0; i < graph->node_count; i++)
        if (graph->nodes[i]->op->host == NULL || (graph->nodes[i]->op->flags & OC_OP_RANDOM) != 0)
            return false;
    for (size_t i = 0; i < graph->value_count; i++) {
        int64_t count = oc_shape_count(&graph->values[i]->shape);
        if (count < 0 || count > MAX_FOLD || graph->values[i]->kind == OC_VALUE_STATE)
            return false;
    }
    return true;
}

static oc_status take_results(const oc__onnx_reading *scratch, double **values, oc_tensor **out, oc_error *err) {
    for (int i = 0; i < scratch->node->out_count; i++) {
        const oc_value *value = scratch->out[i];
        if (value == NULL)
            continue;
        OC_TRY(oc_tensor_create(&out[i], scratch->context, NULL, value->dtype, &value->shape, err));
        for (int64_t k = 0; k < oc_tensor_get_count(out[i]); k++)
            oc__element_set(value->dtype, oc_tensor_get_data(out[i]), k, values[value->id][k]);
    }
    return OC_OK;
}

static oc_status compute(const oc__onnx_reading *scratch, oc_tensor **out, oc_error *err) {
    double **values = oc__alloc_array(scratch->context, scratch->graph->value_count, sizeof(*values));
    if (values == NULL)
        return oc__fail_memory(scratch->context, err, sizeof(*values));
    oc_status status = oc__graph_interpret(scratch->graph, values, err);
    if (status == OC_OK)
        status = take_results(scratch, values, out, err);
    oc__graph_interpret_finish(scratch->graph, values);
    for (int i = 0; status != OC_OK && i < scratch->node->out_count; i++)
        oc_tensor_destroy(&out[i]);
    oc__free(scratch->context, values);
    return status;
}

oc_status oc__onnx_fold_node(const oc__onnx_reading *reading, oc_tensor **out, oc_error *err) {
    oc__onnx_reading scratch = *reading;
    scratch.graph = NULL;
    scratch.in = oc__alloc_array(reading->context, (size_t)reading->node->in_count, sizeof(*scratch.in));
    scratch.out = oc__alloc_array(reading->context, (size_t)reading->node->out_count, sizeof(*scratch.out));
    oc_status status = scratch.in == NULL || scratch.out == NULL ? oc__fail_memory(reading->context, err, sizeof(*scratch.in))
                                                                 : oc_graph_create(&scratch.graph, reading->context, err);
    if (status == OC_OK)
        status = build_scratch(reading, &scratch, err);
    if (status == OC_OK && worth_folding(scratch.graph))
        status = compute(&scratch, out, err);
    oc_graph_destroy(&scratch.graph);
    oc__free(reading->context, scratch.in);
    oc__free(reading->context, scratch.out);
    return status;
}
