/* SPDX-License-Identifier: Apache-2.0 */
/* Copies between tensors and host memory, and between tensors; strided ones on a device go through the host. */
#include "tensor/tensor.h"

#include <string.h>

static oc_status check_size(const oc_tensor *tensor, const void *data, uint64_t size, const char *function, oc_error *err) {
    oc_context *context = tensor ? oc__tensor_get_context(tensor) : NULL;
    if (!tensor || (!data && size))
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: tensor or data is NULL", function);
    if (size != oc_tensor_get_bytes(tensor))
        return oc__fail(context, err, OC_ERROR_SHAPE, "%s: %llu bytes for a tensor of %llu", function,
                        (unsigned long long)size, (unsigned long long)oc_tensor_get_bytes(tensor));
    return OC_OK;
}

/* All bytes from the first to the last element of a strided device tensor, in host memory. */
static oc_status read_extent(const oc_tensor *tensor, uint8_t **out, uint64_t *size, oc_error *err) {
    uint64_t extent = 0;
    oc_context *context = oc__tensor_get_context(tensor);
    oc__shape_extent(oc_tensor_get_shape(tensor), oc_tensor_get_strides(tensor), &extent);
    *size = extent * oc_dtype_size(oc_tensor_get_dtype(tensor));
    uint8_t *bytes = oc__alloc(context, (size_t)*size);
    if (!bytes)
        return oc__fail_memory(context, err, (size_t)*size);
    oc_status status = oc__queue_read(oc__device_queue(oc_tensor_get_device(tensor)), oc__tensor_get_buffer(tensor),
                                      oc__tensor_get_offset(tensor), bytes, *size, true, err);
    if (status != OC_OK)
        oc__free(context, bytes);
    else
        *out = bytes;
    return status;
}

static oc_status read_strided(const oc_tensor *tensor, void *data, oc_error *err) {
    const oc_shape *shape = oc_tensor_get_shape(tensor);
    int64_t dense[OC_MAX_RANK];
    uint8_t *bytes = oc_tensor_get_data(tensor), *copy = NULL;
    uint64_t size;
    if (!bytes) {
        OC_TRY(read_extent(tensor, &copy, &size, err));
        bytes = copy;
    }
    oc__shape_strides(shape, dense);
    oc__strided_copy(data, dense, bytes, oc_tensor_get_strides(tensor), shape, oc_dtype_size(oc_tensor_get_dtype(tensor)));
    oc__free(oc__tensor_get_context(tensor), copy);
    return OC_OK;
}

static oc_status write_strided(oc_tensor *tensor, const void *data, oc_error *err) {
    const oc_shape *shape = oc_tensor_get_shape(tensor);
    int64_t dense[OC_MAX_RANK];
    uint8_t *bytes = oc_tensor_get_data(tensor), *copy = NULL;
    uint64_t size = 0;
    oc_status status = OC_OK;
    if (!bytes) { /* what lies between the elements must stay */
        OC_TRY(read_extent(tensor, &copy, &size, err));
        bytes = copy;
    }
    oc__shape_strides(shape, dense);
    oc__strided_copy(bytes, oc_tensor_get_strides(tensor), data, dense, shape, oc_dtype_size(oc_tensor_get_dtype(tensor)));
    if (copy)
        status = oc__queue_upload(oc__device_queue(oc_tensor_get_device(tensor)), oc__tensor_get_buffer(tensor),
                                  oc__tensor_get_offset(tensor), copy, size, err);
    oc__free(oc__tensor_get_context(tensor), copy);
    return status;
}

oc_status oc_tensor_write(oc_tensor *tensor, const void *data, uint64_t size, oc_error *err) {
    OC_TRY(check_size(tensor, data, size, "oc_tensor_write", err));
    if (size == 0)
        return OC_OK;
    if (!oc__tensor_is_dense(tensor))
        return write_strided(tensor, data, err);
    if (oc_tensor_get_device(tensor))
        return oc__queue_upload(oc__device_queue(oc_tensor_get_device(tensor)), oc__tensor_get_buffer(tensor),
                                oc__tensor_get_offset(tensor), data, size, err);
    memmove(oc_tensor_get_data(tensor), data, (size_t)size);
    return OC_OK;
}

