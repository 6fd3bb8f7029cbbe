/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels run: buffers, queues, programs, events, notes; random numbers are the host's; every failure is told. */
#include "kit/kit.h"

#include <math.h>
#include <string.h>

#include "device/cl.h"

static oc_error err;

/* The bits of fill_bits, on a profiling queue if seconds is not NULL. */
static oc_status run_bits(oc_device *device, uint32_t *out, uint64_t count, uint64_t seed, uint64_t stream, double *seconds) {
    oc__program *program;
    oc__kernel *kernel = NULL;
    oc__buffer *buffer = NULL;
    oc__event *event = NULL;
    oc__queue *queue = NULL;
    oc__range range = {1, {count}, {1}};
    oc_status status = oc__program_get(&program, device, "fill.cl", "", &err);
    if (status == OC_OK)
        status = oc__kernel_create(&kernel, program, "fill_bits", &err);
    if (status == OC_OK)
        status = oc__buffer_create(&buffer, device, count * 4, &err);
    if (status == OC_OK)
        status = oc__queue_create(&queue, device, seconds != NULL, &err);
    if (status == OC_OK)
        status = oc__kernel_set_buffer(kernel, 0, buffer, &err);
    if (status == OC_OK)
        status = oc__kernel_set_value(kernel, 1, &count, 8, &err);
    if (status == OC_OK)
        status = oc__kernel_set_value(kernel, 2, &seed, 8, &err);
    if (status == OC_OK)
        status = oc__kernel_set_value(kernel, 3, &stream, 8, &err);
    if (status == OC_OK)
        status = oc__queue_launch(queue, kernel, &range, &event, &err);
    if (status == OC_OK && seconds)
        status = oc__event_seconds(event, seconds, &err);
    if (status == OC_OK)
        status = oc__queue_read(queue, buffer, 0, out, count * 4, true, &err);
    oc__event_destroy(&event);
    oc__queue_destroy(&queue);
    oc__buffer_release(&buffer);
    oc__kernel_destroy(&kernel);
    return status;
}

static void test_random_on_device(void **state) {
    (void)state;
    kit k;
    uint32_t got[100], want[4];
    double seconds = -1;
    kit_init(&k, NULL);
    KIT_OK(run_bits(kit_open(&k), got, 100, 0x123456789abcdefu, 0xfedcba9876543210u, &seconds), &err);
    assert_true(seconds >= 0 && seconds < 10);
    for (uint64_t i = 0; i < 100; i++) {
        oc__philox(want, 0x123456789abcdefu, 0xfedcba9876543210u, i);
        assert_int_equal(got[i], want[0]);
    }
    kit_finish(&k);
}

