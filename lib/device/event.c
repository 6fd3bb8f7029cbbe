/* SPDX-License-Identifier: Apache-2.0 */
/* Events: waiting, and device time. */
#include "device/cl.h"

oc_status oc__event_wrap(oc__event **out, oc_device *device, cl_event handle, oc_error *err) {
    oc__event *event = oc__alloc(device->context, sizeof *event);
    if (!event) {
        device->cl->clReleaseEvent(handle);
        return oc__fail_memory(device->context, err, sizeof *event);
    }
    event->device = device;
    event->handle = handle;
    *out = event;
    return OC_OK;
}

oc_status oc__event_wait(oc__event *event, oc_error *err) {
    if (!event)
        return OC_OK;
    oc_device *device = event->device;
    OC_TRY(oc__device_check(device, err));
    if (event->signal)
        return oc__signal_wait(event->signal, err);
    cl_int code = device->cl->clWaitForEvents(1, &event->handle), state = CL_COMPLETE;
    if (code == CL_SUCCESS || code == CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST) {
        cl_int asked = device->cl->clGetEventInfo(event->handle, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL);
        if (asked == CL_SUCCESS && state < 0)
            return oc__fail_cl(device->context, err, "enqueued work failed", "clWaitForEvents", state);
    }
    return code == CL_SUCCESS ? OC_OK : oc__fail_cl(device->context, err, NULL, "clWaitForEvents", code);
}

void oc__event_destroy(oc__event **handle) {
    if (!handle || !*handle)
        return;
    oc__event *event = *handle;
    *handle = NULL;
    if (event->signal)
        oc__signal_release(&event->signal);
    else
        event->device->cl->clReleaseEvent(event->handle);
    oc__free(event->device->context, event);
}

oc_status oc__signal_event(oc__event **out, oc_device *device, oc__signal *signal, oc_error *err) {
    oc__event *event = oc__alloc(device->context, sizeof *event);
    if (!event)
        return oc__fail_memory(device->context, err, sizeof *event);
    event->device = device;
    event->signal = oc__signal_retain(signal);
    *out = event;
    return OC_OK;
}

oc_status oc_event_wait(oc_event *event, oc_error *err) {
    return oc__event_wait(event, err);
}

void oc_event_destroy(oc_event **event) {
    oc__event_destroy(event);
}

oc_status oc__event_times(oc__event *event, uint64_t *start_ns, uint64_t *end_ns, oc_error *err) {
    const oc__cl *cl = event->device->cl;
    cl_ulong start = 0, end = 0;
    OC_TRY(oc__event_wait(event, err));
    if (event->signal)
        return oc__fail(event->device->context, err, OC_ERROR_UNSUPPORTED, "runs on several devices have no times of one device");
    cl_int code = cl->clGetEventProfilingInfo(event->handle, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL);
    if (code == CL_SUCCESS)
        code = cl->clGetEventProfilingInfo(event->handle, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
    if (code != CL_SUCCESS)
        return oc__fail_cl(event->device->context, err, NULL, "clGetEventProfilingInfo", code);
    *start_ns = start;
    *end_ns = OC_MAX(start, end);
    return OC_OK;
}

oc_status oc__event_seconds(oc__event *event, double *seconds, oc_error *err) {
    uint64_t start, end;
    OC_TRY(oc__event_times(event, &start, &end, err));
    *seconds = 1e-9 * (double)(end - start);
    return OC_OK;
}
