/* SPDX-License-Identifier: Apache-2.0 */
/* Weights in half precision: the numbers of rounded weights, half the memory, what cannot be held, and training, which has none. */
#include <math.h>
#include <ocelli/ocelli.h>
#include <string.h>

#include "base/base.h"
#include "kit/kit.h"

#define K 2001
#define N 333

static oc_error err;
static float x[K], weights[K * N], bias[N];

static void fill(void) {
    for (int i = 0; i < K; i++)
        x[i] = (float)(i * 7919 % 255 - 127) / 128;
    for (int i = 0; i < K * N; i++)
        weights[i] = ldexpf((float)(i * 7919L % 10007 - 5003) / 5003, i % 29 - 24); /* some are subnormal in half precision, or lost */
    for (int i = 0; i < N; i++)
        bias[i] = (float)i / 7;
}

static oc_value *state_of(kit *k, oc_graph *graph, const char *name, float *values, oc_shape shape) {
    oc_tensor *tensor = NULL;
    KIT_OK(oc_tensor_wrap(&tensor, k->context, OC_F32, &shape, values, &err), &err);
    oc_value *value = oc_graph_state_tensor(graph, name, tensor, false, &err);
    oc_tensor_destroy(&tensor);
    return value;
}

/* y = x w^T + b. */
static oc_graph *make_graph(kit *k, oc_value **y) {
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *in = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(1, K), &err);
    oc_value *w = state_of(k, graph, "fc.weight", weights, OC_SHAPE(N, K)), *b = state_of(k, graph, "fc.bias", bias, OC_SHAPE(N));
    oc_value *out = oc_linear(graph, in, w, b, &oc_matmul_params(.trans_b = true), &err);
    KIT_OK(oc_graph_output(graph, "y", out, &err), &err);
    if (y)
        *y = out;
    return graph;
}

static oc_plan *make_plan(kit *k, const oc_graph *graph, bool half) {
    oc_plan *plan = NULL;
    KIT_OK(oc_plan_create(&plan, graph, &k->device, 1, &(oc_plan_params){.half_weights = half}, &err), &err);
    return plan;
}

static oc_status run(kit *k, oc_exec *exec, float *y) {
    oc_tensor *in = NULL, *out = NULL;
    KIT_OK(oc_tensor_wrap(&in, k->context, OC_F32, &OC_SHAPE(1, K), x, &err), &err);
    KIT_OK(oc_tensor_wrap(&out, k->context, OC_F32, &OC_SHAPE(1, N), y, &err), &err);
    oc_status status = oc_exec_run(exec, &(oc_binding){"x", in}, 1, &(oc_binding){"y", out}, 1, &err);
    oc_tensor_destroy(&in);
    oc_tensor_destroy(&out);
    return status;
}

/* Against double precision with the weights as they are stored. */
static void check(const float *y, bool half) {
    for (int n = 0; n < N; n++) {
        double sum = bias[n], all = fabs(bias[n]);
        for (int i = 0; i < K; i++) {
            float w = weights[n * K + i], stored = half ? oc__float_from_half(oc__half_from_float(w)) : w;
            assert_true(fabsf(stored - w) <= ldexpf(fabsf(w), -11) + ldexpf(1, -25));
            sum += (double)x[i] * stored;
            all += fabs((double)x[i] * stored);
        }
        if (!(fabs(y[n] - sum) <= 1e-6 * all))
            fail_msg("half %d, column %d: %g, should be %g", half, n, y[n], sum);
    }
}

