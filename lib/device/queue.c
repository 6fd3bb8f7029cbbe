/* SPDX-License-Identifier: Apache-2.0 */
/* Queues: in order as seen from here, whatever the driver's queue is. */
#include "device/cl.h"

#include <string.h>

oc_status oc__queue_wrap(oc__queue **out, oc_device *device, cl_command_queue handle, bool locked, oc_error *err) {
    oc__queue *queue = oc__alloc(device->context, sizeof *queue);
    if (!queue) {
        device->cl->clReleaseCommandQueue(handle);
        return oc__fail_memory(device->context, err, sizeof *queue);
    }
    cl_command_queue_properties properties = 0;
    device->cl->clGetCommandQueueInfo(handle, CL_QUEUE_PROPERTIES, sizeof properties, &properties, NULL);
    queue->device = device;
    queue->handle = handle;
    queue->profiling = properties & CL_QUEUE_PROFILING_ENABLE;
    queue->out_of_order = properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
    queue->locked = locked;
    pthread_mutex_init(&queue->lock, NULL);
    *out = queue;
    return OC_OK;
}

oc_status oc__queue_create(oc__queue **out, oc_device *device, bool profiling, oc_error *err) {
    OC_TRY(oc__device_check(device, err));
    const oc__cl *cl = device->cl;
    cl_command_queue_properties flags = profiling ? CL_QUEUE_PROFILING_ENABLE : 0;
    cl_queue_properties list[] = {CL_QUEUE_PROPERTIES, flags, 0};
    cl_int code = CL_SUCCESS;
    cl_command_queue handle;
    /* The loader has the newer function for every driver; one of 1.x has none behind it. */
    bool modern = strncmp(device->info.version, "OpenCL 1.", 9) != 0;
    if (modern && cl->clCreateCommandQueueWithProperties)
        handle = cl->clCreateCommandQueueWithProperties(device->cl_context, device->handle, list, &code);
    else
        handle = cl->clCreateCommandQueue(device->cl_context, device->handle, flags, &code);
    if (!handle)
        return oc__fail_cl(device->context, err, device->info.name, "clCreateCommandQueue", code);
    return oc__queue_wrap(out, device, handle, false, err);
}

void oc__queue_destroy(oc__queue **handle) {
    if (!handle || !*handle)
        return;
    oc__queue *queue = *handle;
    *handle = NULL;
    queue->device->cl->clReleaseCommandQueue(queue->handle);
    pthread_mutex_destroy(&queue->lock);
    oc__free(queue->device->context, queue);
}

oc_device *oc__queue_device(const oc__queue *queue) {
    return queue->device;
}

bool oc__queue_profiling(const oc__queue *queue) {
    return queue->profiling;
}

oc_status oc__queue_enter(oc__queue *queue, oc_error *err) {
    OC_TRY(oc__device_check(queue->device, err));
    if (queue->locked)
        pthread_mutex_lock(&queue->lock);
    if (!queue->out_of_order)
        return OC_OK;
    cl_int code = queue->device->cl->clEnqueueBarrierWithWaitList(queue->handle, 0, NULL, NULL);
    if (code == CL_SUCCESS)
        return OC_OK;
    oc__queue_leave(queue);
    return oc__fail_cl(queue->device->context, err, NULL, "clEnqueueBarrierWithWaitList", code);
}

void oc__queue_leave(oc__queue *queue) {
    if (queue->locked)
        pthread_mutex_unlock(&queue->lock);
}

static oc_status leave(oc__queue *queue, const char *call, cl_int code, oc_error *err) {
    oc__queue_leave(queue);
    return code == CL_SUCCESS ? OC_OK : oc__fail_cl(queue->device->context, err, NULL, call, code);
}

static oc_status check_range(const oc__queue *queue, const oc__buffer *buffer, uint64_t offset, uint64_t size, oc_error *err) {
    if (offset <= buffer->size && size <= buffer->size - offset)
        return OC_OK;
    return oc__fail(queue->device->context, err, OC_ERROR_INVALID,
                    "bytes %llu to %llu of a buffer of %llu bytes were asked for", (unsigned long long)offset,
                    (unsigned long long)(offset + size), (unsigned long long)buffer->size);
}

