/* SPDX-License-Identifier: Apache-2.0 */
/* What solvers decide by, and the host CPU's name. */
#include "device/cl.h"

#include <string.h>
#include <sys/utsname.h>

/* Of OpenCL 3.0, an extension and two vendors; asked of every device, unknown ones refuse. */
enum { MAX_SUB_GROUPS = 0x105C, PREFERRED_MULTIPLE = 0x1067, HALF_FP_CONFIG = 0x1033, WARP_SIZE_NV = 0x4003, WAVEFRONT_WIDTH_AMD = 0x4043 };

static uint32_t ask_u32(const oc_device *device, cl_device_info which) {
    cl_uint value = 0;
    return device->cl->clGetDeviceInfo(device->handle, which, sizeof value, &value, NULL) == CL_SUCCESS ? value : 0;
}

static uint32_t lockstep(const oc_device *device) {
    size_t multiple = 0;
    if (device->cl->clGetDeviceInfo(device->handle, PREFERRED_MULTIPLE, sizeof multiple, &multiple, NULL) == CL_SUCCESS &&
        multiple > 0 && multiple <= 1024)
        return (uint32_t)multiple;
    uint32_t width = ask_u32(device, WARP_SIZE_NV);
    width = width ? width : ask_u32(device, WAVEFRONT_WIDTH_AMD);
    return width <= 1024 ? width : 0;
}

static oc__sub_groups sub_groups_of(const oc_device *device) {
    char *scratch = oc__alloc(device->context, OC_SCRATCH);
    bool later = !strncmp(device->info.version, "OpenCL 2", 8) || !strncmp(device->info.version, "OpenCL 3", 8);
    oc__sub_groups kind = OC_SUB_GROUPS_NONE;
    if (scratch && oc__cl_offers(device->cl, device->handle, "cl_intel_subgroups", scratch))
        kind = OC_SUB_GROUPS_INTEL;
    else if (scratch && later && oc__cl_offers(device->cl, device->handle, "cl_khr_subgroups", scratch) && ask_u32(device, MAX_SUB_GROUPS))
        kind = OC_SUB_GROUPS_KHR;
    oc__free(device->context, scratch);
    return kind;
}

/* With subnormal numbers, which gradients are. The half instructions of CPUs have them, though Intel's runtime does not say so. */
static bool computes_in_half(const oc_device *device) {
    cl_device_fp_config config = 0;
    device->cl->clGetDeviceInfo(device->handle, HALF_FP_CONFIG, sizeof config, &config, NULL);
    return config & CL_FP_ROUND_TO_NEAREST && (config & CL_FP_DENORM || device->info.type == OC_DEVICE_CPU);
}

static void guess_speed(oc_device *device) {
    oc__caps *caps = &device->caps;
    bool cpu = caps->type == OC_DEVICE_CPU;
    double clock = 1e6 * (device->info.clock_mhz ? device->info.clock_mhz : cpu ? 3000 : 1000); /* Intel's runtime does not tell a server's */
    double width = caps->simt_width > 1 ? (cpu ? 8 : OC_MAX(caps->simt_width * 2.0, 64.0)) : caps->simd_width;
    caps->peak_flops = caps->compute_units * clock * 2 * width * (cpu ? 2 : 1);
    caps->peak_bytes = cpu ? 16e9 * OC_MIN(caps->compute_units, 4u) : caps->unified_memory ? 40e9 : 200e9;
    caps->launch_seconds = cpu ? 2e-6 : 6e-6;
    caps->group_seconds = cpu ? 6e-9 : 1e-7 / caps->compute_units;
}

