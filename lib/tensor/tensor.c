/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors: memory shared by views. */
#include "tensor/tensor.h"

#include <stdatomic.h>
#include <string.h>

/* Memory in which a tensor and its views lie. */
typedef struct storage {
    oc_context *context;
    oc_device *device;  /* NULL: host */
    oc__buffer *buffer; /* of a device */
    uint8_t *data;      /* of the host */
    bool owned;         /* data is ours */
    atomic_uint users;
} storage;

struct oc_tensor {
    storage *memory;
    oc_dtype dtype;
    oc_shape shape;
    int64_t strides[OC_MAX_RANK];
    uint64_t offset; /* bytes */
    int64_t count;
    uint64_t bytes; /* when dense */
    bool dense;
    void *mapped; /* NULL: not */
};

static void storage_release(storage *memory) {
    if (atomic_fetch_sub(&memory->users, 1) != 1)
        return;
    oc_context *context = memory->context;
    oc__buffer_release(&memory->buffer);
    if (memory->owned)
        oc__free(context, memory->data);
    oc__free(context, memory);
}

static bool is_dense(const oc_tensor *tensor) {
    int64_t run = 1;
    if (tensor->count == 0)
        return true;
    for (int32_t i = tensor->shape.rank; i-- > 0;) {
        if (tensor->shape.dims[i] != 1 && tensor->strides[i] != run)
            return false;
        run *= tensor->shape.dims[i];
    }
    return true;
}

/* A checked tensor without memory. */
static oc_status make(oc_tensor **out, oc_context *context, oc_dtype dtype, const oc_shape *shape, const int64_t *strides,
                      oc_error *err) {
    int64_t count;
    uint64_t bytes;
    OC_TRY(oc__shape_check(context, shape, dtype, &count, &bytes, err));
    oc_tensor *tensor = oc__alloc(context, sizeof *tensor);
    if (!tensor)
        return oc__fail_memory(context, err, sizeof *tensor);
    tensor->dtype = dtype;
    tensor->count = count;
    tensor->bytes = bytes;
    tensor->shape.rank = shape->rank;
    memcpy(tensor->shape.dims, shape->dims, (size_t)shape->rank * sizeof *shape->dims);
    oc__shape_strides(&tensor->shape, tensor->strides);
    if (strides)
        memcpy(tensor->strides, strides, (size_t)shape->rank * sizeof *strides);
    tensor->dense = is_dense(tensor);
    *out = tensor;
    return OC_OK;
}

static oc_status make_with_storage(oc_tensor **out, oc_context *context, oc_device *device, oc_dtype dtype,
                                   const oc_shape *shape, oc_error *err) {
    oc_tensor *tensor;
    OC_TRY(make(&tensor, context, dtype, shape, NULL, err));
    tensor->memory = oc__alloc(context, sizeof *tensor->memory);
    if (!tensor->memory) {
        oc__free(context, tensor);
        return oc__fail_memory(context, err, sizeof *tensor->memory);
    }
    tensor->memory->context = context;
    tensor->memory->device = device;
    atomic_init(&tensor->memory->users, 1);
    *out = tensor;
    return OC_OK;
}

static oc_status fill_device(oc_tensor *tensor, oc_device *device, oc_error *err) {
    static const uint8_t zeros[16];
    uint64_t size = (OC_MAX(tensor->bytes, (uint64_t)1) + 3) / 4 * 4;
    OC_TRY(oc__buffer_create(&tensor->memory->buffer, device, size, err));
    oc__queue *queue = oc__device_queue(device);
    OC_TRY(oc__queue_fill(queue, tensor->memory->buffer, 0, size, zeros, size % 16 ? 4 : 16, err));
    return oc__queue_finish(queue, err); /* other queues may use it next */
}

oc_status oc_tensor_create(oc_tensor **out, oc_context *context, oc_device *device, oc_dtype dtype, const oc_shape *shape,
                           oc_error *err) {
    oc_tensor *tensor;
    oc_status status = OC_OK;
    if (!out || !context || !shape)
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_tensor_create: out, context or shape is NULL");
    if (device && oc__device_context(device) != context)
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_tensor_create: the device is of another context");
    OC_TRY(make_with_storage(&tensor, context, device, dtype, shape, err));
    if (device) {
        status = fill_device(tensor, device, err);
    } else {
        tensor->memory->owned = true;
        tensor->memory->data = oc__alloc(context, (size_t)tensor->bytes);
        if (!tensor->memory->data)
            status = oc__fail_memory(context, err, (size_t)tensor->bytes);
    }
    if (status != OC_OK)
        oc_tensor_destroy(&tensor);
    else
        *out = tensor;
    return status;
}

oc_status oc_tensor_wrap(oc_tensor **out, oc_context *context, oc_dtype dtype, const oc_shape *shape, void *data, oc_error *err) {
    oc_tensor *tensor;
    if (!out || !context || !shape || (!data && oc_shape_count(shape) != 0))
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_tensor_wrap: out, context, shape or data is NULL");
    OC_TRY(make_with_storage(&tensor, context, NULL, dtype, shape, err));
    tensor->memory->data = data;
    *out = tensor;
    return OC_OK;
}

