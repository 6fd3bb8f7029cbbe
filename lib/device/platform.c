/* SPDX-License-Identifier: Apache-2.0 */
/* All platforms and devices, and what they say of themselves. */
#include "device/cl.h"

#include <stdio.h>
#include <string.h>

enum { REASON_SIZE = 256 };

/* Cut to fit, without spaces around it. The scratch is for texts of any length. */
static bool info_text(const oc__cl *cl, cl_device_id handle, cl_device_info which, char *scratch, char *out, size_t size) {
    memset(scratch, 0, OC_SCRATCH);
    if (cl->clGetDeviceInfo(handle, which, OC_SCRATCH - 1, scratch, NULL) != CL_SUCCESS)
        return false;
    const char *start = scratch + strspn(scratch, " ");
    size_t length = strlen(start);
    while (length > 0 && start[length - 1] == ' ')
        length--;
    length = OC_MIN(length, size - 1);
    memcpy(out, start, length);
    out[length] = '\0';
    return true;
}

static uint32_t info_u32(const oc__cl *cl, cl_device_id handle, cl_device_info which) {
    cl_uint value = 0;
    return cl->clGetDeviceInfo(handle, which, sizeof value, &value, NULL) == CL_SUCCESS ? value : 0;
}

static uint64_t info_u64(const oc__cl *cl, cl_device_id handle, cl_device_info which) {
    cl_ulong value = 0;
    return cl->clGetDeviceInfo(handle, which, sizeof value, &value, NULL) == CL_SUCCESS ? value : 0;
}

static uint64_t info_size(const oc__cl *cl, cl_device_id handle, cl_device_info which) {
    size_t value = 0;
    return cl->clGetDeviceInfo(handle, which, sizeof value, &value, NULL) == CL_SUCCESS ? value : 0;
}