oc_status oc__queue_write(oc__queue *queue, oc__buffer *dst, uint64_t offset, const void *src, uint64_t size, bool wait,
                          oc_error *err) {
    OC_TRY(check_range(queue, dst, offset, size, err));
    if (size == 0)
        return wait ? oc__queue_finish(queue, err) : OC_OK;
    OC_TRY(oc__queue_enter(queue, err));
    cl_int code = queue->device->cl->clEnqueueWriteBuffer(queue->handle, dst->handle, wait ? CL_TRUE : CL_FALSE,
                                                          (size_t)offset, (size_t)size, src, 0, NULL, NULL);
    return leave(queue, "clEnqueueWriteBuffer", code, err);
}

oc_status oc__queue_upload(oc__queue *queue, oc__buffer *dst, uint64_t offset, const void *src, uint64_t size, oc_error *err) {
    OC_TRY(oc__queue_write(queue, dst, offset, src, size, true, err));
    return oc__queue_finish(queue, err);
}

oc_status oc__queue_read(oc__queue *queue, const oc__buffer *src, uint64_t offset, void *dst, uint64_t size, bool wait,
                         oc_error *err) {
    OC_TRY(check_range(queue, src, offset, size, err));
    if (size == 0)
        return wait ? oc__queue_finish(queue, err) : OC_OK;
    OC_TRY(oc__queue_enter(queue, err));
    cl_int code = queue->device->cl->clEnqueueReadBuffer(queue->handle, src->handle, wait ? CL_TRUE : CL_FALSE,
                                                         (size_t)offset, (size_t)size, dst, 0, NULL, NULL);
    return leave(queue, "clEnqueueReadBuffer", code, err);
}

oc_status oc__queue_copy(oc__queue *queue, const oc__buffer *src, uint64_t src_offset, oc__buffer *dst, uint64_t dst_offset,
                         uint64_t size, oc_error *err) {
    OC_TRY(check_range(queue, src, src_offset, size, err));
    OC_TRY(check_range(queue, dst, dst_offset, size, err));
    if (size == 0)
        return OC_OK;
    OC_TRY(oc__queue_enter(queue, err));
    cl_int code = queue->device->cl->clEnqueueCopyBuffer(queue->handle, src->handle, dst->handle, (size_t)src_offset,
                                                         (size_t)dst_offset, (size_t)size, 0, NULL, NULL);
    return leave(queue, "clEnqueueCopyBuffer", code, err);
}

oc_status oc__queue_map(oc__queue *queue, oc__buffer *buffer, void **host, oc_error *err) {
    return oc__queue_map_part(queue, buffer, 0, buffer->size, host, err);
}

oc_status oc__queue_map_part(oc__queue *queue, oc__buffer *buffer, uint64_t offset, uint64_t size, void **host, oc_error *err) {
    cl_int code = CL_SUCCESS;
    OC_TRY(check_range(queue, buffer, offset, size, err));
    OC_TRY(oc__queue_enter(queue, err));
    void *mapped = queue->device->cl->clEnqueueMapBuffer(queue->handle, buffer->handle, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE,
                                                         (size_t)offset, (size_t)size, 0, NULL, NULL, &code);
    OC_TRY(leave(queue, "clEnqueueMapBuffer", code, err));
    *host = mapped;
    return OC_OK;
}

oc_status oc__queue_unmap(oc__queue *queue, oc__buffer *buffer, void **host, oc_error *err) {
    void *mapped = *host;
    *host = NULL;
    if (!mapped)
        return OC_OK;
    OC_TRY(oc__queue_enter(queue, err));
    cl_int code = queue->device->cl->clEnqueueUnmapMemObject(queue->handle, buffer->handle, mapped, 0, NULL, NULL);
    return leave(queue, "clEnqueueUnmapMemObject", code, err);
}

oc_status oc__queue_fill(oc__queue *queue, oc__buffer *dst, uint64_t offset, uint64_t size, const void *pattern,
                         size_t pattern_size, oc_error *err) {
    OC_TRY(check_range(queue, dst, offset, size, err));
    if (size == 0)
        return OC_OK;
    OC_TRY(oc__queue_enter(queue, err));
    cl_int code = queue->device->cl->clEnqueueFillBuffer(queue->handle, dst->handle, pattern, pattern_size, (size_t)offset,
                                                         (size_t)size, 0, NULL, NULL);
    return leave(queue, "clEnqueueFillBuffer", code, err);
}

