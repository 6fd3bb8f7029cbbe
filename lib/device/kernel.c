/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels and their arguments. */
#include "device/cl.h"

/* What a program declares itself is seen only here. */
static oc_status check_local(const oc__kernel *kernel, oc_error *err) {
    oc_device *device = kernel->device;
    cl_ulong size = 0;
    cl_int code = device->cl->clGetKernelWorkGroupInfo(kernel->handle, device->handle, CL_KERNEL_LOCAL_MEM_SIZE, sizeof size,
                                                       &size, NULL);
    size /= device->doubles_local ? 2 : 1;
    if (code != CL_SUCCESS || size <= device->info.local_mem)
        return OC_OK;
    return oc__fail(device->context, err, OC_ERROR_LIMIT, "kernel %s: %llu bytes of local memory; the device allows %llu",
                    kernel->name, (unsigned long long)size, (unsigned long long)device->info.local_mem);
}

oc_status oc__kernel_create(oc__kernel **out, oc__program *program, const char *name, oc_error *err) {
    oc_device *device = program->device;
    OC_TRY(oc__device_check(device, err));
    oc__kernel *kernel = oc__alloc(device->context, sizeof *kernel);
    char *copy = oc__strdup(device->context, name);
    oc_status status = kernel && copy ? OC_OK : oc__fail_memory(device->context, err, sizeof *kernel);
    if (status == OC_OK) {
        cl_int code = CL_SUCCESS;
        *kernel = (oc__kernel){device, device->cl->clCreateKernel(program->handle, name, &code), copy};
        if (!kernel->handle)
            status = oc__fail_cl(device->context, err, name, "clCreateKernel", code);
        else
            status = check_local(kernel, err);
    }
    if (status != OC_OK) {
        if (kernel && kernel->handle)
            device->cl->clReleaseKernel(kernel->handle);
        oc__free(device->context, copy);
        oc__free(device->context, kernel);
        return status;
    }
    *out = kernel;
    return OC_OK;
}

oc_status oc__kernel_check_args(const oc__kernel *kernel, const char *file, uint32_t count, oc_error *err) {
    oc_device *device = kernel->device;
    cl_uint takes = 0;
    cl_int code = device->cl->clGetKernelInfo(kernel->handle, CL_KERNEL_NUM_ARGS, sizeof takes, &takes, NULL);
    if (code != CL_SUCCESS)
        return oc__fail_cl(device->context, err, kernel->name, "clGetKernelInfo", code);
    return takes == count ? OC_OK
                          : oc__fail(device->context, err, OC_ERROR_INVALID, "%s: kernel %s takes %u arguments and is given %u", file,
                                     kernel->name, (unsigned)takes, (unsigned)count);
}

void oc__kernel_destroy(oc__kernel **handle) {
    if (!handle || !*handle)
        return;
    oc__kernel *kernel = *handle;
    *handle = NULL;
    kernel->device->cl->clReleaseKernel(kernel->handle);
    oc__free(kernel->device->context, kernel->name);
    oc__free(kernel->device->context, kernel);
}

static oc_status set(oc__kernel *kernel, uint32_t index, size_t size, const void *value, oc_error *err) {
    OC_TRY(oc__device_check(kernel->device, err));
    cl_int code = kernel->device->cl->clSetKernelArg(kernel->handle, index, size, value);
    if (code == CL_SUCCESS)
        return OC_OK;
    char doing[160];
    oc__format(doing, sizeof doing, "argument %u of %.100s", (unsigned)index, kernel->name);
    return oc__fail_cl(kernel->device->context, err, doing, "clSetKernelArg", code);
}

oc_status oc__kernel_set_buffer(oc__kernel *kernel, uint32_t index, const oc__buffer *buffer, oc_error *err) {
    cl_mem handle = buffer ? buffer->handle : NULL;
    return set(kernel, index, sizeof handle, &handle, err);
}

oc_status oc__kernel_set_value(oc__kernel *kernel, uint32_t index, const void *value, size_t size, oc_error *err) {
    return set(kernel, index, size, value, err);
}

oc_status oc__kernel_set_local(oc__kernel *kernel, uint32_t index, size_t size, oc_error *err) {
    if (size > kernel->device->info.local_mem)
        return oc__fail(kernel->device->context, err, OC_ERROR_LIMIT,
                        "kernel %s: %zu bytes of local memory; the device allows %llu", kernel->name, size,
                        (unsigned long long)kernel->device->info.local_mem);
    return set(kernel, index, size, NULL, err);
}