static void test_buffers(void **state) {
    (void)state;
    kit k;
    oc__buffer *a, *b, *c;
    uint8_t data[64], got[64];
    uint64_t used, peak;
    kit_init(&k, &(oc_context_params){.device_limit = 10000, .mask = "alloc=8k"});
    oc_device *device = kit_open(&k);
    oc__queue *queue = oc__device_queue(device);
    for (int i = 0; i < 64; i++)
        data[i] = (uint8_t)i;
    KIT_FAILS(OC_ERROR_LIMIT, "8192", oc__buffer_create(&a, device, 8193, &err), &err);
    KIT_FAILS(OC_ERROR_LIMIT, "0 bytes", oc__buffer_create(&a, device, 0, &err), &err);
    KIT_OK(oc__buffer_create(&a, device, 6000, &err), &err);
    KIT_FAILS(OC_ERROR_DEVICE_MEMORY, "limit of 10000", oc__buffer_create(&b, device, 6000, &err), &err);
    KIT_OK(oc__buffer_create(&b, device, 64, &err), &err);
    oc__device_usage(device, &used, &peak);
    assert_int_equal(used, 6064);
    c = oc__buffer_retain(a);
    oc__buffer_release(&a);
    oc__device_usage(device, &used, &peak);
    assert_int_equal(used, 6064);
    assert_int_equal(oc__buffer_size(c), 6000);
    assert_ptr_equal(oc__buffer_device(c), device);
    KIT_OK(oc__queue_write(queue, b, 0, data, 64, false, &err), &err);
    KIT_OK(oc__queue_copy(queue, b, 16, c, 100, 32, &err), &err);
    KIT_OK(oc__queue_fill(queue, c, 104, 8, (uint16_t[]){0xabcd}, 2, &err), &err);
    KIT_OK(oc__queue_read(queue, c, 100, got, 32, true, &err), &err);
    for (int i = 0; i < 32; i++)
        assert_int_equal(got[i], i >= 4 && i < 12 ? (i % 2 ? 0xab : 0xcd) : 16 + i);
    KIT_OK(oc__queue_read(queue, c, 6000, got, 0, true, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "5999", oc__queue_read(queue, c, 5999, got, 2, true, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "buffer of 64", oc__queue_write(queue, b, UINT64_MAX, data, 2, true, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "buffer of 64", oc__queue_copy(queue, c, 0, b, 0, 65, &err), &err);
    oc__buffer_release(&b);
    oc__buffer_release(&c);
    oc__device_usage(device, &used, &peak);
    assert_true(used == 0 && peak == 6064);
    kit_finish(&k);
}

static void test_launch_refusals(void **state) {
    (void)state;
    kit k;
    oc__program *program;
    oc__kernel *kernel;
    kit_init(&k, &(oc_context_params){.mask = "wg=4,local=1k"});
    oc_device *device = kit_open(&k);
    oc__queue *queue = oc__device_queue(device);
    KIT_OK(oc__program_get(&program, device, "fill.cl", NULL, &err), &err);
    KIT_FAILS(OC_ERROR_DEVICE, "none: clCreateKernel: CL_INVALID_KERNEL_NAME (-46)",
              oc__kernel_create(&kernel, program, "none", &err), &err);
    KIT_OK(oc__kernel_create(&kernel, program, "fill_value", &err), &err);
    KIT_FAILS(OC_ERROR_LIMIT, "8 items", oc__queue_launch(queue, kernel, &(oc__range){1, {8}, {8}}, NULL, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "multiples", oc__queue_launch(queue, kernel, &(oc__range){1, {7}, {2}}, NULL, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "multiples", oc__queue_launch(queue, kernel, &(oc__range){1, {0}, {1}}, NULL, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "multiples", oc__queue_launch(queue, kernel, &(oc__range){0, {1}, {1}}, NULL, &err), &err);
    KIT_FAILS(OC_ERROR_LIMIT, "local memory", oc__kernel_set_local(kernel, 0, 1025, &err), &err);
    KIT_FAILS(OC_ERROR_DEVICE, "argument 17 of fill_value: clSetKernelArg: CL_INVALID_ARG_INDEX (-49)",
              oc__kernel_set_value(kernel, 17, &(int){0}, 4, &err), &err);
    oc__kernel_destroy(&kernel);
    kit_finish(&k);
}

static const oc__cl *real;

static cl_mem full_memory(cl_context context, cl_mem_flags flags, size_t size, void *data, cl_int *code) {
    (void)context, (void)flags, (void)size, (void)data;
    *code = CL_MEM_OBJECT_ALLOCATION_FAILURE;
    return NULL;
}

static cl_int full_launch(cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset, const size_t *global,
                          const size_t *local, cl_uint n, const cl_event *events, cl_event *event) {
    (void)queue, (void)kernel, (void)dims, (void)offset, (void)global, (void)local, (void)n, (void)events, (void)event;
    return CL_OUT_OF_RESOURCES;
}

static cl_int failed_wait(cl_uint n, const cl_event *events) {
    (void)n, (void)events;
    return CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
}

static cl_int failed_state(cl_event event, cl_event_info which, size_t size, void *value, size_t *got) {
    if (which != CL_EVENT_COMMAND_EXECUTION_STATUS)
        return real->clGetEventInfo(event, which, size, value, got);
    *(cl_int *)value = CL_OUT_OF_RESOURCES;
    return CL_SUCCESS;
}

static void test_failing_calls(void **state) {
    (void)state;
    kit k;
    oc__buffer *buffer;
    uint32_t got[4];
    kit_init(&k, NULL);
    oc_device *device = kit_open(&k);
    oc__cl *cl = oc__cl_table(k.context), good = *cl;
    real = &good;
    cl->clCreateBuffer = full_memory;
    KIT_FAILS(OC_ERROR_DEVICE_MEMORY, "clCreateBuffer: CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)",
              oc__buffer_create(&buffer, device, 100, &err), &err);
    assert_int_equal(err.native, -4);
    *cl = good;
    cl->clEnqueueNDRangeKernel = full_launch;
    KIT_FAILS(OC_ERROR_DEVICE_MEMORY, "fill_bits: clEnqueueNDRangeKernel: CL_OUT_OF_RESOURCES (-5)",
              run_bits(device, got, 4, 1, 2, NULL), &err);
    *cl = good;
    cl->clWaitForEvents = failed_wait;
    cl->clGetEventInfo = failed_state;
    double seconds;
    KIT_FAILS(OC_ERROR_DEVICE_MEMORY, "enqueued work failed", run_bits(device, got, 4, 1, 2, &seconds), &err);
    *cl = good;
    cl->clCreateCommandQueueWithProperties = NULL; /* a loader of OpenCL 1.2 */
    KIT_OK(run_bits(device, got, 4, 1, 2, &seconds), &err);
    *cl = good;
    kit_finish(&k);
}

static void test_events(void **state) {
    (void)state;
    kit k;
    oc__queue *a, *b;
    oc__buffer *buffer;
    oc__event *event, *last;
    uint32_t value = 5, got = 0;
    kit_init(&k, NULL);
    oc_device *device = kit_open(&k);
    KIT_OK(oc__queue_create(&a, device, false, &err), &err);
    KIT_OK(oc__queue_create(&b, device, true, &err), &err);
    assert_true(!oc__queue_profiling(a) && oc__queue_profiling(b));
    assert_ptr_equal(oc__queue_device(a), device);
    KIT_OK(oc__buffer_create(&buffer, device, 4, &err), &err);
    KIT_OK(oc__queue_write(a, buffer, 0, &value, 4, false, &err), &err);
    KIT_OK(oc__queue_mark(a, &event, &err), &err);
    KIT_OK(oc__queue_wait_event(b, event, &err), &err);
    KIT_OK(oc__queue_read(b, buffer, 0, &got, 4, false, &err), &err);
    KIT_OK(oc__queue_mark(b, &last, &err), &err);
    KIT_OK(oc__queue_flush(b, &err), &err);
    KIT_OK(oc_event_wait(last, &err), &err);
    assert_int_equal(got, 5);
    KIT_OK(oc_event_wait(NULL, &err), &err);
    KIT_OK(oc__queue_wait_event(b, NULL, &err), &err);
    oc_event_destroy(&event);
    oc_event_destroy(&event);
    oc_event_destroy(NULL);
    oc__event_destroy(&last);
    oc__buffer_release(&buffer);
    oc__queue_destroy(&a);
    oc__queue_destroy(&b);
    kit_finish(&k);
}

static void test_notes(void **state) {
    (void)state;
    kit k;
    char value[8];
    kit_init(&k, NULL);
    oc_device *device = kit_open(&k);
    assert_false(oc__device_note_get(device, "a", value, sizeof value));
    oc__device_note_set(device, "a", "one");
    oc__device_note_set(device, "b", "two");
    oc__device_note_set(device, "a", "three and more");
    assert_true(oc__device_note_get(device, "a", value, sizeof value));
    assert_string_equal(value, "three a");
    assert_true(oc__device_note_get(device, "b", NULL, 0));
    assert_true(strlen(oc__device_key(device)) > 5);
    assert_ptr_equal(oc_device_get_context(device), k.context);
    kit_finish(&k);
}

static void check_gemm(oc_device *device, bool ta, bool tb, uint64_t batch) {
    enum { M = 5, N = 7, K = 3 };
    float a[2 * M * K], b[2 * K * N], c[2 * M * N];
    oc__buffer *buffers[3];
    const void *data[] = {a, b, c};
    const uint64_t sizes[] = {sizeof a, sizeof b, sizeof c};
    oc__queue *queue = oc__device_queue(device);
    for (size_t i = 0; i < OC_COUNT(a); i++)
        a[i] = (float)(i % 5) - 2;
    for (size_t i = 0; i < OC_COUNT(b); i++)
        b[i] = (float)(i % 7) - 3;
    for (size_t i = 0; i < OC_COUNT(c); i++)
        c[i] = (float)i;
    for (int i = 0; i < 3; i++) {
        KIT_OK(oc__buffer_create(&buffers[i], device, sizes[i], &err), &err);
        KIT_OK(oc__queue_write(queue, buffers[i], 0, data[i], sizes[i], true, &err), &err);
    }
    oc__gemm gemm = {.trans_a = ta, .trans_b = tb, .m = M, .n = N, .k = K, .batch = batch, .alpha = 2, .beta = 1,
                     .a = buffers[0], .b = buffers[1], .c = buffers[2], .lda = ta ? M : K, .ldb = tb ? K : N, .ldc = N,
                     .a_stride = M * K, .b_stride = K * N, .c_stride = M * N};
    KIT_OK(oc__clblast_sgemm(queue, &gemm, &err), &err);
    KIT_OK(oc__queue_read(queue, buffers[2], 0, c, sizeof c, true, &err), &err);
    for (size_t i = 0; i < batch * M * N; i++) {
        size_t g = i / (M * N), m = i / N % M, n = i % N;
        float sum = (float)i;
        for (size_t j = 0; j < K; j++)
            sum += 2 * a[g * M * K + (ta ? j * M + m : m * K + j)] * b[g * K * N + (tb ? n * K + j : j * N + n)];
        assert_true(fabsf(c[i] - sum) < 1e-4f);
    }
    for (int i = 0; i < 3; i++)
        oc__buffer_release(&buffers[i]);
}

static void test_clblast(void **state) {
    (void)state;
    kit k;
    if (!oc__clblast_available())
        skip();
    kit_init(&k, NULL);
    oc_device *device = kit_open(&k);
    check_gemm(device, false, false, 1);
    check_gemm(device, true, true, 1);
    check_gemm(device, false, true, 2);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_on_device), cmocka_unit_test(test_buffers),  cmocka_unit_test(test_launch_refusals),
        cmocka_unit_test(test_failing_calls),    cmocka_unit_test(test_events),   cmocka_unit_test(test_notes),
        cmocka_unit_test(test_clblast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