static void test_numbers(void **state) {
    (void)state;
    kit k;
    float y[N];
    uint64_t bytes = (uint64_t)K * N * 2;
    bool packed = false;
    kit_init(&k, NULL);
    kit_open(&k);
    fill();
    oc_graph *graph = make_graph(&k, NULL);
    for (int half = 0; half < 2; half++) {
        oc_plan *plan = make_plan(&k, graph, half);
        oc_exec *exec = NULL;
        oc_plan_info info = oc_plan_get_info(plan);
        if (half) /* packed: beside what is cast, and in panels that are padded */
            assert_true(info.derived_bytes >= bytes && info.derived_bytes < (packed ? bytes / 4 * 9 : bytes + 65536));
        else
            assert_true(info.derived_bytes == 0 || info.derived_bytes >= 2 * bytes);
        packed = info.derived_bytes > 0;
        KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
        KIT_OK(run(&k, exec, y), &err);
        check(y, half);
        oc_exec_destroy(&exec);
        oc_plan_destroy(&plan);
    }
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

static void test_range(void **state) {
    (void)state;
    kit k;
    float y[N];
    oc_exec *exec = NULL;
    oc_state *own = NULL;
    kit_init(&k, NULL);
    kit_open(&k);
    fill();
    weights[5 * K + 7] = -65519; /* what rounds to 65504 */
    oc_graph *graph = make_graph(&k, NULL);
    oc_plan *plan = make_plan(&k, graph, true);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    KIT_OK(run(&k, exec, y), &err);
    check(y, true);
    oc_exec_destroy(&exec);
    /* in a state that is written to: that run fails, and the next, until it is right again */
    KIT_OK(oc_state_create(&own, k.device, graph, 0, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, own, &err), &err);
    KIT_OK(run(&k, exec, y), &err);
    oc_tensor *tensor = NULL;
    KIT_OK(oc_tensor_wrap(&tensor, k.context, OC_F32, &OC_SHAPE(N, K), weights, &err), &err);
    weights[5 * K + 7] = 65520;
    KIT_OK(oc_state_write(own, "fc.weight", tensor, &err), &err);
    for (int i = 0; i < 2; i++)
        KIT_FAILS(OC_ERROR_LIMIT, "fc.weight", run(&k, exec, y), &err);
    weights[5 * K + 7] = 3;
    KIT_OK(oc_state_write(own, "fc.weight", tensor, &err), &err);
    KIT_OK(run(&k, exec, y), &err);
    check(y, true);
    oc_tensor_destroy(&tensor);
    oc_exec_destroy(&exec);
    oc_state_destroy(&own);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    /* the plan's own state: no exec can be made */
    weights[K * N - 1] = 1e9f;
    graph = make_graph(&k, NULL);
    plan = make_plan(&k, graph, true);
    KIT_FAILS(OC_ERROR_LIMIT, "65504", oc_exec_create(&exec, plan, NULL, &err), &err);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

/* Weights that are trained stay as they are, and the plan with them. */
static void test_training(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    fill();
    oc_plan_info info[2];
    oc_value *y = NULL;
    oc_graph *graph = make_graph(&k, &y);
    oc_value *loss = oc_reduce_sum(graph, oc_mul(graph, y, y, &err), NULL, &err);
    KIT_OK(oc_minimize(graph, loss, &(oc_optimizer){.kind = OC_SGD, .lr = 0.01f}, NULL, &err), &err);
    for (int half = 0; half < 2; half++) {
        oc_plan *plan = make_plan(&k, graph, half);
        info[half] = oc_plan_get_info(plan);
        oc_plan_destroy(&plan);
    }
    assert_memory_equal(&info[0], &info[1], sizeof(info[0]));
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

/* Graphs have one type an op: gradients and model files want it so. */
static void test_graphs(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    for (int way = 0; way < 3; way++) {
        oc_graph *graph = NULL;
        KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
        oc_value *a = oc_graph_input(graph, "a", OC_F32, &OC_SHAPE(4, 4), &err), *b = oc_graph_input(graph, "b", OC_F16, &OC_SHAPE(4, 4), &err);
        oc_value *c = oc_graph_input(graph, "c", OC_F32, &OC_SHAPE(1, 4, 4, 4), &err);
        oc_value *d = oc_graph_input(graph, "d", OC_F16, &OC_SHAPE(4, 4, 1, 1), &err);
        oc_value *made = way == 0   ? oc_matmul(graph, a, b, NULL, &err)
                         : way == 1 ? oc_linear(graph, a, b, NULL, NULL, &err)
                                    : oc_conv2d(graph, c, d, NULL, NULL, &err);
        assert_null(made);
        KIT_FAILS(OC_ERROR_INVALID, "f32 and f16", oc_graph_check(graph, &err), &err);
        oc_graph_destroy(&graph);
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_range), cmocka_unit_test(test_training),
                                       cmocka_unit_test(test_graphs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
