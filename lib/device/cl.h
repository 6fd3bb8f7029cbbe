/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/device only: the table of OpenCL functions, and what its handles are kept in. */
#ifndef OC_CL_H
#define OC_CL_H

#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#include <pthread.h>
#include <stdatomic.h>

#include "device/device.h"

/* OpenCL 1.2: the loader must have these. */
#define OC_CL_REQUIRED(X) \
    X(clGetPlatformIDs) \
    X(clGetPlatformInfo) \
    X(clGetDeviceIDs) \
    X(clGetDeviceInfo) \
    X(clCreateContext) \
    X(clRetainContext) \
    X(clReleaseContext) \
    X(clGetContextInfo) \
    X(clCreateCommandQueue) \
    X(clRetainCommandQueue) \
    X(clReleaseCommandQueue) \
    X(clGetCommandQueueInfo) \
    X(clCreateBuffer) \
    X(clSetMemObjectDestructorCallback) \
    X(clRetainMemObject) \
    X(clReleaseMemObject) \
    X(clGetMemObjectInfo) \
    X(clCreateProgramWithSource) \
    X(clCreateProgramWithBinary) \
    X(clReleaseProgram) \
    X(clBuildProgram) \
    X(clGetProgramInfo) \
    X(clGetProgramBuildInfo) \
    X(clCreateKernel) \
    X(clReleaseKernel) \
    X(clSetKernelArg) \
    X(clGetKernelInfo) \
    X(clGetKernelWorkGroupInfo) \
    X(clWaitForEvents) \
    X(clGetEventInfo) \
    X(clGetEventProfilingInfo) \
    X(clRetainEvent) \
    X(clReleaseEvent) \
    X(clFlush) \
    X(clFinish) \
    X(clEnqueueReadBuffer) \
    X(clEnqueueWriteBuffer) \
    X(clEnqueueCopyBuffer) \
    X(clEnqueueMapBuffer) \
    X(clEnqueueUnmapMemObject) \
    X(clEnqueueFillBuffer) \
    X(clEnqueueNDRangeKernel) \
    X(clEnqueueMarkerWithWaitList) \
    X(clEnqueueBarrierWithWaitList)

/* May be NULL. */
#define OC_CL_OPTIONAL(X) \
    X(clCreateCommandQueueWithProperties) \
    X(clGetExtensionFunctionAddressForPlatform)

typedef struct oc__cl {
#define OC_CL_FIELD(name) __typeof__(&name) name;
    OC_CL_REQUIRED(OC_CL_FIELD)
    OC_CL_OPTIONAL(OC_CL_FIELD)
#undef OC_CL_FIELD
} oc__cl;

/* A cl_context that the devices of a platform share while any of them is open. */
typedef struct oc__shared {
    struct oc__shared *next;
    cl_platform_id platform;
    cl_context handle;
    unsigned users;
    bool alone; /* could not be made for the whole platform: of one device, not to be shared */
} oc__shared;

typedef struct oc__drivers {
    oc__cl cl;
    bool standard; /* the loader other libraries of the process are linked to */
    oc__shared *shared;
} oc__drivers;

/* A mask: the largest, or smallest, that limits may be. */
typedef struct oc__mask {
    uint64_t work_group, local_mem, max_alloc;
    uint32_t align, bits;
    bool local_masked, no_fp16, no_fp64, no_images, in_order;
} oc__mask;

/* A device that a platform listed. */
typedef struct oc__found {
    cl_platform_id platform;
    cl_device_id handle;
    oc_device_info info;
} oc__found;

#define OC_NOTE_LISTS 256
typedef struct oc__note {
    struct oc__note *next;
    char *key, *value;
} oc__note;

struct oc_device {
    oc_context *context;
    const oc__cl *cl;
    cl_platform_id platform;
    cl_device_id handle;
    cl_context cl_context;
    oc__shared *shared; /* NULL when adopted */
    oc_device_info info;
    oc__caps caps;
    char *key;
    oc__queue *queue;
    bool keeps_programs; /* the driver has a disk cache of its own */
    bool hides_fp16, hides_fp64; /* the driver has it, the mask not: programs shall not find it */
    bool lean_headers;   /* its compiler is spared the header of all built-in functions */
    bool doubles_local, shares_programs; /* see bugs.def: rusticl_local_size, pocl_two_threads */
    bool one_launch;     /* one thread at a time may launch: pocl_two_threads, where that is to compute, and oclgrind_two_threads */
    bool ends_launch;    /* and has to wait until it is computed: oclgrind_two_threads */
    pthread_mutex_t launch_lock; /* held then */
    pthread_mutex_t build_lock; /* guards programs and costs */
    oc__program *programs;
    uint64_t program_count;
    oc__costs costs;
    pthread_mutex_t lock; /* guards what follows */
    oc__note *notes[OC_NOTE_LISTS]; /* by hash of the key */
    uint64_t used, peak, limit;
    uint32_t usm_tried, usm_same; /* usm.c: bits by kind of memory */
    int host_pages;      /* pages.c: 0: not tried, 1: it computes in memory that the host gives it, -1: it does not */
};

