/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/det.h>

static const optest_case cases[] = {
    {"det:3x5x5", NULL, OPTEST_POSITIVE, 1e-4},
    {"det:2x3x4x4", NULL, OPTEST_POSITIVE, 1e-4},
    {"det:1x1", NULL, 0, 0},
    {"det:7x2x2", NULL, 0, 0},
    {"det:0x3x3", NULL, 0, 0},
    {"det:2x0x0", NULL, 0, 0},
    {"det:f64.2x9x9", NULL, OPTEST_POSITIVE, 0},
    {"det:f16.4x3x3", NULL, OPTEST_POSITIVE, 5e-3},
    {"cofactor:3x4x4", NULL, OPTEST_POSITIVE, 1e-4},
    {"cofactor:5x1x1", NULL, 0, 0},
    {"cofactor:2x2", NULL, 0, 0},
    {"cofactor:f64.2x3x3", NULL, 0, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* Swapped rows, rows that are each other's multiples, and what has no place for a pivot. */
static void test_values(void **state) {
    (void)state;
    kit k;
    static const double x[4][9] = {{0, 1, 0, 1, 0, 0, 0, 0, 1}, {1, 2, 3, 2, 4, 6, 1, 0, 1}, {0, 1, 2, 0, 3, 4, 0, 5, 6},
                                   {2, 0, 0, 0, 3, 0, 0, 0, 4}};
    static const double want[4] = {-1, 0, 0, 24};
    const double *in[1] = {x[0]};
    double got[4], *out[1] = {got};
    oc_error err = {0};
    oc__arena arena;
    oc__problem problem;
    kit_init(&k, NULL);
    oc__arena_init(&arena, k.context);
    KIT_OK(oc__problem_parse(&arena, "det:4x3x3", NULL, &problem, &err), &err);
    KIT_OK(oc__op_det.host(k.context, &problem, in, out, &err), &err);
    for (int i = 0; i < 4; i++)
        assert_true(got[i] == want[i]);
    kit_open(&k);
    optest_values(&k, "det:4x3x3", in);
    optest_values(&k, "cofactor:4x3x3", in);
    oc__arena_finish(&arena);
    kit_finish(&k);
}

static oc_value *build(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_det(graph, x[0], err);
}

static const optest_gradient gradients[] = {
    {.name = "det", .build = build, .count = 1, .shapes = {{3, {OPTEST_N, 3, 3}}}},
    {.name = "one", .build = build, .count = 1, .shapes = {{2, {1, 1}}}},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_solvers), cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
