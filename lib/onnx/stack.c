/* SPDX-License-Identifier: Apache-2.0 */
/* What unrolling needs beyond the nodes of the file: slices, and results of rounds joined. They are read as nodes of opset 9,
 * whose attributes are plain lists, so that constants and symbols go through them as through any others. */
#include <string.h>

#include "onnx/control.h"

#define OPSET 9

const oc_shape *oc__onnx_shape_of(const oc__onnx_binding *binding) {
    if (binding->value != NULL)
        return &binding->value->shape;
    if (binding->tensor != NULL)
        return oc_tensor_get_shape(binding->tensor);
    return binding->initializer != NULL ? &binding->initializer->shape : NULL;
}

static oc__onnx_attr ints(const char *name, const int64_t *value) {
    return (oc__onnx_attr){.name = name, .kind = OC_ONNX_INTS, .ints = value, .count = 1};
}

static oc_status add(oc__onnx_reader *reader, const char *type, const char **in, int in_count, const char *out,
                     oc__onnx_attr *attrs,
                     int attr_count, oc_error *err) {
    const oc__onnx_node node = {.type = type, .domain = "", .name = "", .in = in, .out = &out, .in_count = in_count,
                                .out_count = 1,
                                .attrs = attrs, .attr_count = attr_count};
    return oc__onnx_read_node(reader, &node, err);
}

static oc_status begin(oc__onnx_reader *reader, oc__onnx_scope *scope, oc_error *err) {
    oc_status status = oc__onnx_scope_enter(reader, scope, NULL, err);
    scope->opset = OPSET;
    scope->all_used = true;
    return status;
}

static oc_status end(oc__onnx_reader *reader, oc_status status, const char *name, oc__onnx_binding **out, oc_error *err) {
    *out = status == OC_OK ? oc__onnx_find(reader, name) : NULL;
    oc__onnx_scope_leave(reader);
    if (status == OC_OK && *out == NULL)
        return oc__fail(reader->context, err, OC_ERROR_INTERNAL, "a round of a loop gave nothing");
    return status;
}

static oc_status take(oc__onnx_reader *reader, oc__onnx_binding *from, const int64_t *axis, int64_t at, oc_error *err) {
    const int64_t next = at + 1;
    const char *in = "from", *part = "part";
    oc__onnx_attr slice[] = {ints("axes", axis), ints("starts", &at), ints("ends", &next)};
    OC_TRY(oc__onnx_alias(reader, "from", from, err));
    OC_TRY(add(reader, "Slice", &in, 1, "part", slice, 3, err));
    return add(reader, "Squeeze", &part, 1, "taken", slice, 1, err);
}

oc_status oc__onnx_take(oc__onnx_reader *reader, oc__onnx_binding *from, int64_t axis, int64_t at, oc__onnx_binding **out,
                        oc_error *err) {
    oc__onnx_scope scope;
    oc_status status = begin(reader, &scope, err);
    if (status == OC_OK)
        status = take(reader, from, &axis, at, err);
    return end(reader, status, "taken", out, err);
}

/* No rounds: no elements, in a shape that has to be written down. */
static oc_status empty(oc__onnx_reader *reader, const oc__onnx_value *item, int64_t axis, oc__onnx_binding **out, oc_error *err) {
    oc_dtype dtype = oc__onnx_dtype(item->type);
    oc_shape shape = {.rank = item->rank + 1};
    bool known = dtype != OC_DTYPE_NONE && item->has_shape && item->rank < OC_MAX_RANK;
    axis = axis < 0 ? axis + shape.rank : axis;
    for (int i = 0; known && i < item->rank; i++) {
        known = item->dims[i].size >= 0;
        shape.dims[i + (i >= axis)] = item->dims[i].size;
    }
    if (!known || axis < 0 || axis > item->rank)
        return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED,
                        "it runs no round, and the shape of '%.200s' is not written down",
                        item->name);
    OC_TRY(oc__onnx_number_binding(reader, OC_I64, 0, out, err));
    oc_tensor_destroy(&(*out)->tensor);
    return oc_tensor_create(&(*out)->tensor, reader->context, NULL, dtype, &shape, err);
}

static oc_status join(oc__onnx_reader *reader, oc__onnx_binding *const *items, const char **names, int64_t count, int64_t axis,
                      bool backwards, oc_error *err) {
    oc__arena *arena = &reader->model.arena;
    for (int64_t i = 0; i < count; i++) {
        const oc_shape *shape = oc__onnx_shape_of(items[i]);
        int64_t place = axis < 0 && shape != NULL ? axis + shape->rank + 1 : axis;
        const char *in = oc__arena_printf(arena, "item %lld", (long long)i);
        const char *out = names[backwards ? count - 1 - i : i] = oc__arena_printf(arena, "row %lld", (long long)i);
        oc__onnx_attr axes = ints("axes", &place);
        if (in == NULL || out == NULL)
            return oc__fail_memory(reader->context, err, 16);
        OC_TRY(oc__onnx_alias(reader, in, items[i], err));
        OC_TRY(add(reader, "Unsqueeze", &in, 1, out, &axes, 1, err));
        if (i == count - 1)
            axis = place;
    }
    oc__onnx_attr along = {.name = "axis", .kind = OC_ONNX_INT, .i = axis};
    return add(reader, "Concat", names, (int)count, "all", &along, 1, err);
}

oc_status oc__onnx_stack(oc__onnx_reader *reader, oc__onnx_binding *const *items, int64_t count, int64_t axis, bool backwards,
                         const oc__onnx_value *item, oc__onnx_binding **out, oc_error *err) {
    oc__onnx_scope scope;
    if (count == 0)
        return empty(reader, item, axis, out, err);
    const char **names = oc__arena_alloc(&reader->model.arena, (size_t)count * sizeof(*names));
    if (names == NULL)
        return oc__fail_memory(reader->context, err, (size_t)count * sizeof(*names));
    oc_status status = begin(reader, &scope, err);
    if (status == OC_OK)
        status = join(reader, items, names, count, axis, backwards, err);
    return end(reader, status, "all", out, err);
}
