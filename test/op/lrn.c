/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <math.h>
#include <string.h>

#include <ocelli/op/lrn.h>

#include "kit/model.h"

static const optest_case cases[] = {
    {"lrn:2x7x5x3:size=5,alpha=0.5,beta=0.75,bias=1", NULL, OPTEST_NO_FAST, 0},
    {"lrn:2x7x5x3:size=4,alpha=0.5,beta=0.5,bias=2", NULL, OPTEST_NO_FAST, 0},
    {"lrn:2x20x3x3:size=3,alpha=0.1,beta=1.5,bias=1", "aBcd16b", OPTEST_NO_FAST, 0},
    {"lrn:3x5:size=1,alpha=1,beta=0.75,bias=1", NULL, OPTEST_NO_FAST, 0},
    {"lrn:2x7x19:size=5,alpha=0.5,beta=0.75,bias=1", NULL, 0, 0},
    {"lrn:2x3x5x213:size=4,alpha=0.5,beta=0.5,bias=2", NULL, 0, 0},
    {"lrn:f16.1x5x3x17:size=3,alpha=0.5,beta=0.75,bias=1", NULL, 0, 2e-3},
    {"lrn:1x3x4x4:size=9,alpha=1,beta=0.75,bias=1", NULL, 0, 0},
    {"lrn:2x0x4:size=3,alpha=1,beta=0.75,bias=1", NULL, OPTEST_NO_FAST, 0},
    {"lrn:f16.2x7x5x3:size=5,alpha=0.5,beta=0.75,bias=1", NULL, OPTEST_NO_FAST, 2e-3},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

static oc_value *build_odd(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_lrn(graph, x[0], &oc_lrn_params(.size = 3, .alpha = 0.5f, .beta = 0.75f, .bias = 1), err);
}

static oc_value *build_even(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_lrn(graph, x[0], &oc_lrn_params(.size = 4, .alpha = 0.5f, .beta = 0.75f, .bias = 1), err);
}

static oc_value *build_within(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_lrn_within(graph, x[0], &oc_lrn_params(.size = 3, .alpha = 9, .beta = 0.5f, .bias = 3), err);
}

/* 1 … 6 in two rows: the middle of the upper row has 1 + 4 + 9 + 16 + 25 + 36 around it. */
static void test_within(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    model_gives(k.context, build_within, &OC_SHAPE(1, 1, 2, 3), NULL, 1,
                MODEL_LIST(1 / sqrt(49), 2 / sqrt(94), 3 / sqrt(77), 4 / sqrt(49), 5 / sqrt(94), 6 / sqrt(77)));
    for (int i = 0; i < 2; i++) { /* no size */
        oc_graph *graph = NULL;
        oc_error err = {0};
        KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(1, 2, 3, 3), &err);
        assert_null(oc_lrn_within(graph, x, i ? &oc_lrn_params(.beta = 1) : NULL, &err));
        assert_non_null(strstr(err.text, "at least 1"));
        oc_graph_destroy(&graph);
    }
    kit_finish(&k);
}

static const optest_gradient gradients[] = {
    {.name = "within", .build = build_within, .count = 1, .shapes = {{4, {OPTEST_N, 2, 3, 3}}}, .twice = true},
    {.name = "odd", .build = build_odd, .count = 1, .shapes = {{4, {OPTEST_N, 5, 2, 2}}}, .twice = true},
    {.name = "even", .build = build_even, .count = 1, .shapes = {{3, {2, 6, 3}}}, .twice = true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_solvers), cmocka_unit_test(test_within),
                                       cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
