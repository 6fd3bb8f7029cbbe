/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs and outputs in an exec's own memory: the same numbers as with tensors that are bound, and no copies. */
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "device/cl.h"
#include "kit/kit.h"

#define ROWS 3
#define IN 40
#define OUT 10

static oc_error err;
static oc__cl honest;
static int transfers;

static cl_int count_write(cl_command_queue queue, cl_mem to, cl_bool wait, size_t offset, size_t size, const void *from, cl_uint n,
                          const cl_event *after, cl_event *event) {
    transfers++;
    return honest.clEnqueueWriteBuffer(queue, to, wait, offset, size, from, n, after, event);
}

static cl_int count_read(cl_command_queue queue, cl_mem from, cl_bool wait, size_t offset, size_t size, void *to, cl_uint n,
                         const cl_event *after, cl_event *event) {
    transfers++;
    return honest.clEnqueueReadBuffer(queue, from, wait, offset, size, to, n, after, event);
}

static cl_int count_copy(cl_command_queue queue, cl_mem from, cl_mem to, size_t at, size_t to_at, size_t size, cl_uint n,
                         const cl_event *after, cl_event *event) {
    transfers++;
    return honest.clEnqueueCopyBuffer(queue, from, to, at, to_at, size, n, after, event);
}

/* y = relu(x w) and two outputs that are no results of runs. */
static oc_graph *network(kit *k) {
    oc_graph *graph = NULL;
    oc_tensor *one;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), IN), &err);
    oc_value *w = oc_graph_state(graph, "w", OC_F32, &OC_SHAPE(IN, OUT), &(oc_init){.kind = OC_INIT_HE}, &err);
    KIT_OK(oc_tensor_create(&one, k->context, NULL, OC_F32, &OC_SHAPE(4), &err), &err);
    KIT_OK(oc_graph_output(graph, "y", oc_relu(graph, oc_matmul(graph, x, w, NULL, &err), &err), &err), &err);
    KIT_OK(oc_graph_output(graph, "weights", w, &err), &err);
    KIT_OK(oc_graph_output(graph, "constant", oc_graph_constant(graph, NULL, one, &err), &err), &err);
    oc_tensor_destroy(&one);
    return graph;
}

