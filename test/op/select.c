/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/select.h>

static const optest_case cases[] = {
    {"arg_reduce:3x37", NULL, 0, 0},
    {"arg_reduce:3x37:axis=1", NULL, OPTEST_SPECIAL, 0},
    {"arg_reduce:3x37:axis=1,min=1,last=1", NULL, OPTEST_SPECIAL, 0},
    {"arg_reduce:i32.2x30x5:axis=1,keep_dims=1,last=1", NULL, 0, 0},
    {"arg_reduce:u8.2x3x50:axis=-1,min=1", NULL, 0, 0},
    {"arg_reduce:f64.7:min=1", NULL, 0, 0},
    {"arg_reduce:bf16.1x7", NULL, 0, 0},
    {"arg_reduce:0x7:axis=1", NULL, 0, 0},
    {"top_k:3x37:axis=1,k=5", NULL, 0, 0},
    {"top_k:3x37:axis=1,k=37", NULL, OPTEST_SPECIAL, 0},
    {"top_k:3x37:axis=0,k=2,smallest=1", NULL, OPTEST_SPECIAL, 0},
    {"top_k:i64.2x30x5:axis=1,k=7", NULL, 0, 0},
    {"top_k:f16.2x30x5:axis=-1,k=1,smallest=1", NULL, 0, 0},
    {"top_k:3x100:axis=1,k=40", NULL, 0, 0},
    {"top_k:3x100:axis=1,k=77,smallest=1", NULL, OPTEST_SPECIAL, 0},
    {"top_k:u8.2x70x3:axis=1,k=70", NULL, OPTEST_CLASSES, 0},
    {"top_k:1:k=1", NULL, OPTEST_SPECIAL, 0},
    {"top_k:3x4:axis=1", NULL, 0, 0},
    {"top_k:1:k=1", NULL, 0, 0},
    {"cumulative_sum:3x37:axis=1", NULL, 0, 0},
    {"cumulative_sum:3x37:axis=0,reverse=1", NULL, 0, 0},
    {"cumulative_sum:2x30x5:axis=1,exclusive=1", NULL, 0, 0},
    {"cumulative_sum:2x30x5:axis=-1,exclusive=1,reverse=1", NULL, 0, 0},
    {"cumulative_sum:u16.2x30:axis=1", NULL, 0, 0},
    {"cumulative_sum:f64.300", NULL, 0, 0},
    {"cumulative_sum:1", NULL, 0, 0},
    {"cumulative_sum:3x0:axis=1", NULL, 0, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

static oc_value *build_top(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_top_k(graph, x[0], &oc_top_k_params(.axis = 1, .k = 2), NULL, err);
}
static oc_value *build_sum(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_cumulative_sum(graph, x[0], &oc_cumulative_params(.axis = 1), err);
}
static oc_value *build_exclusive(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_cumulative_sum(graph, x[0], &oc_cumulative_params(.axis = 0, .exclusive = true, .reverse = true), err);
}

static const optest_gradient gradients[] = {
    {"top_k", build_top, 1, {{3, {OPTEST_N, 4, 2}}}, 0, 0, 0, true},
    {"sum", build_sum, 1, {{3, {OPTEST_N, 4, 2}}}, 0, 0, 0, true},
    {"exclusive", build_exclusive, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_solvers), cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
