/* SPDX-License-Identifier: Apache-2.0 */
/* Unified shared memory, cl_intel_unified_shared_memory: memory of a program's own as a tensor. Kernels here take cl_mem, so a buffer is
 * made of it, which the extension does not promise to be the same memory: it is tried once, for each kind there is. */
#include "device/cl.h"

#include <string.h>

#include <ocelli/opencl.h>

#include "device/hooks.h"

#define WHO "oc_tensor_adopt_usm"
#define PROBE 64 /* bytes */

/* Of the extension; headers of OpenCL 1.2 do not have it. */
enum { ALLOC_TYPE = 0x419A, ALLOC_BASE = 0x419B, ALLOC_SIZE = 0x419C, OF_HOST = 0x4197, OF_DEVICE = 0x4198, OF_BOTH = 0x4199 };
typedef cl_int (CL_API_CALL *get_info)(cl_context, const void *, cl_uint, size_t, void *, size_t *);
typedef void *(CL_API_CALL *allocate_host)(cl_context, const cl_bitfield *, size_t, cl_uint, cl_int *);
typedef void *(CL_API_CALL *allocate)(cl_context, cl_device_id, const cl_bitfield *, size_t, cl_uint, cl_int *);
typedef cl_int (CL_API_CALL *release)(cl_context, void *);
typedef cl_int (CL_API_CALL *copy)(cl_command_queue, cl_bool, void *, const void *, size_t, cl_uint, const cl_event *, cl_event *);

typedef struct usm {
    get_info info;
    allocate_host of_host;
    allocate of_device, of_both;
    release release;
    copy copy;
} usm;

typedef struct allocation {
    uint32_t kind;
    void *base;
    size_t size;
} allocation;

static bool find(const oc_device *device, usm *out) {
    static const char *const names[] = {"clGetMemAllocInfoINTEL", "clHostMemAllocINTEL", "clDeviceMemAllocINTEL", "clSharedMemAllocINTEL",
                                        "clMemBlockingFreeINTEL", "clEnqueueMemcpyINTEL"};
    void *found[OC_COUNT(names)], *to[] = {&out->info, &out->of_host, &out->of_device, &out->of_both, &out->release, &out->copy};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        found[i] = device->cl->clGetExtensionFunctionAddressForPlatform
                       ? device->cl->clGetExtensionFunctionAddressForPlatform(device->platform, names[i])
                       : NULL;
        if (!found[i])
            return false;
        memcpy(to[i], &found[i], sizeof found[i]);
    }
    return true;
}

/* Whether the buffer and the pointer have the same bytes, written by either and read by either. */
static cl_int compare(oc_device *device, const usm *fn, cl_mem buffer, unsigned char *memory, bool host_too, bool *same) {
    const oc__cl *cl = device->cl;
    cl_command_queue queue = device->queue->handle;
    const uint32_t first = 0x5a01a502, second = 0x36c963f8, third = 0x0f87e1d2;
    uint32_t got[4] = {0, 0, first, third};
    cl_int code = cl->clEnqueueFillBuffer(queue, buffer, &first, 4, 0, PROBE, 0, NULL, NULL);
    code = code ? code : cl->clFinish(queue);
    code = code ? code : fn->copy(queue, CL_TRUE, &got[0], memory + 8, 4, 0, NULL, NULL);
    code = code ? code : fn->copy(queue, CL_TRUE, memory + 16, &second, 4, 0, NULL, NULL);
    code = code ? code : cl->clEnqueueReadBuffer(queue, buffer, CL_TRUE, 16, 4, &got[1], 0, NULL, NULL);
    if (!code && host_too) {
        memcpy(&got[2], memory + 24, 4);
        memcpy(memory + 32, &third, 4);
        code = cl->clEnqueueReadBuffer(queue, buffer, CL_TRUE, 32, 4, &got[3], 0, NULL, NULL);
    }
    *same = got[0] == first && got[1] == second && got[2] == first && got[3] == third;
    return code;
}