static oc_exec *make_exec(kit *k, const oc_graph *graph, int64_t rows, oc_plan_params params) {
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    params.default_dim = rows;
    params.dims = &(oc_dim_binding){"N", rows};
    params.dim_count = 1;
    KIT_OK(oc_plan_create(&plan, graph, &k->device, 1, &params, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    oc_plan_destroy(&plan);
    return exec;
}

static float number(int run, int i) {
    return (float)((i * 37 + run * 11) % 101) / 50 - 1;
}

static void run_bound(kit *k, oc_exec *exec, int run, float y[ROWS * OUT]) {
    float x[ROWS * IN];
    oc_binding in = {.name = "x"}, out = {.name = "y"};
    for (int i = 0; i < ROWS * IN; i++)
        x[i] = number(run, i);
    KIT_OK(oc_tensor_wrap(&in.tensor, k->context, OC_F32, &OC_SHAPE(ROWS, IN), x, &err), &err);
    KIT_OK(oc_tensor_wrap(&out.tensor, k->context, OC_F32, &OC_SHAPE(ROWS, OUT), y, &err), &err);
    KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    oc_tensor_destroy(&in.tensor);
    oc_tensor_destroy(&out.tensor);
}

static void run_own(oc_exec *exec, int run, bool bound, float y[ROWS * OUT]) {
    oc_binding in = {.name = "x"}, out = {.name = "y"};
    void *data = NULL;
    KIT_OK(oc_exec_get_tensor(&in.tensor, exec, "x", &err), &err);
    KIT_OK(oc_exec_get_tensor(&out.tensor, exec, "y", &err), &err);
    KIT_OK(oc_tensor_map(in.tensor, &data, &err), &err);
    for (int i = 0; i < ROWS * IN; i++)
        ((float *)data)[i] = number(run, i);
    KIT_OK(oc_tensor_unmap(in.tensor, &err), &err);
    KIT_OK(oc_exec_run(exec, &in, bound, &out, bound, &err), &err);
    KIT_OK(oc_tensor_map(out.tensor, &data, &err), &err);
    memcpy(y, data, sizeof(float) * ROWS * OUT);
    oc_tensor_destroy(&out.tensor); /* unmaps it */
    oc_tensor_destroy(&in.tensor);
}

static void test_numbers(void **state) {
    (void)state;
    kit k;
    float want[ROWS * OUT], got[ROWS * OUT];
    const oc_plan_params ways[] = {{0}, {.reference = true}, {.no_fusion = true}, {.red_zones = true}};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = network(&k);
    for (size_t w = 0; w < sizeof(ways) / sizeof(*ways); w++) {
        oc_exec *bound = make_exec(&k, graph, ROWS, ways[w]), *own = make_exec(&k, graph, ROWS, ways[w]);
        for (int run = 0; run < 4; run++) {
            run_bound(&k, bound, run, want);
            run_own(own, run, run % 2, got);
            assert_memory_equal(got, want, sizeof(want));
        }
        run_bound(&k, own, 7, got); /* tensors of others too */
        run_bound(&k, bound, 7, want);
        assert_memory_equal(got, want, sizeof(want));
        oc_exec_destroy(&bound);
        oc_exec_destroy(&own);
    }
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

static void test_no_copies(void **state) {
    (void)state;
    kit k;
    float y[ROWS * OUT];
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = network(&k);
    oc_exec *exec = make_exec(&k, graph, ROWS, (oc_plan_params){0});
    run_bound(&k, exec, 0, y);
    oc__cl *cl = oc__cl_table(k.context);
    honest = *cl;
    cl->clEnqueueWriteBuffer = count_write;
    cl->clEnqueueReadBuffer = count_read;
    cl->clEnqueueCopyBuffer = count_copy;
    transfers = 0;
    run_own(exec, 1, false, y);
    run_own(exec, 2, true, y);
    assert_int_equal(transfers, 0);
    run_bound(&k, exec, 3, y);
    assert_int_equal(transfers, 2);
    *cl = honest;
    oc_exec_destroy(&exec);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

static void test_refusals(void **state) {
    (void)state;
    kit k;
    oc_tensor *tensor = NULL, *other = NULL;
    void *data = NULL, *again = NULL;
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = network(&k);
    oc_exec *exec = make_exec(&k, graph, ROWS, (oc_plan_params){0});
    KIT_FAILS(OC_ERROR_NOT_FOUND, "no input or output named z", oc_exec_get_tensor(&tensor, exec, "z", &err), &err);
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "weights is a state", oc_exec_get_tensor(&tensor, exec, "weights", &err), &err);
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "constant is a state or a constant", oc_exec_get_tensor(&tensor, exec, "constant", &err), &err);
    assert_null(tensor);
    KIT_FAILS(OC_ERROR_INVALID, "x was never given", oc_exec_run(exec, NULL, 0, NULL, 0, &err), &err);
    KIT_OK(oc_exec_get_tensor(&tensor, exec, "x", &err), &err);
    KIT_OK(oc_exec_run(exec, NULL, 0, NULL, 0, &err), &err);
    KIT_OK(oc_tensor_map(tensor, &data, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "mapped already", oc_tensor_map(tensor, &again, &err), &err);
    assert_null(again);
    KIT_OK(oc_tensor_unmap(tensor, &err), &err);
    KIT_OK(oc_tensor_unmap(tensor, &err), &err);
    oc_exec_destroy(&exec); /* the memory is the tensor's as well */
    KIT_OK(oc_tensor_map(tensor, &data, &err), &err);
    ((float *)data)[ROWS * IN - 1] = 1;
    oc_tensor_destroy(&tensor);
    exec = make_exec(&k, graph, 0, (oc_plan_params){0}); /* a batch of nobody */
    KIT_OK(oc_exec_get_tensor(&tensor, exec, "x", &err), &err);
    KIT_OK(oc_exec_get_tensor(&other, exec, "y", &err), &err);
    KIT_OK(oc_tensor_map(tensor, &data, &err), &err);
    assert_null(data);
    KIT_OK(oc_tensor_unmap(tensor, &err), &err);
    KIT_OK(oc_exec_run(exec, NULL, 0, NULL, 0, &err), &err);
    oc_tensor_destroy(&tensor);
    oc_tensor_destroy(&other);
    oc_exec_destroy(&exec);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

/* Any tensor can be mapped; views at their strides. */
static void test_views(void **state) {
    (void)state;
    kit k;
    oc_tensor *whole, *column, *host;
    float numbers[12], *data;
    void *mapped = NULL;
    kit_init(&k, NULL);
    kit_open(&k);
    KIT_OK(oc_tensor_create(&whole, k.context, k.device, OC_F32, &OC_SHAPE(3, 4), &err), &err);
    for (int i = 0; i < 12; i++)
        numbers[i] = (float)i;
    KIT_OK(oc_tensor_write(whole, numbers, sizeof(numbers), &err), &err);
    KIT_OK(oc_tensor_view(&column, whole, 2, &OC_SHAPE(3, 1), (int64_t[]){4, 1}, &err), &err);
    KIT_OK(oc_tensor_map(column, &mapped, &err), &err);
    data = mapped;
    for (int i = 0; i < 3; i++) {
        assert_true(data[i * oc_tensor_get_strides(column)[0]] == (float)(4 * i + 2));
        data[i * oc_tensor_get_strides(column)[0]] = -1;
    }
    KIT_OK(oc_tensor_unmap(column, &err), &err);
    KIT_OK(oc_tensor_read(whole, numbers, sizeof(numbers), &err), &err);
    for (int i = 0; i < 12; i++)
        assert_true(numbers[i] == (i % 4 == 2 ? -1 : (float)i));
    KIT_OK(oc_tensor_wrap(&host, k.context, OC_F32, &OC_SHAPE(12), numbers, &err), &err);
    KIT_OK(oc_tensor_map(host, &mapped, &err), &err);
    assert_ptr_equal(mapped, numbers);
    KIT_OK(oc_tensor_unmap(host, &err), &err);
    oc_tensor_destroy(&host);
    oc_tensor_destroy(&column);
    oc_tensor_destroy(&whole);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_no_copies),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