oc_status oc__queue_flush(oc__queue *queue, oc_error *err) {
    OC_TRY(oc__device_check(queue->device, err));
    cl_int code = queue->device->cl->clFlush(queue->handle);
    return code == CL_SUCCESS ? OC_OK : oc__fail_cl(queue->device->context, err, NULL, "clFlush", code);
}

oc_status oc__queue_finish(oc__queue *queue, oc_error *err) {
    OC_TRY(oc__device_check(queue->device, err));
    cl_int code = queue->device->cl->clFinish(queue->handle);
    return code == CL_SUCCESS ? OC_OK : oc__fail_cl(queue->device->context, err, NULL, "clFinish", code);
}

/* A command waits only for what its own queue was told to start. */
static void flush_source(const oc__queue *queue, cl_event event) {
    cl_command_queue source = NULL;
    cl_int code = queue->device->cl->clGetEventInfo(event, CL_EVENT_COMMAND_QUEUE, sizeof source, &source, NULL);
    if (code == CL_SUCCESS && source && source != queue->handle)
        queue->device->cl->clFlush(source);
}

oc_status oc__queue_wait_event(oc__queue *queue, oc__event *event, oc_error *err) {
    if (!event)
        return OC_OK;
    if (event->signal || event->device->cl_context != queue->device->cl_context)
        return oc__event_wait(event, err);
    OC_TRY(oc__queue_enter(queue, err));
    flush_source(queue, event->handle);
    cl_int code = queue->device->cl->clEnqueueBarrierWithWaitList(queue->handle, 1, &event->handle, NULL);
    return leave(queue, "clEnqueueBarrierWithWaitList", code, err);
}

oc_status oc__queue_mark(oc__queue *queue, oc__event **out, oc_error *err) {
    cl_event event = NULL;
    OC_TRY(oc__queue_enter(queue, err));
    cl_int code = queue->device->cl->clEnqueueMarkerWithWaitList(queue->handle, 0, NULL, &event);
    OC_TRY(leave(queue, "clEnqueueMarkerWithWaitList", code, err));
    return oc__event_wrap(out, queue->device, event, err);
}

static oc_status check_launch(const oc__queue *queue, const oc__kernel *kernel, const oc__range *range, oc_error *err) {
    uint64_t items = 1;
    bool right = range->dims >= 1 && range->dims <= 3;
    for (uint32_t i = 0; right && i < range->dims; i++) {
        right = range->local[i] > 0 && range->global[i] > 0 && range->global[i] % range->local[i] == 0 &&
                range->global[i] <= SIZE_MAX && oc__mul_u64(items, range->local[i], &items);
    }
    if (!right)
        return oc__fail(queue->device->context, err, OC_ERROR_INVALID,
                        "kernel %s: global sizes must be multiples of the local ones, and 1 to 3", kernel->name);
    if (items > queue->device->info.max_work_group)
        return oc__fail(queue->device->context, err, OC_ERROR_LIMIT,
                        "kernel %s: work-groups of %llu items; the device allows %llu", kernel->name,
                        (unsigned long long)items, (unsigned long long)queue->device->info.max_work_group);
    return OC_OK;
}

oc_status oc__queue_launch(oc__queue *queue, oc__kernel *kernel, const oc__range *range, oc__event **event, oc_error *err) {
    OC_TRY(check_launch(queue, kernel, range, err));
    size_t global[3], local[3];
    for (uint32_t i = 0; i < range->dims; i++) {
        global[i] = (size_t)range->global[i];
        local[i] = (size_t)range->local[i];
    }
    cl_event handle = NULL;
    OC_TRY(oc__queue_enter(queue, err));
    if (queue->device->one_launch)
        pthread_mutex_lock(&queue->device->launch_lock);
    cl_int code = queue->device->cl->clEnqueueNDRangeKernel(queue->handle, kernel->handle, range->dims, NULL, global, local, 0,
                                                            NULL, event ? &handle : NULL);
    if (code == CL_SUCCESS && queue->device->ends_launch)
        queue->device->cl->clFinish(queue->handle); /* what fails is told of where the caller waits */
    if (queue->device->one_launch)
        pthread_mutex_unlock(&queue->device->launch_lock);
    oc__queue_leave(queue);
    if (code != CL_SUCCESS)
        return oc__fail_cl(queue->device->context, err, kernel->name, "clEnqueueNDRangeKernel", code);
    return event ? oc__event_wrap(event, queue->device, handle, err) : OC_OK;
}