struct oc__buffer {
    oc_device *device;
    cl_mem handle;
    uint64_t size;
    bool adopted; /* its bytes are not ours to count */
    atomic_uint users;
};

struct oc__queue {
    oc_device *device;
    cl_command_queue handle;
    bool profiling, out_of_order;
    bool locked; /* used by several threads */
    pthread_mutex_t lock;
};

struct oc_event {
    oc_device *device;
    cl_event handle;       /* NULL: of the host */
    oc__signal *signal;    /* then; counted */
};

struct oc__program {
    oc__program *next;
    oc_device *device;
    cl_program handle;
    oc__hash hash;
    char *text; /* all it was built from */
    char *file;
};

struct oc__kernel {
    oc_device *device;
    cl_kernel handle;
    char *name;
};

/* cl.c */
oc_status oc__drivers_get(oc_context *context, oc__drivers **out, oc_error *err);
const char *oc__cl_error_name(cl_int code);
oc_status oc__cl_status(cl_int code);
/* "call: CL_NAME (number)", after what was being done if that is not NULL. */
oc_status oc__fail_cl_(oc_context *context, oc_error *err, const char *doing, const char *call, cl_int code);
#define oc__fail_cl(...) oc__failed(oc__fail_cl_(__VA_ARGS__))
oc__cl *oc__cl_table(oc_context *context); /* for tests that replace entries; NULL without OpenCL */

/* mask.c */
oc_status oc__mask_parse(oc_context *context, const char *text, oc__mask *out, oc_error *err);
void oc__mask_apply(const oc__mask *mask, oc_device_info *info);

/* platform.c: the list is to be freed with oc__free. */
oc_status oc__found_list(oc_context *context, oc__found **out, size_t *count, oc_error *err);
/* Whether a device has an extension; the scratch is memory of OC_SCRATCH bytes. */
#define OC_SCRATCH ((size_t)64 * 1024)
bool oc__cl_offers(const oc__cl *cl, cl_device_id handle, const char *extension, char *scratch);
/* In reason (256 bytes) why the device cannot be used, "" if it can. */
oc_status oc__info_read(oc_context *context, cl_device_id handle, oc_device_info *info, char *reason, oc_error *err);

/* bugs.c: by its name in bugs.def. */
bool oc__has_bug(const oc_device_info *info, const char *name);

/* select.c: indices into the list; to be freed with oc__free. */
oc_status oc__select(oc_context *context, const oc__found *found, size_t count, const char *selection, size_t **picks,
                     size_t *pick_count, oc_error *err);

/* open.c: fills what all devices have, from context, handle and cl_context on. */
oc_status oc__device_new(oc_device **out, oc_context *context, const oc_device_info *info, oc_error *err);
oc_status oc__device_start(oc_device *device, cl_command_queue queue, oc_error *err);

/* caps.c */
void oc__caps_read(oc_device *device);
void oc__caps_probe(oc_device *device); /* what needs a built kernel */
void oc__host_cpu(oc__string *out);     /* one line that names the host CPU and its instruction sets */

/* queue.c */
oc_status oc__queue_wrap(oc__queue **out, oc_device *device, cl_command_queue handle, bool locked, oc_error *err);
oc_status oc__queue_enter(oc__queue *queue, oc_error *err); /* checks, locks, keeps the order */
void oc__queue_leave(oc__queue *queue);

/* builtins.c: declares each built-in function of OpenCL C 1.2 that the text names. */
void oc__builtins_declare(const char *text, oc__string *out);
/* once.c: the text, with kernels that a compiler would compile several times split into a kernel and a function. */
void oc__source_once(const char *text, oc__string *out);

/* pages.c: a buffer in large pages of the host's memory; NULL: it has to be made otherwise. */
cl_mem oc__pages_buffer(oc_device *device, uint64_t size);
uint64_t oc__pages_held(void); /* bytes that all such buffers of the process take from the system */

/* event.c, buffer.c: take over the caller's reference, also when they fail. */
oc_status oc__event_wrap(oc__event **out, oc_device *device, cl_event handle, oc_error *err);
oc_status oc__buffer_wrap(oc__buffer **out, oc_device *device, cl_mem handle, uint64_t size, bool adopted, oc_error *err);

#endif
