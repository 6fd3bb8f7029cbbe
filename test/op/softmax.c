/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/softmax.h>

#define EACH(sizes, axis, layout, flags, relative) \
    {"softmax:" sizes ":axis=" axis, layout, flags, relative}, {"log_softmax:" sizes ":axis=" axis, layout, flags, relative}
#define BOTH(sizes, axis, flags) \
    {"softmax_bwd:" sizes "," sizes ":axis=" axis, NULL, flags, 0}, \
    {"log_softmax_bwd:" sizes "," sizes ":axis=" axis, NULL, flags, 0}

static const optest_case cases[] = {
    EACH("3x10", "-1", NULL, 0, 0), EACH("3x10", "0", NULL, OPTEST_NO_FAST, 0), EACH("2x5x3x4", "1", NULL, OPTEST_NO_FAST, 0),
    EACH("2x5x3x4", "-3", "aBcd16b", OPTEST_NO_FAST, 0), EACH("5x70", "1", NULL, 0, 0),
    EACH("1x1", "1", NULL, 0, 0), EACH("7x1", "1", NULL, 0, 0),
    EACH("scalar", "0", NULL, 0, 0), EACH("0x4", "1", NULL, 0, 0), EACH("4x0", "1", NULL, 0, 0),
    EACH("4x30000", "1", NULL, 0, 0), EACH("1x1000", "1", NULL, 0, 0), EACH("6x20", "1", NULL, OPTEST_SPECIAL, 0),
    EACH("f16.3x10", "-1", NULL, 0, 0), BOTH("3x10", "-1", 0), BOTH("2x5x3x4", "1", OPTEST_NO_FAST),
    BOTH("2x5000", "1", 0), BOTH("5x70", "1", 0), BOTH("0x4", "1", 0), BOTH("f16.3x10", "1", 0),
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* Numbers too large for exp() alone. */
static void test_large(void **state) {
    (void)state;
    const double x[2][3] = {{1000, 1001, -1000}, {-1000, -1001, -1002}};
    for (int which = 0; which < 2; which++) {
        kit k;
        kit_init(&k, NULL);
        kit_open(&k);
        optest_values(&k, "softmax:1x3:axis=1", (const double *const[]){x[which]});
        optest_values(&k, "log_softmax:1x3:axis=1", (const double *const[]){x[which]});
        kit_finish(&k);
    }
}

static oc_value *build_softmax(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_softmax(graph, x[0], -1, err);
}

static oc_value *build_log_softmax(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_log_softmax(graph, x[0], 1, err);
}

static const optest_gradient gradients[] = {
    {"softmax", build_softmax, 1, {{2, {OPTEST_N, 5}}}, 0, 0, 0, true},
    {"log_softmax", build_log_softmax, 1, {{3, {2, OPTEST_N, 4}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solvers),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