bool oc__cl_offers(const oc__cl *cl, cl_device_id handle, const char *name, char *scratch) {
    size_t length = strlen(name);
    memset(scratch, 0, OC_SCRATCH);
    if (cl->clGetDeviceInfo(handle, CL_DEVICE_EXTENSIONS, OC_SCRATCH - 1, scratch, NULL) != CL_SUCCESS)
        return false;
    for (const char *at = scratch; (at = strstr(at, name)); at += length)
        if ((at == scratch || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static oc_device_type type_of(cl_device_type type) {
    /* Simulators are every type at once; what they run on is a CPU. */
    if (type & CL_DEVICE_TYPE_CPU)
        return OC_DEVICE_CPU;
    if (type & CL_DEVICE_TYPE_GPU)
        return OC_DEVICE_GPU;
    return type & CL_DEVICE_TYPE_ACCELERATOR ? OC_DEVICE_ACCELERATOR : OC_DEVICE_OTHER;
}

static void read_limits(const oc__cl *cl, cl_device_id handle, oc_device_info *info, char *scratch) {
    info->type = type_of(info_u64(cl, handle, CL_DEVICE_TYPE));
    info->compute_units = OC_MAX(info_u32(cl, handle, CL_DEVICE_MAX_COMPUTE_UNITS), 1u);
    info->clock_mhz = info_u32(cl, handle, CL_DEVICE_MAX_CLOCK_FREQUENCY);
    info->address_bits = info_u32(cl, handle, CL_DEVICE_ADDRESS_BITS);
    info->address_align = OC_MAX(info_u32(cl, handle, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8, 1u);
    info->global_mem = info_u64(cl, handle, CL_DEVICE_GLOBAL_MEM_SIZE);
    info->local_mem = info_u64(cl, handle, CL_DEVICE_LOCAL_MEM_SIZE);
    info->max_alloc = info_u64(cl, handle, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info->max_work_group = OC_MAX(info_size(cl, handle, CL_DEVICE_MAX_WORK_GROUP_SIZE), (uint64_t)1);
    info->fp16 = oc__cl_offers(cl, handle, "cl_khr_fp16", scratch);
    info->fp64 = info_u64(cl, handle, CL_DEVICE_DOUBLE_FP_CONFIG) != 0;
    info->images = info_u32(cl, handle, CL_DEVICE_IMAGE_SUPPORT) != 0;
    info->out_of_order = info_u64(cl, handle, CL_DEVICE_QUEUE_PROPERTIES) & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
    info->unified_memory = info_u32(cl, handle, CL_DEVICE_HOST_UNIFIED_MEMORY) != 0;
}

static bool read_names(const oc__cl *cl, cl_device_id handle, oc_device_info *info, char *scratch) {
    cl_platform_id platform = NULL;
    if (!info_text(cl, handle, CL_DEVICE_NAME, scratch, info->name, sizeof info->name) ||
        !info_text(cl, handle, CL_DEVICE_VERSION, scratch, info->version, sizeof info->version) ||
        cl->clGetDeviceInfo(handle, CL_DEVICE_PLATFORM, sizeof platform, &platform, NULL) != CL_SUCCESS)
        return false;
    info_text(cl, handle, CL_DRIVER_VERSION, scratch, info->driver, sizeof info->driver);
    if (cl->clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof info->platform - 1, info->platform, NULL) != CL_SUCCESS)
        oc__format(info->platform, sizeof info->platform, "unnamed");
    return true;
}

/* What keeps the device from being used; "" if nothing. */
static void find_reason(const oc__cl *cl, cl_device_id handle, const oc_device_info *info, char *reason) {
    int major = 0, minor = 0;
    reason[0] = '\0';
    if (sscanf(info->version, "OpenCL %d.%d", &major, &minor) != 2 || major * 10 + minor < 12)
        oc__format(reason, REASON_SIZE, "its version is '%.100s', and OpenCL 1.2 is needed", info->version);
    else if (!info_u32(cl, handle, CL_DEVICE_AVAILABLE))
        oc__format(reason, REASON_SIZE, "it is not available");
    else if (!info_u32(cl, handle, CL_DEVICE_COMPILER_AVAILABLE))
        oc__format(reason, REASON_SIZE, "it has no compiler");
    else if (!info_u32(cl, handle, CL_DEVICE_ENDIAN_LITTLE))
        oc__format(reason, REASON_SIZE, "it is big-endian");
}

oc_status oc__info_read(oc_context *context, cl_device_id handle, oc_device_info *info, char *reason, oc_error *err) {
    const oc__cl *cl = &context->drivers->cl;
    char *scratch = oc__alloc(context, OC_SCRATCH);
    if (!scratch)
        return oc__fail_memory(context, err, OC_SCRATCH);
    *info = (oc_device_info){.id = ""};
    if (read_names(cl, handle, info, scratch))
        find_reason(cl, handle, info, reason);
    else
        oc__format(reason, REASON_SIZE, "it does not tell its name, version and platform");
    if (!reason[0])
        read_limits(cl, handle, info, scratch);
    oc__free(context, scratch);
    return OC_OK;
}

typedef struct list {
    oc__found *items;
    size_t count, capacity;
} list;

static oc_status add_device(oc_context *context, list *all, cl_platform_id platform, cl_device_id handle, unsigned p,
                            unsigned d, const oc__mask *mask, oc_error *err) {
    char reason[REASON_SIZE];
    oc__found found = {.platform = platform, .handle = handle};
    OC_TRY(oc__info_read(context, handle, &found.info, reason, err));
    if (reason[0]) {
        oc__log(context, OC_LOG_WARNING, "OpenCL device %u:%u (%s) is skipped: %s", p, d, found.info.name, reason);
        return OC_OK;
    }
    oc__mask_apply(mask, &found.info);
    oc__format(found.info.id, sizeof found.info.id, "%u:%u", p, d);
    if (!OC_ARRAY_PUSH(context, all->items, all->count, all->capacity, found))
        return oc__fail_memory(context, err, sizeof found);
    return OC_OK;
}

static oc_status add_platform(oc_context *context, list *all, cl_platform_id platform, unsigned p, const oc__mask *mask,
                              oc_error *err) {
    const oc__cl *cl = &context->drivers->cl;
    char name[128] = "";
    cl_uint count = 0;
    cl_int code = cl->clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name - 1, name, NULL);
    if (code == CL_SUCCESS)
        code = cl->clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &count);
    if (code == CL_DEVICE_NOT_FOUND || (code == CL_SUCCESS && count == 0)) {
        oc__log(context, OC_LOG_INFO, "OpenCL platform %u (%s) has no devices", p, name);
        return OC_OK;
    }
    cl_device_id *handles = NULL;
    if (code == CL_SUCCESS) {
        handles = oc__alloc_array(context, count, sizeof *handles);
        if (!handles)
            return oc__fail_memory(context, err, count * sizeof *handles);
        code = cl->clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, handles, NULL);
    }
    oc_status status = OC_OK;
    if (code != CL_SUCCESS)
        oc__log(context, OC_LOG_WARNING, "OpenCL platform %u (%s) is skipped: clGetDeviceIDs: %s (%d)", p, name,
                oc__cl_error_name(code), code);
    for (unsigned d = 0; code == CL_SUCCESS && d < count && status == OC_OK; d++)
        status = add_device(context, all, platform, handles[d], p, d, mask, err);
    oc__free(context, handles);
    return status;
}

static oc_status get_platforms(oc_context *context, cl_platform_id **out, cl_uint *count, oc_error *err) {
    const oc__cl *cl = &context->drivers->cl;
    cl_uint n = 0;
    cl_int code = cl->clGetPlatformIDs(0, NULL, &n);
    if (code == -1001 || (code == CL_SUCCESS && n == 0)) /* CL_PLATFORM_NOT_FOUND_KHR, of the loader */
        return oc__fail_native(context, err, OC_ERROR_NO_DEVICE, code,
                               "the OpenCL loader found no driver: install one (Debian: pocl-opencl-icd runs on any CPU; GPU "
                               "vendors have their own), and check OCL_ICD_VENDORS if it is set");
    cl_platform_id *platforms = code == CL_SUCCESS ? oc__alloc_array(context, n, sizeof *platforms) : NULL;
    if (code == CL_SUCCESS && !platforms)
        return oc__fail_memory(context, err, n * sizeof *platforms);
    if (code == CL_SUCCESS)
        code = cl->clGetPlatformIDs(n, platforms, NULL);
    if (code != CL_SUCCESS) {
        oc__free(context, platforms);
        return oc__fail_native(context, err, OC_ERROR_NO_DEVICE, code,
                               "the OpenCL loader failed, clGetPlatformIDs: %s (%d): reinstall the OpenCL drivers (Debian: "
                               "ocl-icd-libopencl1, pocl-opencl-icd)",
                               oc__cl_error_name(code), code);
    }
    *out = platforms;
    *count = n;
    return OC_OK;
}

oc_status oc__found_list(oc_context *context, oc__found **out, size_t *count, oc_error *err) {
    oc__drivers *drivers;
    oc__mask mask;
    cl_platform_id *platforms = NULL;
    cl_uint platform_count = 0;
    list all = {0};
    OC_TRY(oc__drivers_get(context, &drivers, err));
    OC_TRY(oc__mask_parse(context, context->mask, &mask, err));
    OC_TRY(get_platforms(context, &platforms, &platform_count, err));
    oc_status status = OC_OK;
    for (unsigned p = 0; p < platform_count && status == OC_OK; p++)
        status = add_platform(context, &all, platforms[p], p, &mask, err);
    oc__free(context, platforms);
    if (status == OC_OK && all.count == 0)
        status = oc__fail(context, err, OC_ERROR_NO_DEVICE,
                          "none of the %u OpenCL platforms has a usable device: install another driver (Debian: "
                          "pocl-opencl-icd runs on any CPU)",
                          platform_count);
    if (status != OC_OK) {
        oc__free(context, all.items);
        return status;
    }
    *out = all.items;
    *count = all.count;
    return OC_OK;
}

oc_status oc_device_list(oc_context *context, oc_device_info *infos, size_t capacity, size_t *count, oc_error *err) {
    if (!context || !count || (!infos && capacity))
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_device_list: context, infos or count is NULL");
    oc__found *found;
    size_t total;
    OC_TRY(oc__found_list(context, &found, &total, err));
    for (size_t i = 0; i < OC_MIN(total, capacity); i++)
        infos[i] = found[i].info;
    *count = total;
    oc__free(context, found);
    return OC_OK;
}

const char *oc_device_type_name(oc_device_type type) {
    switch (type) {
    case OC_DEVICE_CPU:
        return "cpu";
    case OC_DEVICE_GPU:
        return "gpu";
    case OC_DEVICE_ACCELERATOR:
        return "accel";
    default:
        return "other";
    }
}