oc_status oc__tensor_of_buffer(oc_tensor **out, oc__buffer *buffer, uint64_t offset, oc_dtype dtype, const oc_shape *shape,
                               oc_error *err) {
    oc_tensor *tensor = NULL;
    oc_device *device = oc__buffer_device(buffer);
    oc_context *context = oc__device_context(device);
    oc_status status = make_with_storage(&tensor, context, device, dtype, shape, err);
    if (status != OC_OK) {
        oc__buffer_release(&buffer);
        return status;
    }
    tensor->memory->buffer = buffer;
    tensor->offset = offset;
    uint64_t size = oc__buffer_size(buffer);
    if (offset % oc_dtype_size(dtype) != 0)
        status = oc__fail(context, err, OC_ERROR_INVALID, "the offset %llu is no multiple of the size of %s",
                          (unsigned long long)offset, oc_dtype_name(dtype));
    else if (offset > size || tensor->bytes > size - offset)
        status = oc__fail(context, err, OC_ERROR_SHAPE, "a tensor of %llu bytes at offset %llu does not fit in %llu bytes",
                          (unsigned long long)tensor->bytes, (unsigned long long)offset, (unsigned long long)size);
    if (status != OC_OK)
        oc_tensor_destroy(&tensor);
    else
        *out = tensor;
    return status;
}

static oc_status check_view(const oc_tensor *tensor, uint64_t offset, const oc_shape *shape, const int64_t *strides,
                            oc_error *err) {
    char text[OC_SHAPE_TEXT];
    int64_t dense[OC_MAX_RANK];
    uint64_t extent, room, end;
    oc_context *context = tensor->memory->context;
    oc__shape_strides(shape, dense);
    for (int32_t i = 0; strides && i < shape->rank; i++)
        if (strides[i] < 0)
            return oc__fail(context, err, OC_ERROR_INVALID, "stride %lld of axis %d of a view is negative",
                            (long long)strides[i], (int)i);
    if (!oc__shape_extent(&tensor->shape, tensor->strides, &room) ||
        !oc__shape_extent(shape, strides ? strides : dense, &extent) || !oc__add_u64(offset, extent, &end) || end > room)
        return oc__fail(context, err, OC_ERROR_SHAPE, "a view of shape %s at element %llu goes beyond its tensor",
                        oc__shape_text(shape, text), (unsigned long long)offset);
    return OC_OK;
}

oc_status oc_tensor_view(oc_tensor **out, const oc_tensor *tensor, uint64_t offset, const oc_shape *shape,
                         const int64_t *strides, oc_error *err) {
    oc_tensor *view;
    if (!out || !tensor || !shape)
        return oc__fail(NULL, err, OC_ERROR_INVALID, "oc_tensor_view: out, tensor or shape is NULL");
    oc_context *context = tensor->memory->context;
    OC_TRY(make(&view, context, tensor->dtype, shape, strides, err));
    oc_status status = check_view(tensor, offset, shape, strides, err);
    if (status != OC_OK) {
        oc__free(context, view);
        return status;
    }
    view->memory = tensor->memory;
    view->offset = tensor->offset + offset * oc_dtype_size(tensor->dtype);
    atomic_fetch_add(&view->memory->users, 1);
    *out = view;
    return OC_OK;
}

void oc_tensor_destroy(oc_tensor **handle) {
    if (!handle || !*handle)
        return;
    oc_tensor *tensor = *handle;
    *handle = NULL;
    oc_context *context = tensor->memory->context;
    (void)!oc_tensor_unmap(tensor, NULL);
    storage_release(tensor->memory);
    oc__free(context, tensor);
}

oc_status oc_tensor_map(oc_tensor *tensor, void **data, oc_error *err) {
    uint64_t extent = 0;
    if (!tensor->memory->device) {
        *data = oc_tensor_get_data(tensor);
        return OC_OK;
    }
    if (tensor->mapped)
        return oc__fail(tensor->memory->context, err, OC_ERROR_INVALID, "the tensor is mapped already");
    if (tensor->count && oc__shape_extent(&tensor->shape, tensor->strides, &extent)) {
        oc__queue *queue = oc__device_queue(tensor->memory->device);
        uint64_t bytes = extent * oc_dtype_size(tensor->dtype);
        OC_TRY(oc__queue_map_part(queue, tensor->memory->buffer, tensor->offset, bytes, &tensor->mapped, err));
    }
    *data = tensor->mapped;
    return OC_OK;
}

oc_status oc_tensor_unmap(oc_tensor *tensor, oc_error *err) {
    if (!tensor->mapped)
        return OC_OK;
    oc__queue *queue = oc__device_queue(tensor->memory->device);
    OC_TRY(oc__queue_unmap(queue, tensor->memory->buffer, &tensor->mapped, err));
    return oc__queue_finish(queue, err); /* other queues may use it next */
}

oc_dtype oc_tensor_get_dtype(const oc_tensor *tensor) {
    return tensor->dtype;
}

const oc_shape *oc_tensor_get_shape(const oc_tensor *tensor) {
    return &tensor->shape;
}

const int64_t *oc_tensor_get_strides(const oc_tensor *tensor) {
    return tensor->strides;
}

oc_device *oc_tensor_get_device(const oc_tensor *tensor) {
    return tensor->memory->device;
}

int64_t oc_tensor_get_count(const oc_tensor *tensor) {
    return tensor->count;
}

uint64_t oc_tensor_get_bytes(const oc_tensor *tensor) {
    return tensor->bytes;
}

void *oc_tensor_get_data(const oc_tensor *tensor) {
    return tensor->memory->data ? tensor->memory->data + tensor->offset : NULL;
}

oc__buffer *oc__tensor_get_buffer(const oc_tensor *tensor) {
    return tensor->memory->buffer;
}

uint64_t oc__tensor_get_offset(const oc_tensor *tensor) {
    return tensor->offset;
}

oc_context *oc__tensor_get_context(const oc_tensor *tensor) {
    return tensor->memory->context;
}

bool oc__tensor_is_dense(const oc_tensor *tensor) {
    return tensor->dense;
}
