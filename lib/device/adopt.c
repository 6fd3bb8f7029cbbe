/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of opencl.h: a program's own OpenCL objects, and ours for the program. */
#include "device/cl.h"

#include <ocelli/opencl.h>

#include "device/hooks.h"

static bool context_has(oc_context *context, const oc__cl *cl, cl_context cl_ctx, cl_device_id wanted) {
    size_t size = 0;
    if (cl->clGetContextInfo(cl_ctx, CL_CONTEXT_DEVICES, 0, NULL, &size) != CL_SUCCESS || size == 0)
        return false;
    cl_device_id *devices = oc__alloc(context, size);
    bool found = false;
    if (devices && cl->clGetContextInfo(cl_ctx, CL_CONTEXT_DEVICES, size, devices, NULL) == CL_SUCCESS)
        for (size_t i = 0; i < size / sizeof *devices; i++)
            found |= devices[i] == wanted;
    oc__free(context, devices);
    return found;
}

static bool queue_fits(const oc__cl *cl, cl_command_queue queue, cl_context cl_ctx, cl_device_id cl_device) {
    cl_context of = NULL;
    cl_device_id on = NULL;
    return cl->clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof of, &of, NULL) == CL_SUCCESS && of == cl_ctx &&
           cl->clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof on, &on, NULL) == CL_SUCCESS && on == cl_device;
}

static oc_status describe(oc_context *context, cl_context cl_ctx, cl_device_id cl_device, cl_command_queue cl_queue,
                          oc_device_info *info, oc_error *err) {
    const oc__cl *cl = &context->drivers->cl;
    char reason[256];
    oc__mask mask;
    if (!context_has(context, cl, cl_ctx, cl_device))
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_device_adopt: the cl_context does not hold this cl_device_id");
    if (cl_queue && !queue_fits(cl, cl_queue, cl_ctx, cl_device))
        return oc__fail(context, err, OC_ERROR_INVALID,
                        "oc_device_adopt: the cl_command_queue is of another cl_context or cl_device_id");
    OC_TRY(oc__mask_parse(context, context->mask, &mask, err));
    OC_TRY(oc__info_read(context, cl_device, info, reason, err));
    if (reason[0])
        return oc__fail(context, err, OC_ERROR_NO_DEVICE, "oc_device_adopt: %s cannot be used: %s", info->name, reason);
    oc__mask_apply(&mask, info);
    oc__format(info->id, sizeof info->id, "adopted");
    return OC_OK;
}

oc_status oc_device_adopt(oc_device **out, oc_context *context, cl_context cl_ctx, cl_device_id cl_device,
                          cl_command_queue cl_queue, oc_error *err) {
    oc__drivers *drivers;
    oc_device_info info;
    oc_device *device;
    if (!out || !context || !cl_ctx || !cl_device)
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_device_adopt: out, context, cl_ctx or cl_device is NULL");
    OC_TRY(oc__drivers_get(context, &drivers, err));
    OC_TRY(describe(context, cl_ctx, cl_device, cl_queue, &info, err));
    OC_TRY(oc__device_new(&device, context, &info, err));
    cl_int code = drivers->cl.clRetainContext(cl_ctx);
    oc_status status = code == CL_SUCCESS ? OC_OK : oc__fail_cl(context, err, NULL, "clRetainContext", code);
    if (status == OC_OK) {
        device->cl_context = cl_ctx;
        device->handle = cl_device;
        drivers->cl.clGetDeviceInfo(cl_device, CL_DEVICE_PLATFORM, sizeof device->platform, &device->platform, NULL);
        code = cl_queue ? drivers->cl.clRetainCommandQueue(cl_queue) : CL_SUCCESS;
        status = code == CL_SUCCESS ? oc__device_start(device, cl_queue, err)
                                    : oc__fail_cl(context, err, NULL, "clRetainCommandQueue", code);
    }
    if (status != OC_OK)
        oc_device_destroy(&device);
    else
        *out = device;
    return status;
}

static oc_status adopt_buffer(oc__buffer **out, oc_device *device, cl_mem handle, oc_error *err) {
    const oc__cl *cl = device->cl;
    size_t size = 0;
    cl_context of = NULL;
    cl_int code = cl->clGetMemObjectInfo(handle, CL_MEM_SIZE, sizeof size, &size, NULL);
    if (code == CL_SUCCESS)
        code = cl->clGetMemObjectInfo(handle, CL_MEM_CONTEXT, sizeof of, &of, NULL);
    if (code != CL_SUCCESS)
        return oc__fail_cl(device->context, err, "oc_tensor_adopt", "clGetMemObjectInfo", code);
    if (of != device->cl_context)
        return oc__fail(device->context, err, OC_ERROR_INVALID,
                        "oc_tensor_adopt: the cl_mem is of another cl_context than the device");
    code = cl->clRetainMemObject(handle);
    if (code != CL_SUCCESS)
        return oc__fail_cl(device->context, err, "oc_tensor_adopt", "clRetainMemObject", code);
    return oc__buffer_wrap(out, device, handle, size, true, err);
}

oc_status oc_tensor_adopt(oc_tensor **out, oc_device *device, cl_mem buffer, uint64_t offset, oc_dtype dtype,
                          const oc_shape *shape, oc_error *err) {
    oc__buffer *adopted;
    if (!device || !out || !buffer || !shape)
        return oc__fail(device ? device->context : NULL, err, OC_ERROR_INVALID,
                        "oc_tensor_adopt: out, device, buffer or shape is NULL");
    OC_TRY(oc__device_check(device, err));
    OC_TRY(adopt_buffer(&adopted, device, buffer, err));
    return oc__tensor_of_buffer(out, adopted, offset, dtype, shape, err);
}

cl_mem oc_tensor_get_cl_mem(const oc_tensor *tensor) {
    const oc__buffer *buffer = oc__tensor_get_buffer(tensor);
    return buffer ? buffer->handle : NULL;
}

oc_status oc_event_adopt(oc_event **out, oc_device *device, cl_event event, oc_error *err) {
    if (!device || !out || !event)
        return oc__fail(device ? device->context : NULL, err, OC_ERROR_INVALID,
                        "oc_event_adopt: out, device or event is NULL");
    OC_TRY(oc__device_check(device, err));
    cl_context of = NULL;
    cl_int code = device->cl->clGetEventInfo(event, CL_EVENT_CONTEXT, sizeof of, &of, NULL);
    if (code == CL_SUCCESS && of != device->cl_context)
        return oc__fail(device->context, err, OC_ERROR_INVALID,
                        "oc_event_adopt: the cl_event is of another cl_context than the device");
    if (code == CL_SUCCESS)
        code = device->cl->clRetainEvent(event);
    if (code != CL_SUCCESS)
        return oc__fail_cl(device->context, err, "oc_event_adopt", "clRetainEvent", code);
    return oc__event_wrap(out, device, event, err);
}

cl_event oc_event_get_cl_event(const oc_event *event) {
    return event->handle;
}

cl_context oc_device_get_cl_context(const oc_device *device) {
    return device->cl_context;
}

cl_device_id oc_device_get_cl_device(const oc_device *device) {
    return device->handle;
}

cl_command_queue oc_device_get_cl_queue(const oc_device *device) {
    return device->queue->handle;
}
