/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/faults.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "device/cl.h"

/* A function's number. */
enum {
#define NUMBER(name) NUMBER_##name,
    OC_CL_REQUIRED(NUMBER) OC_CL_OPTIONAL(NUMBER) FUNCTIONS
#undef NUMBER
};

static const char *const names[] = {
#define NAME(name) #name,
    OC_CL_REQUIRED(NAME) OC_CL_OPTIONAL(NAME)
#undef NAME
};

static oc__cl honest;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static faults_order order;
static faults_counts counts;
static uint8_t trace[1 << 20];
static struct {
    uint64_t calls, failed;
} functions[FUNCTIONS];
_Static_assert((int)FUNCTIONS <= FAULTS_FUNCTIONS, "too many functions");

static bool is_due(uint64_t number, uint64_t wanted) {
    return wanted && (number == wanted || (order.for_good && number > wanted));
}

/* Counts a call; whether it has to fail. */
static bool fails(int function) {
    pthread_mutex_lock(&lock);
    functions[function].calls++;
    bool due = is_due(++counts.calls, order.call);
    if (counts.calls < sizeof(trace))
        trace[counts.calls] = (uint8_t)function;
    if (due) {
        functions[function].failed++;
        counts.failed++;
        counts.failed_buffers += function == NUMBER_clCreateBuffer;
        counts.last = names[function];
    }
    pthread_mutex_unlock(&lock);
    return due;
}

static void count(faults_kind kind, int64_t by) {
    pthread_mutex_lock(&lock);
    counts.live[kind] += by;
    pthread_mutex_unlock(&lock);
}

static void count_event(const cl_event *event) {
    count(FAULTS_EVENT, event != NULL);
}

/* Does nothing when it fails. */
#define CALL(name, code, params, args) \
    static cl_int fail_##name params { \
        return fails(NUMBER_##name) ? code : honest.name args; \
    }
/* Waits for what is on its way also when it fails: the device is not there any more, and touches no memory of the host's. */
#define WAIT(name, code, params, args) \
    static cl_int fail_##name params { \
        cl_int done = honest.name args; \
        return fails(NUMBER_##name) ? code : done; \
    }
#define MAKE(name, type, kind, failure, params, args) \
    static type fail_##name params { \
        if (fails(NUMBER_##name)) { \
            if (code) \
                *code = failure; \
            return NULL; \
        } \
        type made = honest.name args; \
        count(kind, made != NULL); \
        return made; \
    }
