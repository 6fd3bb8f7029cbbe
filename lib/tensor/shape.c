/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes, strides, and copies between strides. */
#include "tensor/tensor.h"

#include <string.h>

static bool is_concrete(const oc_shape *shape) {
    if (!shape || shape->rank < 0 || shape->rank > OC_MAX_RANK)
        return false;
    for (int32_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] < 0)
            return false;
    return true;
}

int64_t oc_shape_count(const oc_shape *shape) {
    int64_t count = 1;
    bool fits = true;
    if (!is_concrete(shape))
        return -1;
    for (int32_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i] == 0)
            return 0;
        fits = fits && oc__mul_i64(count, shape->dims[i], &count);
    }
    return fits ? count : -1;
}

bool oc_shape_equal(const oc_shape *a, const oc_shape *b) {
    if (a->rank != b->rank)
        return false;
    for (int32_t i = 0; i < OC_MIN(a->rank, OC_MAX_RANK); i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

const char *oc__shape_text(const oc_shape *shape, char *buffer) {
    int size = oc__format(buffer, OC_SHAPE_TEXT, "[");
    for (int32_t i = 0; i < OC_MIN(shape->rank, OC_MAX_RANK); i++) {
        const char *comma = i ? ", " : "";
        if (shape->dims[i] < 0)
            size += oc__format(buffer + size, OC_SHAPE_TEXT - (size_t)size, "%s?", comma);
        else
            size += oc__format(buffer + size, OC_SHAPE_TEXT - (size_t)size, "%s%lld", comma, (long long)shape->dims[i]);
    }
    oc__format(buffer + size, OC_SHAPE_TEXT - (size_t)size, "]");
    return buffer;
}

oc_status oc__shape_check(oc_context *context, const oc_shape *shape, oc_dtype dtype, int64_t *count, uint64_t *bytes,
                          oc_error *err) {
    char text[OC_SHAPE_TEXT];
    size_t element = oc_dtype_size(dtype);
    if (element == 0)
        return oc__fail(context, err, OC_ERROR_INVALID, "%d is no element type", (int)dtype);
    if (!shape || shape->rank < 0 || shape->rank > OC_MAX_RANK)
        return oc__fail(context, err, OC_ERROR_SHAPE, "a shape must have 0 to %d axes, this has %d", OC_MAX_RANK,
                        shape ? (int)shape->rank : -1);
    if (!is_concrete(shape))
        return oc__fail(context, err, OC_ERROR_SHAPE, "the shape %s has symbols where numbers are needed",
                        oc__shape_text(shape, text));
    int64_t elements = oc_shape_count(shape), size;
    if (elements < 0 || !oc__mul_i64(elements, (int64_t)element, &size) || (uint64_t)size > SIZE_MAX / 2)
        return oc__fail(context, err, OC_ERROR_LIMIT, "a tensor of type %s and shape %s is larger than can be addressed",
                        oc_dtype_name(dtype), oc__shape_text(shape, text));
    *count = elements;
    *bytes = (uint64_t)size;
    return OC_OK;
}

void oc__shape_strides(const oc_shape *shape, int64_t strides[OC_MAX_RANK]) {
    int64_t stride = 1;
    memset(strides, 0, OC_MAX_RANK * sizeof *strides);
    for (int32_t i = shape->rank; i-- > 0;) {
        strides[i] = stride;
        /* With a zero anywhere there are no elements, and the product may not fit. */
        if (!oc__mul_i64(stride, OC_MAX(shape->dims[i], (int64_t)1), &stride))
            stride = 1;
    }
}

bool oc__shape_extent(const oc_shape *shape, const int64_t *strides, uint64_t *extent) {
    uint64_t last = 0, step;
    *extent = 0;
    for (int32_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] == 0)
            return true;
    for (int32_t i = 0; i < shape->rank; i++)
        if (!oc__mul_u64((uint64_t)shape->dims[i] - 1, (uint64_t)strides[i], &step) || !oc__add_u64(last, step, &last))
            return false;
    if (last >= (uint64_t)INT64_MAX)
        return false;
    *extent = last + 1;
    return true;
}

typedef struct copying {
    const oc_shape *shape;
    const int64_t *dst_strides, *src_strides;
    size_t element;
    int32_t run_axis; /* from here on both are dense: one memcpy */
    size_t run_bytes;
} copying;

static void copy_axis(const copying *c, uint8_t *dst, const uint8_t *src, int32_t axis) {
    if (axis == c->run_axis) {
        memcpy(dst, src, c->run_bytes);
        return;
    }
    for (int64_t i = 0; i < c->shape->dims[axis]; i++) {
        size_t d = (size_t)(i * c->dst_strides[axis]), s = (size_t)(i * c->src_strides[axis]);
        copy_axis(c, dst + d * c->element, src + s * c->element, axis + 1);
    }
}

void oc__strided_copy(void *dst, const int64_t *dst_strides, const void *src, const int64_t *src_strides,
                      const oc_shape *shape, size_t element) {
    if (oc_shape_count(shape) <= 0)
        return;
    int32_t axis = shape->rank;
    int64_t run = 1;
    while (axis > 0 && (shape->dims[axis - 1] == 1 || (dst_strides[axis - 1] == run && src_strides[axis - 1] == run)))
        run *= shape->dims[--axis];
    copying c = {shape, dst_strides, src_strides, element, axis, (size_t)run * element};
    copy_axis(&c, dst, src, 0);
}
