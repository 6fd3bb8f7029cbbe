/* SPDX-License-Identifier: Apache-2.0 */
/* A driver whose blocking writes are done with the host's memory alone, as OpenCL allows: the bytes come when the queue next does
 * something. What is written through one queue must still be there for the kernels of another. */
#include <math.h>
#include <ocelli/ocelli.h>
#include <stdlib.h>
#include <string.h>

#include "device/cl.h"
#include "kit/kit.h"

#define SIZE 37

static oc_error err;
static oc__cl honest;

/* The one write that is late. */
static struct {
    cl_command_queue queue;
    cl_mem to;
    size_t offset, size;
    void *bytes;
} late;
static int delayed;

static void catch_up(cl_command_queue queue) {
    if (!late.bytes || (queue && late.queue != queue))
        return;
    assert_int_equal(honest.clEnqueueWriteBuffer(late.queue, late.to, CL_TRUE, late.offset, late.size, late.bytes, 0, NULL, NULL), CL_SUCCESS);
    assert_int_equal(honest.clReleaseMemObject(late.to), CL_SUCCESS);
    free(late.bytes);
    late.bytes = NULL;
}

static cl_int late_write(cl_command_queue queue, cl_mem to, cl_bool wait, size_t offset, size_t size, const void *from, cl_uint waits,
                         const cl_event *after, cl_event *event) {
    catch_up(NULL);
    if (!wait || event)
        return honest.clEnqueueWriteBuffer(queue, to, wait, offset, size, from, waits, after, event);
    late.queue = queue;
    late.to = to;
    late.offset = offset;
    late.size = size;
    late.bytes = malloc(size);
    assert_non_null(late.bytes);
    memcpy(late.bytes, from, size);
    delayed++;
    return honest.clRetainMemObject(to);
}

static cl_int late_launch(cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset, const size_t *global,
                          const size_t *local, cl_uint waits, const cl_event *wait, cl_event *event) {
    catch_up(queue);
    return honest.clEnqueueNDRangeKernel(queue, kernel, dims, offset, global, local, waits, wait, event);
}

static cl_int late_read(cl_command_queue queue, cl_mem from, cl_bool wait, size_t offset, size_t size, void *to, cl_uint waits,
                        const cl_event *after, cl_event *event) {
    catch_up(queue);
    return honest.clEnqueueReadBuffer(queue, from, wait, offset, size, to, waits, after, event);
}

static cl_int late_copy(cl_command_queue queue, cl_mem from, cl_mem to, size_t at, size_t to_at, size_t size, cl_uint waits,
                        const cl_event *after, cl_event *event) {
    catch_up(queue);
    return honest.clEnqueueCopyBuffer(queue, from, to, at, to_at, size, waits, after, event);
}

static cl_int late_finish(cl_command_queue queue) {
    catch_up(queue);
    return honest.clFinish(queue);
}

static void be_late(oc_context *context) {
    oc__cl *table = oc__cl_table(context);
    honest = *table;
    table->clEnqueueWriteBuffer = late_write;
    table->clEnqueueNDRangeKernel = late_launch;
    table->clEnqueueReadBuffer = late_read;
    table->clEnqueueCopyBuffer = late_copy;
    table->clFinish = late_finish;
}

static void check(kit *k, oc_exec *exec, oc_tensor *in, double x, double s) {
    float got[SIZE];
    oc_tensor *out;
    KIT_OK(oc_tensor_wrap(&out, k->context, OC_F32, &OC_SHAPE(SIZE), got, &err), &err);
    const oc_binding bound = {"x", in}, result = {"y", out};
    KIT_OK(oc_exec_run(exec, &bound, in ? 1 : 0, &result, 1, &err), &err);
    for (int i = 0; i < SIZE; i++)
        assert_true(fabs(got[i] - (x * i + s * (i + 1) + 3 * i)) <= 1e-3); /* the constant is 3 i */
    oc_tensor_destroy(&out);
}

static void test_late(void **state) {
    (void)state;
    kit k;
    float x[SIZE], s[SIZE], c[SIZE];
    oc_graph *graph = NULL;
    oc_tensor *on_device, *constant, *first, *second;
    oc_plan *plan;
    oc_exec *exec;
    kit_init(&k, NULL);
    kit_open(&k);
    for (int i = 0; i < SIZE; i++) {
        x[i] = (float)i;
        s[i] = (float)(i + 1);
        c[i] = (float)(3 * i);
    }
    KIT_OK(oc_tensor_wrap(&constant, k.context, OC_F32, &OC_SHAPE(SIZE), c, &err), &err);
    KIT_OK(oc_tensor_wrap(&first, k.context, OC_F32, &OC_SHAPE(SIZE), s, &err), &err);
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    oc_value *in = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(SIZE), &err);
    oc_value *kept = oc_graph_state_tensor(graph, "s", first, false, &err);
    oc_value *sum = oc_add(graph, oc_add(graph, in, kept, &err), oc_graph_constant(graph, NULL, constant, &err), &err);
    KIT_OK(oc_graph_output(graph, "y", sum, &err), &err);
    KIT_OK(oc_tensor_create(&on_device, k.context, k.device, OC_F32, &OC_SHAPE(SIZE), &err), &err);
    be_late(k.context);
    KIT_OK(oc_plan_create(&plan, graph, &k.device, 1, NULL, &err), &err);
    oc_state *own;
    KIT_OK(oc_state_create(&own, k.device, graph, 0, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, own, &err), &err);
    KIT_OK(oc_tensor_write(on_device, x, sizeof(x), &err), &err);
    check(&k, exec, on_device, 1, 1);

    KIT_OK(oc_state_save(own, kit_path(&k, "state"), NULL, &err), &err);
    for (int i = 0; i < SIZE; i++)
        s[i] *= 2;
    KIT_OK(oc_tensor_wrap(&second, k.context, OC_F32, &OC_SHAPE(SIZE), s, &err), &err);
    KIT_OK(oc_state_write(own, "s", second, &err), &err);
    check(&k, exec, NULL, 1, 2);
    KIT_OK(oc_state_restore(own, kit_path(&k, "state"), NULL, 0, &err), &err);
    check(&k, exec, NULL, 1, 1);
    assert_true(delayed >= 5);

    oc_exec_destroy(&exec);
    oc_state_destroy(&own);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    oc_tensor_destroy(&on_device);
    oc_tensor_destroy(&constant);
    oc_tensor_destroy(&first);
    oc_tensor_destroy(&second);
    catch_up(NULL);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_late)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