#define ENQUEUE(name, code, params, args) \
    static cl_int fail_##name params { \
        if (fails(NUMBER_##name)) \
            return code; \
        cl_int done = honest.name args; \
        if (done == CL_SUCCESS) \
            count_event(event); \
        return done; \
    }
#define RETAIN(name, kind, type) \
    static cl_int fail_##name(type object) { \
        if (fails(NUMBER_##name)) \
            return CL_OUT_OF_RESOURCES; \
        count(kind, 1); \
        return honest.name(object); \
    }
/* What cannot be released is lost to the driver; nobody can do more than try. */
#define RELEASE(name, kind, type) \
    static cl_int fail_##name(type object) { \
        count(kind, -1); \
        cl_int done = honest.name(object); \
        return fails(NUMBER_##name) ? CL_OUT_OF_RESOURCES : done; \
    }

CALL(clGetPlatformIDs, CL_OUT_OF_HOST_MEMORY, (cl_uint n, cl_platform_id *out, cl_uint *got), (n, out, got))
CALL(clGetPlatformInfo, CL_OUT_OF_HOST_MEMORY, (cl_platform_id of, cl_platform_info what, size_t size, void *out, size_t *got),
     (of, what, size, out, got))
CALL(clGetDeviceIDs, CL_OUT_OF_RESOURCES, (cl_platform_id of, cl_device_type type, cl_uint n, cl_device_id *out, cl_uint *got),
     (of, type, n, out, got))
CALL(clGetDeviceInfo, CL_OUT_OF_RESOURCES, (cl_device_id of, cl_device_info what, size_t size, void *out, size_t *got),
     (of, what, size, out, got))
CALL(clGetContextInfo, CL_OUT_OF_RESOURCES, (cl_context of, cl_context_info what, size_t size, void *out, size_t *got),
     (of, what, size, out, got))
CALL(clGetCommandQueueInfo, CL_OUT_OF_RESOURCES, (cl_command_queue of, cl_command_queue_info what, size_t size, void *out, size_t *got),
     (of, what, size, out, got))
CALL(clGetMemObjectInfo, CL_OUT_OF_RESOURCES, (cl_mem of, cl_mem_info what, size_t size, void *out, size_t *got),
     (of, what, size, out, got))
CALL(clSetMemObjectDestructorCallback, CL_OUT_OF_RESOURCES, (cl_mem of, void(CL_CALLBACK *notify)(cl_mem, void *), void *user),
     (of, notify, user))
CALL(clGetProgramInfo, CL_OUT_OF_RESOURCES, (cl_program of, cl_program_info what, size_t size, void *out, size_t *got),
     (of, what, size, out, got))
CALL(clGetProgramBuildInfo, CL_OUT_OF_RESOURCES,
     (cl_program of, cl_device_id on, cl_program_build_info what, size_t size, void *out, size_t *got), (of, on, what, size, out, got))
CALL(clGetKernelInfo, CL_OUT_OF_RESOURCES, (cl_kernel of, cl_kernel_info what, size_t size, void *out, size_t *got),
     (of, what, size, out, got))
CALL(clGetKernelWorkGroupInfo, CL_OUT_OF_RESOURCES,
     (cl_kernel of, cl_device_id on, cl_kernel_work_group_info what, size_t size, void *out, size_t *got), (of, on, what, size, out, got))
CALL(clGetEventInfo, CL_OUT_OF_RESOURCES, (cl_event of, cl_event_info what, size_t size, void *out, size_t *got),
     (of, what, size, out, got))
CALL(clGetEventProfilingInfo, CL_PROFILING_INFO_NOT_AVAILABLE,
     (cl_event of, cl_profiling_info what, size_t size, void *out, size_t *got), (of, what, size, out, got))
CALL(clBuildProgram, CL_BUILD_PROGRAM_FAILURE,
     (cl_program program, cl_uint n, const cl_device_id *devices, const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
      void *user),
     (program, n, devices, options, notify, user))
CALL(clSetKernelArg, CL_OUT_OF_RESOURCES, (cl_kernel kernel, cl_uint index, size_t size, const void *value), (kernel, index, size, value))
CALL(clFlush, CL_OUT_OF_RESOURCES, (cl_command_queue queue), (queue))
WAIT(clFinish, CL_OUT_OF_RESOURCES, (cl_command_queue queue), (queue))
WAIT(clWaitForEvents, CL_OUT_OF_RESOURCES, (cl_uint n, const cl_event *events), (n, events))

static void *CL_API_CALL fail_clGetExtensionFunctionAddressForPlatform(cl_platform_id platform, const char *name) {
    return fails(NUMBER_clGetExtensionFunctionAddressForPlatform) ? NULL : honest.clGetExtensionFunctionAddressForPlatform(platform, name);
}

MAKE(clCreateContext, cl_context, FAULTS_CONTEXT, CL_OUT_OF_HOST_MEMORY,
     (const cl_context_properties *properties, cl_uint n, const cl_device_id *devices,
      void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *user, cl_int *code),
     (properties, n, devices, notify, user, code))
MAKE(clCreateCommandQueue, cl_command_queue, FAULTS_QUEUE, CL_OUT_OF_RESOURCES,
     (cl_context context, cl_device_id device, cl_command_queue_properties flags, cl_int *code), (context, device, flags, code))
MAKE(clCreateCommandQueueWithProperties, cl_command_queue, FAULTS_QUEUE, CL_OUT_OF_RESOURCES,
     (cl_context context, cl_device_id device, const cl_queue_properties *flags, cl_int *code), (context, device, flags, code))
MAKE(clCreateBuffer, cl_mem, FAULTS_BUFFER, CL_MEM_OBJECT_ALLOCATION_FAILURE,
     (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code), (context, flags, size, host, code))
MAKE(clCreateProgramWithSource, cl_program, FAULTS_PROGRAM, CL_OUT_OF_HOST_MEMORY,
     (cl_context context, cl_uint n, const char **texts, const size_t *sizes, cl_int *code), (context, n, texts, sizes, code))
MAKE(clCreateProgramWithBinary, cl_program, FAULTS_PROGRAM, CL_INVALID_BINARY,
     (cl_context context, cl_uint n, const cl_device_id *devices, const size_t *sizes, const unsigned char **data, cl_int *accepted,
      cl_int *code),
     (context, n, devices, sizes, data, accepted, code))
MAKE(clCreateKernel, cl_kernel, FAULTS_KERNEL, CL_OUT_OF_HOST_MEMORY, (cl_program program, const char *name, cl_int *code),
     (program, name, code))

ENQUEUE(clEnqueueReadBuffer, CL_OUT_OF_RESOURCES,
        (cl_command_queue queue, cl_mem from, cl_bool wait, size_t offset, size_t size, void *to, cl_uint n, const cl_event *after,
         cl_event *event),
        (queue, from, wait, offset, size, to, n, after, event))
ENQUEUE(clEnqueueWriteBuffer, CL_OUT_OF_RESOURCES,
        (cl_command_queue queue, cl_mem to, cl_bool wait, size_t offset, size_t size, const void *from, cl_uint n, const cl_event *after,
         cl_event *event),
        (queue, to, wait, offset, size, from, n, after, event))
ENQUEUE(clEnqueueCopyBuffer, CL_OUT_OF_RESOURCES,
        (cl_command_queue queue, cl_mem from, cl_mem to, size_t at, size_t to_at, size_t size, cl_uint n, const cl_event *after,
         cl_event *event),
        (queue, from, to, at, to_at, size, n, after, event))
ENQUEUE(clEnqueueFillBuffer, CL_OUT_OF_RESOURCES,
        (cl_command_queue queue, cl_mem to, const void *pattern, size_t pattern_size, size_t offset, size_t size, cl_uint n,
         const cl_event *after, cl_event *event),
        (queue, to, pattern, pattern_size, offset, size, n, after, event))
ENQUEUE(clEnqueueNDRangeKernel, CL_OUT_OF_RESOURCES,
        (cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset, const size_t *global, const size_t *local, cl_uint n,
         const cl_event *after, cl_event *event),
        (queue, kernel, dims, offset, global, local, n, after, event))
ENQUEUE(clEnqueueMarkerWithWaitList, CL_OUT_OF_RESOURCES, (cl_command_queue queue, cl_uint n, const cl_event *after, cl_event *event),
        (queue, n, after, event))
ENQUEUE(clEnqueueBarrierWithWaitList, CL_OUT_OF_RESOURCES, (cl_command_queue queue, cl_uint n, const cl_event *after, cl_event *event),
        (queue, n, after, event))

ENQUEUE(clEnqueueUnmapMemObject, CL_OUT_OF_RESOURCES,
        (cl_command_queue queue, cl_mem buffer, void *mapped, cl_uint n, const cl_event *after, cl_event *event),
        (queue, buffer, mapped, n, after, event))

static void *fail_clEnqueueMapBuffer(cl_command_queue queue, cl_mem buffer, cl_bool wait, cl_map_flags flags, size_t offset, size_t size,
                                     cl_uint n, const cl_event *after, cl_event *event, cl_int *code) {
    if (fails(NUMBER_clEnqueueMapBuffer)) {
        if (code)
            *code = CL_MAP_FAILURE;
        return NULL;
    }
    void *mapped = honest.clEnqueueMapBuffer(queue, buffer, wait, flags, offset, size, n, after, event, code);
    if (mapped)
        count_event(event);
    return mapped;
}

RETAIN(clRetainContext, FAULTS_CONTEXT, cl_context)
RETAIN(clRetainCommandQueue, FAULTS_QUEUE, cl_command_queue)
RETAIN(clRetainMemObject, FAULTS_BUFFER, cl_mem)
RETAIN(clRetainEvent, FAULTS_EVENT, cl_event)
RELEASE(clReleaseContext, FAULTS_CONTEXT, cl_context)
RELEASE(clReleaseCommandQueue, FAULTS_QUEUE, cl_command_queue)
RELEASE(clReleaseMemObject, FAULTS_BUFFER, cl_mem)
RELEASE(clReleaseProgram, FAULTS_PROGRAM, cl_program)
RELEASE(clReleaseKernel, FAULTS_KERNEL, cl_kernel)
RELEASE(clReleaseEvent, FAULTS_EVENT, cl_event)

bool faults_install(oc_context *context) {
    oc__cl *table = oc__cl_table(context);
    if (!table)
        return false;
    if (table->clFinish == fail_clFinish)
        return true;
    honest = *table;
#define REPLACE(name) \
    if (table->name) \
        table->name = fail_##name;
    OC_CL_REQUIRED(REPLACE)
    OC_CL_OPTIONAL(REPLACE)
#undef REPLACE
    return true;
}

static void *allocate(void *user, size_t size, size_t alignment) {
    void *memory = NULL;
    (void)user;
    pthread_mutex_lock(&lock);
    bool due = is_due(++counts.allocations, order.allocation);
    counts.failed_allocations += due;
    if (!due && posix_memalign(&memory, alignment, size) == 0) {
        counts.blocks++;
        counts.bytes += (int64_t)size;
    }
    pthread_mutex_unlock(&lock);
    return due ? NULL : memory;
}

static void release(void *user, void *memory, size_t size) {
    (void)user;
    pthread_mutex_lock(&lock);
    counts.blocks--;
    counts.bytes -= (int64_t)size;
    pthread_mutex_unlock(&lock);
    free(memory);
}

oc_allocator faults_allocator(void) {
    return (oc_allocator){allocate, release, NULL};
}

void faults_arm(faults_order wanted) {
    pthread_mutex_lock(&lock);
    order = wanted;
    counts.calls = counts.allocations = 0;
    counts.last = NULL;
    pthread_mutex_unlock(&lock);
}

void faults_disarm(void) {
    pthread_mutex_lock(&lock);
    order = (faults_order){0};
    pthread_mutex_unlock(&lock);
}

faults_counts faults_get(void) {
    pthread_mutex_lock(&lock);
    faults_counts now = counts;
    pthread_mutex_unlock(&lock);
    return now;
}

const char *faults_kind_name(faults_kind kind) {
    static const char *const kinds[] = {"cl_context", "cl_command_queue", "cl_mem", "cl_program", "cl_kernel", "cl_event"};
    return kinds[kind];
}

int faults_function(uint64_t call) {
    return call && call <= counts.calls && call < sizeof(trace) ? trace[call] : -1;
}

uint64_t faults_calls(const char *name) {
    uint64_t calls = 0;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < FUNCTIONS; i++)
        calls += strcmp(names[i], name) ? 0 : functions[i].calls;
    pthread_mutex_unlock(&lock);
    return calls;
}

void faults_each(void (*visit)(const char *name, uint64_t calls, uint64_t failed)) {
    for (int i = 0; i < FUNCTIONS; i++)
        visit(names[i], functions[i].calls, functions[i].failed);
}
