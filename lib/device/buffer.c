/* SPDX-License-Identifier: Apache-2.0 */
/* Device memory, counted. */
#include "device/cl.h"

static oc_status reserve(oc_device *device, uint64_t size, oc_error *err) {
    if (size < 1 || size > device->info.max_alloc)
        return oc__fail(device->context, err, OC_ERROR_LIMIT,
                        "a buffer of %llu bytes was asked for; %s allows 1 to %llu", (unsigned long long)size,
                        device->info.name, (unsigned long long)device->info.max_alloc);
    pthread_mutex_lock(&device->lock);
    uint64_t used = device->used;
    bool fits = used <= device->limit && size <= device->limit - used;
    if (fits) {
        device->used += size;
        device->peak = OC_MAX(device->peak, device->used);
    }
    pthread_mutex_unlock(&device->lock);
    if (fits)
        return OC_OK;
    return oc__fail(device->context, err, OC_ERROR_DEVICE_MEMORY,
                    "out of memory on %s: %llu bytes were asked for with %llu in use and a limit of %llu", device->info.name,
                    (unsigned long long)size, (unsigned long long)used, (unsigned long long)device->limit);
}

static void unreserve(oc_device *device, uint64_t size) {
    pthread_mutex_lock(&device->lock);
    device->used -= size;
    pthread_mutex_unlock(&device->lock);
}

oc_status oc__buffer_wrap(oc__buffer **out, oc_device *device, cl_mem handle, uint64_t size, bool adopted, oc_error *err) {
    oc__buffer *buffer = oc__alloc(device->context, sizeof *buffer);
    if (!buffer) {
        device->cl->clReleaseMemObject(handle);
        return oc__fail_memory(device->context, err, sizeof *buffer);
    }
    buffer->device = device;
    buffer->handle = handle;
    buffer->size = size;
    buffer->adopted = adopted;
    atomic_init(&buffer->users, 1);
    *out = buffer;
    return OC_OK;
}

oc_status oc__buffer_create(oc__buffer **out, oc_device *device, uint64_t size, oc_error *err) {
    OC_TRY(oc__device_check(device, err));
    OC_TRY(reserve(device, size, err));
    cl_int code = CL_SUCCESS;
    cl_mem handle = oc__pages_buffer(device, size);
    if (!handle)
        handle = device->cl->clCreateBuffer(device->cl_context, CL_MEM_READ_WRITE, (size_t)size, NULL, &code);
    oc_status status;
    if (handle) {
        status = oc__buffer_wrap(out, device, handle, size, false, err);
    } else {
        char doing[96];
        oc__format(doing, sizeof doing, "a buffer of %llu bytes", (unsigned long long)size);
        status = oc__fail_cl(device->context, err, doing, "clCreateBuffer", code);
    }
    if (status != OC_OK)
        unreserve(device, size);
    return status;
}

oc_status oc__buffer_borrow(oc__buffer **out, oc_device *device, const void *host, uint64_t size, oc_error *err) {
    OC_TRY(oc__device_check(device, err));
    cl_int code = CL_INVALID_BUFFER_SIZE;
    cl_mem handle = NULL;
    if (size > 0 && size <= device->info.max_alloc)
        handle = device->cl->clCreateBuffer(device->cl_context, CL_MEM_READ_ONLY | CL_MEM_USE_HOST_PTR, (size_t)size, (void *)host,
                                            &code);
    if (handle)
        return oc__buffer_wrap(out, device, handle, size, true, err);
    char doing[96];
    oc__format(doing, sizeof doing, "a buffer of %llu bytes of the host", (unsigned long long)size);
    return oc__fail_cl(device->context, err, doing, "clCreateBuffer", code);
}

oc__buffer *oc__buffer_retain(oc__buffer *buffer) {
    atomic_fetch_add(&buffer->users, 1);
    return buffer;
}

void oc__buffer_release(oc__buffer **handle) {
    if (!handle || !*handle)
        return;
    oc__buffer *buffer = *handle;
    *handle = NULL;
    if (atomic_fetch_sub(&buffer->users, 1) != 1)
        return;
    buffer->device->cl->clReleaseMemObject(buffer->handle);
    if (!buffer->adopted)
        unreserve(buffer->device, buffer->size);
    oc__free(buffer->device->context, buffer);
}

uint64_t oc__buffer_size(const oc__buffer *buffer) {
    return buffer->size;
}

oc_device *oc__buffer_device(const oc__buffer *buffer) {
    return buffer->device;
}
