/* SPDX-License-Identifier: Apache-2.0 */
/* The table of OpenCL functions, filled at run time, and the names of OpenCL's errors. */
#include "device/cl.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

static const char INSTALL[] = "install an OpenCL driver (Debian: ocl-icd-libopencl1 and pocl-opencl-icd run on any CPU; "
                              "GPU vendors have their own)";

static void *symbol(void *library, const char *name) {
    return dlsym(library, name);
}

/* False with the name of the first function that is missing. */
static bool fill(oc__cl *cl, void *library, const char **missing) {
    void *found;
#define LOAD(name) \
    found = symbol(library, #name); \
    memcpy(&cl->name, &found, sizeof found);
#define LOAD_REQUIRED(name) \
    LOAD(name) \
    if (!found) { \
        *missing = #name; \
        return false; \
    }
    OC_CL_REQUIRED(LOAD_REQUIRED)
    OC_CL_OPTIONAL(LOAD)
#undef LOAD_REQUIRED
#undef LOAD
    return true;
}

static void drivers_destroy(oc_context *context) {
    /* The loader stays open: drivers have threads that do not survive dlclose. */
    oc__free(context, context->drivers);
    context->drivers = NULL;
}

static oc_status load(oc_context *context, oc_error *err) {
    const char *named = context->opencl, *missing = NULL;
    void *library = dlopen(named[0] ? named : "libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library && !named[0])
        library = dlopen("libOpenCL.so", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return oc__fail(context, err, OC_ERROR_NO_DEVICE, "the OpenCL loader %s could not be opened: %s",
                        named[0] ? named : "libOpenCL.so.1", INSTALL);
    oc__drivers *drivers = oc__alloc(context, sizeof *drivers);
    if (!drivers)
        return oc__fail_memory(context, err, sizeof *drivers);
    if (!fill(&drivers->cl, library, &missing)) {
        oc__free(context, drivers);
        return oc__fail(context, err, OC_ERROR_NO_DEVICE, "%s has no %s, it is older than OpenCL 1.2: %s",
                        named[0] ? named : "libOpenCL.so.1", missing, INSTALL);
    }
    drivers->standard = !named[0];
    context->drivers = drivers;
    context->drivers_destroy = drivers_destroy;
    return OC_OK;
}

oc_status oc__drivers_get(oc_context *context, oc__drivers **out, oc_error *err) {
    if (context->owner_process != (long)getpid())
        return oc__fail(context, err, OC_ERROR_FORKED,
                        "process %ld was forked from %ld: OpenCL devices of the parent cannot be used", (long)getpid(),
                        context->owner_process);
    pthread_mutex_lock(&context->lock);
    oc_status status = context->drivers ? OC_OK : load(context, err);
    *out = context->drivers;
    pthread_mutex_unlock(&context->lock);
    return status;
}

oc__cl *oc__cl_table(oc_context *context) {
    oc__drivers *drivers = NULL;
    return oc__drivers_get(context, &drivers, NULL) == OC_OK ? &drivers->cl : NULL;
}

#define OC_CL_ERRORS(X) \
    X(0, SUCCESS) \
    X(-1, DEVICE_NOT_FOUND) \
    X(-2, DEVICE_NOT_AVAILABLE) \
    X(-3, COMPILER_NOT_AVAILABLE) \
    X(-4, MEM_OBJECT_ALLOCATION_FAILURE) \
    X(-5, OUT_OF_RESOURCES) \
    X(-6, OUT_OF_HOST_MEMORY) \
    X(-7, PROFILING_INFO_NOT_AVAILABLE) \
    X(-8, MEM_COPY_OVERLAP) \
    X(-9, IMAGE_FORMAT_MISMATCH) \
    X(-10, IMAGE_FORMAT_NOT_SUPPORTED) \
    X(-11, BUILD_PROGRAM_FAILURE) \
    X(-12, MAP_FAILURE) \
    X(-13, MISALIGNED_SUB_BUFFER_OFFSET) \
    X(-14, EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST) \
    X(-15, COMPILE_PROGRAM_FAILURE) \
    X(-16, LINKER_NOT_AVAILABLE) \
    X(-17, LINK_PROGRAM_FAILURE) \
    X(-18, DEVICE_PARTITION_FAILED) \
    X(-19, KERNEL_ARG_INFO_NOT_AVAILABLE) \
    X(-30, INVALID_VALUE) \
    X(-31, INVALID_DEVICE_TYPE) \
    X(-32, INVALID_PLATFORM) \
    X(-33, INVALID_DEVICE) \
    X(-34, INVALID_CONTEXT) \
    X(-35, INVALID_QUEUE_PROPERTIES) \
    X(-36, INVALID_COMMAND_QUEUE) \
    X(-37, INVALID_HOST_PTR) \
    X(-38, INVALID_MEM_OBJECT) \
    X(-39, INVALID_IMAGE_FORMAT_DESCRIPTOR) \
    X(-40, INVALID_IMAGE_SIZE) \
    X(-41, INVALID_SAMPLER) \
    X(-42, INVALID_BINARY) \
    X(-43, INVALID_BUILD_OPTIONS) \
    X(-44, INVALID_PROGRAM) \
    X(-45, INVALID_PROGRAM_EXECUTABLE) \
    X(-46, INVALID_KERNEL_NAME) \
    X(-47, INVALID_KERNEL_DEFINITION) \
    X(-48, INVALID_KERNEL) \
    X(-49, INVALID_ARG_INDEX) \
    X(-50, INVALID_ARG_VALUE) \
    X(-51, INVALID_ARG_SIZE) \
    X(-52, INVALID_KERNEL_ARGS) \
    X(-53, INVALID_WORK_DIMENSION) \
    X(-54, INVALID_WORK_GROUP_SIZE) \
    X(-55, INVALID_WORK_ITEM_SIZE) \
    X(-56, INVALID_GLOBAL_OFFSET) \
    X(-57, INVALID_EVENT_WAIT_LIST) \
    X(-58, INVALID_EVENT) \
    X(-59, INVALID_OPERATION) \
    X(-60, INVALID_GL_OBJECT) \
    X(-61, INVALID_BUFFER_SIZE) \
    X(-62, INVALID_MIP_LEVEL) \
    X(-63, INVALID_GLOBAL_WORK_SIZE) \
    X(-64, INVALID_PROPERTY) \
    X(-65, INVALID_IMAGE_DESCRIPTOR) \
    X(-66, INVALID_COMPILER_OPTIONS) \
    X(-67, INVALID_LINKER_OPTIONS) \
    X(-68, INVALID_DEVICE_PARTITION_COUNT) \
    X(-69, INVALID_PIPE_SIZE) \
    X(-70, INVALID_DEVICE_QUEUE) \
    X(-71, INVALID_SPEC_ID) \
    X(-72, MAX_SIZE_RESTRICTION_EXCEEDED) \
    X(-1001, PLATFORM_NOT_FOUND_KHR)

const char *oc__cl_error_name(cl_int code) {
    switch (code) {
#define NAME(number, name) \
    case number: \
        return "CL_" #name;
        OC_CL_ERRORS(NAME)
#undef NAME
    default:
        return "unknown OpenCL error";
    }
}

oc_status oc__cl_status(cl_int code) {
    switch (code) {
    case CL_MEM_OBJECT_ALLOCATION_FAILURE:
    case CL_OUT_OF_RESOURCES:
        return OC_ERROR_DEVICE_MEMORY;
    case CL_OUT_OF_HOST_MEMORY:
        return OC_ERROR_MEMORY;
    case CL_INVALID_BUFFER_SIZE:
        return OC_ERROR_LIMIT;
    case CL_BUILD_PROGRAM_FAILURE:
        return OC_ERROR_BUILD;
    default:
        return OC_ERROR_DEVICE;
    }
}

oc_status oc__fail_cl_(oc_context *context, oc_error *err, const char *doing, const char *call, cl_int code) {
    return oc__fail_native(context, err, oc__cl_status(code), code, "%s%s%s: %s (%d)", doing ? doing : "",
                           doing ? ": " : "", call, oc__cl_error_name(code), code);
}