void oc__caps_read(oc_device *device) {
    const oc_device_info *info = &device->info;
    oc__caps *caps = &device->caps;
    *caps = (oc__caps){.type = info->type,
                       .compute_units = info->compute_units,
                       .max_work_group = info->max_work_group,
                       .local_mem = info->local_mem,
                       .max_alloc = info->max_alloc,
                       .global_mem = info->global_mem,
                       .address_bits = info->address_bits,
                       .align = info->address_align,
                       .fp16 = info->fp16,
                       .fp64 = info->fp64,
                       .out_of_order = info->out_of_order,
                       .unified_memory = info->unified_memory};
    cl_device_fp_config config = 0;
    device->cl->clGetDeviceInfo(device->handle, CL_DEVICE_SINGLE_FP_CONFIG, sizeof config, &config, NULL);
    caps->fast_fma = (config & CL_FP_FMA) != 0;
    caps->half_arithmetic = info->fp16 && computes_in_half(device);
    uint32_t native = ask_u32(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT);
    uint32_t preferred = ask_u32(device, CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT);
    caps->simd_width = OC_MAX(native ? native : preferred, 1u);
    /* A CPU that has vectors inside a work-item runs items one after the other (PoCL, Intel). One that has none
     * spreads them over its vector lanes as a GPU does (llvmpipe). */
    caps->simt_width = info->type == OC_DEVICE_CPU && caps->simd_width > 1 ? 1 : lockstep(device);
    caps->sub_groups = sub_groups_of(device);
    guess_speed(device);
}

static bool probe_kernel(oc_device *device, size_t *multiple) {
    oc__program *program;
    oc__kernel *kernel;
    if (oc__program_get(&program, device, "fill.cl", "", NULL) != OC_OK ||
        oc__kernel_create(&kernel, program, "fill_value", NULL) != OC_OK)
        return false;
    cl_int code = device->cl->clGetKernelWorkGroupInfo(kernel->handle, device->handle,
                                                       CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, sizeof *multiple,
                                                       multiple, NULL);
    oc__kernel_destroy(&kernel);
    return code == CL_SUCCESS && *multiple > 0 && *multiple <= 1024;
}

void oc__caps_probe(oc_device *device) {
    if (device->caps.simt_width)
        return;
    size_t multiple = 0;
    if (!probe_kernel(device, &multiple))
        multiple = device->info.type == OC_DEVICE_GPU ? 32 : 1;
    device->caps.simt_width = (uint32_t)multiple;
    guess_speed(device);
}

/* The lines of /proc/cpuinfo that tell processors apart, not those that change from day to day. */
static bool is_telling(const char *line, size_t size) {
    static const char *const names[] = {"vendor_id",       "cpu family",  "model",    "model name", "stepping", "flags",
                                        "CPU implementer", "CPU variant", "CPU part", "Features",   "isa",      "cpu"};
    size_t length = 0;
    while (length < size && line[length] != ':')
        length++;
    while (length > 0 && (line[length - 1] == '\t' || line[length - 1] == ' '))
        length--;
    for (size_t i = 0; i < OC_COUNT(names); i++)
        if (strlen(names[i]) == length && memcmp(line, names[i], length) == 0)
            return true;
    return false;
}

static void describe(const char *text, size_t size, oc__string *out) {
    oc__hash hash = oc__hash_init();
    char digits[33];
    for (size_t at = 0; at < size && text[at] != '\n';) { /* the first processor ends with an empty line */
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - text) - at : size - at;
        const char *colon = memchr(text + at, ':', length);
        if (is_telling(text + at, length))
            oc__hash_add(&hash, text + at, length);
        if (colon && length > 10 && memcmp(text + at, "model name", 10) == 0 && colon + 2 <= text + at + length)
            oc__string_append_n(out, colon + 2, (size_t)(text + at + length - (colon + 2)));
        at += length + 1;
    }
    oc__hash_text(hash, digits);
    oc__string_printf(out, " #%.16s", digits);
}

void oc__host_cpu(oc__string *out) {
    oc__mapping file;
    if (oc__file_try_map(out->context, "/proc/cpuinfo", &file) == 0) {
        describe((const char *)file.data, (size_t)file.size, out);
        oc__file_unmap(out->context, &file);
        return;
    }
    struct utsname system;
    if (uname(&system) == 0)
        oc__string_printf(out, "%s %s", system.machine, system.nodename);
}