oc_status oc_tensor_read(const oc_tensor *tensor, void *data, uint64_t size, oc_error *err) {
    OC_TRY(check_size(tensor, data, size, "oc_tensor_read", err));
    if (size == 0)
        return OC_OK;
    if (!oc__tensor_is_dense(tensor))
        return read_strided(tensor, data, err);
    if (oc_tensor_get_device(tensor))
        return oc__queue_read(oc__device_queue(oc_tensor_get_device(tensor)), oc__tensor_get_buffer(tensor),
                              oc__tensor_get_offset(tensor), data, size, true, err);
    memmove(data, oc_tensor_get_data(tensor), (size_t)size);
    return OC_OK;
}

static bool overlap(const oc_tensor *a, const oc_tensor *b) {
    uint64_t from_a = oc__tensor_get_offset(a), from_b = oc__tensor_get_offset(b);
    return from_a < from_b + oc_tensor_get_bytes(b) && from_b < from_a + oc_tensor_get_bytes(a);
}

static oc_status copy_on_device(oc_tensor *dst, const oc_tensor *src, oc_error *err) {
    oc__queue *queue = oc__device_queue(oc_tensor_get_device(dst));
    OC_TRY(oc__queue_copy(queue, oc__tensor_get_buffer(src), oc__tensor_get_offset(src), oc__tensor_get_buffer(dst),
                          oc__tensor_get_offset(dst), oc_tensor_get_bytes(src), err));
    return oc__queue_finish(queue, err);
}

static oc_status copy_through_host(oc_tensor *dst, const oc_tensor *src, oc_error *err) {
    uint64_t size = oc_tensor_get_bytes(src);
    oc_context *context = oc__tensor_get_context(dst);
    void *data = oc__alloc(context, (size_t)size);
    if (!data)
        return oc__fail_memory(context, err, (size_t)size);
    oc_status status = oc_tensor_read(src, data, size, err);
    if (status == OC_OK)
        status = oc_tensor_write(dst, data, size, err);
    oc__free(context, data);
    return status;
}

oc_status oc_tensor_copy(oc_tensor *dst, const oc_tensor *src, oc_error *err) {
    char to[OC_SHAPE_TEXT], from[OC_SHAPE_TEXT];
    if (!dst || !src)
        return oc__fail(NULL, err, OC_ERROR_INVALID, "oc_tensor_copy: dst or src is NULL");
    if (oc_tensor_get_dtype(dst) != oc_tensor_get_dtype(src) ||
        !oc_shape_equal(oc_tensor_get_shape(dst), oc_tensor_get_shape(src)))
        return oc__fail(oc__tensor_get_context(dst), err, OC_ERROR_SHAPE, "oc_tensor_copy: %s %s into %s %s",
                        oc_dtype_name(oc_tensor_get_dtype(src)), oc__shape_text(oc_tensor_get_shape(src), from),
                        oc_dtype_name(oc_tensor_get_dtype(dst)), oc__shape_text(oc_tensor_get_shape(dst), to));
    if (oc_tensor_get_bytes(src) == 0)
        return OC_OK;
    bool dense = oc__tensor_is_dense(dst) && oc__tensor_is_dense(src);
    if (dense && oc_tensor_get_data(src))
        return oc_tensor_write(dst, oc_tensor_get_data(src), oc_tensor_get_bytes(src), err);
    if (dense && oc_tensor_get_data(dst))
        return oc_tensor_read(src, oc_tensor_get_data(dst), oc_tensor_get_bytes(src), err);
    if (dense && oc_tensor_get_device(dst) == oc_tensor_get_device(src) &&
        !(oc__tensor_get_buffer(dst) == oc__tensor_get_buffer(src) && overlap(dst, src)))
        return copy_on_device(dst, src, err);
    return copy_through_host(dst, src, err);
}
