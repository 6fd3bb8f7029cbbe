/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/norm.h>

#define ALL(x, c, options, layout, flags, relative) \
    {"batch_norm:" x "," c "," c "," c "," c options, layout, OPTEST_POSITIVE | (flags), relative}, \
    {"batch_norm_train:" x "," c "," c "," c "," c options, layout, flags, relative}, \
    {"batch_norm_bwd:" x "," c "," c "," c "," x options, layout, flags, relative}

static const optest_case cases[] = {
    ALL("2x3x5x7", "3", "", NULL, 0, 0),
    ALL("2x20x5x7", "20", ":epsilon=0.001,momentum=0.75", NULL, 0, 0),
    ALL("2x20x5x7", "20", ":unbiased=1", "aBcd16b", 0, 0),
    ALL("2x20x5x7", "20", "", "aBcd8b", 0, 0),
    ALL("3x16x9x9", "16", "", "aBcd16b", 0, 0),
    ALL("64x5", "5", "", NULL, OPTEST_NO_FAST, 0),
    ALL("5x4x33", "4", "", NULL, 0, 0),
    ALL("1x1x1x1", "1", ":unbiased=1", NULL, OPTEST_NO_FAST, 0),
    ALL("2x3x100x101", "3", "", NULL, 0, 0),
    ALL("2x20x100x101", "20", "", "aBcd16b", 0, 0),
    ALL("130x4x4x4", "4", "", NULL, 0, 0),
    ALL("2x3x0x7", "3", "", NULL, OPTEST_NO_FAST, 0),
    ALL("2x0x5x7", "0", "", NULL, 0, 0),
    {"batch_norm:f16.2x20x5x7,20,20,20,20", "aBcd16b", OPTEST_POSITIVE, 0},
    {"batch_norm_train:f16.2x20x5x7,20,20,20,20", "aBcd16b", 0, 2e-3},
    {"batch_norm_bwd:f16.2x20x5x7,f16.20,20,20,f16.2x20x5x7", "aBcd16b", 0, 2e-3},
    {"batch_norm:2x20x5x7,20,20,20,20;post=relu", "aBcd16b", OPTEST_POSITIVE, 0},
    {"batch_norm:2x20x5x7,20,20,20,20;post=relu", NULL, 0, 0},
    {"norm_fold:7x5x3x3,7,7,7,7:epsilon=0.001", NULL, OPTEST_POSITIVE, 0},
    {"norm_fold:70x5x3x3,70,70,70,70,70:epsilon=0.001", NULL, OPTEST_POSITIVE, 0},
    {"norm_fold:9x20,20,20,20,20,20:axis=1,epsilon=0.001", NULL, OPTEST_POSITIVE, 0},
    {"norm_fold:f16.7x5,f16.7,7,f16.7,7,7:epsilon=0.001", NULL, OPTEST_POSITIVE, 0},
    {"batch_norm_train:f16.2x3x5x7,f16.3,f16.3,f16.3,f16.3", NULL, 0, 2e-3},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* A mean far from zero: a variance from sums of squares would be lost. */
static void test_far_mean(void **state) {
    (void)state;
    enum { COUNT = 2 * 2 * 40 * 40 };
    static double x[COUNT];
    for (int i = 0; i < COUNT; i++)
        x[i] = 4096 + i * 7 % 16 * 0.0625;
    const double one[2] = {1, 1}, zero[2] = {0, 0};
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    optest_values_within(&k, "batch_norm_train:2x2x40x40,2,2,2,2", (const double *const[]){x, one, zero, zero, one}, 1e-3);
    kit_finish(&k);
}

static oc_value *build_train(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_batch_norm_train(graph, x[0], x[1], x[2], x[3], x[4], NULL, NULL, NULL, err);
}

static oc_value *build(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_batch_norm(graph, x[0], x[1], x[2], x[3], x[4], NULL, err);
}

#define CHANNELS {1, {2}}

static const optest_gradient gradients[] = {
    {"batch_norm", build, 5, {{4, {OPTEST_N, 2, 2, 3}}, CHANNELS, CHANNELS, CHANNELS, CHANNELS}, OPTEST_POSITIVE, 0, 0, true},
    {"batch_norm_train", build_train, 5, {{4, {OPTEST_N, 2, 2, 3}}, CHANNELS, CHANNELS, CHANNELS, CHANNELS}, 0, 24, 0, true},
    {"batch_norm_train of vectors", build_train, 5, {{2, {OPTEST_N, 2}}, CHANNELS, CHANNELS, CHANNELS, CHANNELS}, 0, 24, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solvers),
        cmocka_unit_test(test_far_mean),
        cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
