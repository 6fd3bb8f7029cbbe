/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/loss.h>

static const optest_case cases[] = {
    {"softmax_cross_entropy:5x10,i64.5", NULL, OPTEST_CLASSES, 0},
    {"softmax_cross_entropy:5x3,i32.5", NULL, 0, 0},
    {"softmax_cross_entropy:5x2,i64.5", NULL, OPTEST_CLASSES, 0}, /* labels out of range */
    {"softmax_cross_entropy:5x10,5x10", NULL, OPTEST_POSITIVE, 0},
    {"softmax_cross_entropy:50x70,i64.50", NULL, OPTEST_CLASSES, 0},
    {"softmax_cross_entropy:50x70,50x70", NULL, OPTEST_POSITIVE, 0},
    {"softmax_cross_entropy_bwd:50x70,i64.50,50", NULL, OPTEST_CLASSES, 0},
    {"softmax_cross_entropy_bwd:50x70,50x70,50", NULL, OPTEST_POSITIVE, 0},
    {"softmax_cross_entropy:1x1,i64.1", NULL, 0, 0},
    {"softmax_cross_entropy:0x10,i64.0", NULL, 0, 0},
    {"softmax_cross_entropy:3x20000,i64.3", NULL, 0, 0},
    {"softmax_cross_entropy:3x20000,3x20000", NULL, OPTEST_POSITIVE, 0},
    {"softmax_cross_entropy:f16.5x10,i64.5", NULL, OPTEST_CLASSES, 0},
    {"softmax_cross_entropy:11x10,i64.11", NULL, OPTEST_SPECIAL, 0},
    {"softmax_cross_entropy_bwd:5x10,i64.5,5", NULL, OPTEST_CLASSES, 0},
    {"softmax_cross_entropy_bwd:5x2,i64.5,5", NULL, OPTEST_CLASSES, 0},
    {"softmax_cross_entropy_bwd:5x10,5x10,5", NULL, OPTEST_POSITIVE, 0},
    {"softmax_cross_entropy_bwd:0x10,i64.0,0", NULL, 0, 0},
    {"softmax_cross_entropy_bwd:3x20000,i64.3,3", NULL, 0, 0},
    {"softmax_cross_entropy_bwd:3x20000,3x20000,3", NULL, 0, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

static oc_value *build_cross_entropy(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_softmax_cross_entropy(graph, x[0], x[1], err);
}

static oc_value *build_mse(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_mse(graph, x[0], x[1], err);
}

static const optest_gradient gradients[] = {
    {"classes", build_cross_entropy, 2, {{2, {OPTEST_N, 5}}, {1, {OPTEST_N}}}, 0, 2, 2, true},
    {"probabilities", build_cross_entropy, 2, {{2, {OPTEST_N, 5}}, {2, {OPTEST_N, 5}}}, OPTEST_POSITIVE, 0, 0, true},
    {"mse", build_mse, 2, {{2, {OPTEST_N, 5}}, {2, {OPTEST_N, 5}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solvers),
        cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
