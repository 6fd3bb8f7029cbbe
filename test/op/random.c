/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/random.h>

#include "op/random.h"

static const optest_case cases[] = {
    {"dropout:3x37,i64.2:ratio=0.5", NULL, 0, 0},
    {"dropout:3x37,i64.2:ratio=0.1,stream=7", NULL, 0, 0},
    {"dropout:3x37,i64.2", NULL, 0, 0},
    {"dropout:50000,i64.2:ratio=0.25", NULL, 0, 0},
    {"dropout:2x20x3x5,i64.2:ratio=0.25", "aBcd16b", 0, 0},
    {"dropout:f16.3x37,i64.2:ratio=0.5", NULL, 0, 0},
    {"dropout:0x37,i64.2:ratio=0.5", NULL, 0, 0},
    {"counter_next:i64.2", NULL, 0, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* A large seed, and different numbers for each seed, stream and run. */
static void test_counter(void **state) {
    (void)state;
    double x[64], counter[2] = {4503599627370495.0, 123456789};
    for (int i = 0; i < 64; i++)
        x[i] = i + 1;
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    optest_values(&k, "dropout:64,i64.2:ratio=0.5,stream=3", (const double *const[]){x, counter});
    kit_finish(&k);
    assert_int_not_equal(oc__random_stream(1, 0), oc__random_stream(0, 1));
    assert_int_not_equal(oc__random_stream(1, 1), oc__random_stream(1, 0));
}

/* The share of dropped elements, and the mean, which stays. */
static void test_share(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    static double x[COUNT], z[COUNT];
    double counter[2] = {1, 2}, *out[1] = {z}, dropped = 0, sum = 0;
    for (int i = 0; i < COUNT; i++)
        x[i] = 1;
    oc_dropout_params params = {.ratio = 0.25f};
    oc_shape shape = {1, {COUNT}}, pair = {1, {2}};
    oc__desc in[2] = {oc__desc_plain(OC_F32, &shape), oc__desc_plain(OC_I64, &pair)};
    oc__problem problem = {.op = &oc__op_dropout, .params = &params, .in_count = 2, .op_in = 2, .out_count = 1, .in = in, .out = in};
    assert_int_equal(oc__op_dropout.host(NULL, &problem, (const double *const[]){x, counter}, out, NULL), OC_OK);
    for (int i = 0; i < COUNT; i++) {
        dropped += z[i] == 0;
        sum += z[i];
    }
    assert_true(dropped > 0.245 * COUNT && dropped < 0.255 * COUNT);
    assert_true(sum > 0.99 * COUNT && sum < 1.01 * COUNT);
}

static void test_graph(void **state) {
    (void)state;
    kit k;
    oc_graph *graph;
    oc_error err;
    kit_init(&k, NULL);
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    oc_value *counter = oc_graph_random_counter(graph, &err);
    assert_non_null(counter);
    assert_ptr_equal(counter, oc_graph_random_counter(graph, &err));
    assert_non_null(counter->update);
    assert_false(oc_value_get_info(counter).trainable);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(3), &err);
    assert_null(oc_dropout(graph, x, counter, &oc_dropout_params(.ratio = 1), &err));
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

static oc_value *build(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_dropout(graph, x[0], x[1], &oc_dropout_params(.ratio = 0.5f, .stream = 2), err);
}

static void test_gradients(void **state) {
    (void)state;
    const optest_gradient gradients[] = {{"dropout", build, 2, {{2, {OPTEST_N, 8}}, {1, {2}}}, 0, 2, 2, false}};
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solvers),
        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_graph),
        cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