static oc_status try_kind(oc_device *device, const usm *fn, uint32_t kind, bool *same, oc_error *err) {
    const oc__cl *cl = device->cl;
    allocate of_device = kind == OF_DEVICE ? fn->of_device : fn->of_both;
    cl_int code = CL_SUCCESS;
    cl_mem buffer = NULL;
    void *memory = kind == OF_HOST ? fn->of_host(device->cl_context, NULL, PROBE, 0, &code)
                                   : of_device(device->cl_context, device->handle, NULL, PROBE, 0, &code);
    if (memory)
        buffer = cl->clCreateBuffer(device->cl_context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, PROBE, memory, &code);
    oc_status status = buffer ? oc__queue_enter(device->queue, err) : oc__fail_cl(device->context, err, WHO, "clCreateBuffer", code);
    if (status == OC_OK) {
        code = compare(device, fn, buffer, memory, kind != OF_DEVICE, same);
        oc__queue_leave(device->queue);
        status = code ? oc__fail_cl(device->context, err, WHO, "a first copy", code) : OC_OK;
    }
    if (buffer)
        cl->clReleaseMemObject(buffer);
    if (memory)
        fn->release(device->cl_context, memory);
    return status;
}

static oc_status check_kind(oc_device *device, const usm *fn, uint32_t kind, oc_error *err) {
    uint32_t bit = (uint32_t)1 << (kind - OF_HOST);
    pthread_mutex_lock(&device->lock);
    bool tried = device->usm_tried & bit, same = device->usm_same & bit;
    pthread_mutex_unlock(&device->lock);
    if (!tried) {
        OC_TRY(try_kind(device, fn, kind, &same, err));
        pthread_mutex_lock(&device->lock);
        device->usm_tried |= bit;
        device->usm_same |= same ? bit : 0;
        pthread_mutex_unlock(&device->lock);
    }
    if (same)
        return OC_OK;
    return oc__fail(device->context, err, OC_ERROR_UNSUPPORTED,
                    WHO ": on %s a buffer that is made of such memory is not the same memory; oc_tensor_adopt() takes a cl_mem",
                    device->info.name);
}

static oc_status describe(oc_device *device, const usm *fn, const void *pointer, allocation *out, oc_error *err) {
    *out = (allocation){0};
    cl_int code = fn->info(device->cl_context, pointer, ALLOC_TYPE, sizeof out->kind, &out->kind, NULL);
    if (code == CL_SUCCESS && (out->kind < OF_HOST || out->kind > OF_BOTH))
        return oc__fail(device->context, err, OC_ERROR_INVALID,
                        WHO ": the pointer is of no unified shared memory of the device's cl_context");
    if (code == CL_SUCCESS)
        code = fn->info(device->cl_context, pointer, ALLOC_BASE, sizeof out->base, &out->base, NULL);
    if (code == CL_SUCCESS)
        code = fn->info(device->cl_context, pointer, ALLOC_SIZE, sizeof out->size, &out->size, NULL);
    return code == CL_SUCCESS ? OC_OK : oc__fail_cl(device->context, err, WHO, "clGetMemAllocInfoINTEL", code);
}

oc_status oc_tensor_adopt_usm(oc_tensor **out, oc_device *device, void *pointer, oc_dtype dtype, const oc_shape *shape, oc_error *err) {
    usm fn;
    allocation of;
    oc__buffer *buffer;
    cl_int code = CL_SUCCESS;
    if (!device || !out || !pointer || !shape)
        return oc__fail(device ? device->context : NULL, err, OC_ERROR_INVALID,
                        WHO ": out, device, pointer or shape is NULL");
    OC_TRY(oc__device_check(device, err));
    if (!find(device, &fn))
        return oc__fail(device->context, err, OC_ERROR_UNSUPPORTED,
                        WHO ": %s has no cl_intel_unified_shared_memory; oc_tensor_adopt() takes a cl_mem", device->info.name);
    OC_TRY(describe(device, &fn, pointer, &of, err));
    OC_TRY(check_kind(device, &fn, of.kind, err));
    cl_mem handle = device->cl->clCreateBuffer(device->cl_context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, of.size, of.base, &code);
    if (!handle)
        return oc__fail_cl(device->context, err, WHO, "clCreateBuffer", code);
    OC_TRY(oc__buffer_wrap(&buffer, device, handle, of.size, true, err));
    return oc__tensor_of_buffer(out, buffer, (uint64_t)((char *)pointer - (char *)of.base), dtype, shape, err);
}
