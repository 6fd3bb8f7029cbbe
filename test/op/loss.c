/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

static const optest_case cases[] = {
    {"softmax_cross_entropy:5x10,i64.5", NULL, OPTEST_CLASSES, 0},
    {"softmax_cross_entropy:5x3,i32.5", NULL, 0, 0},
    {"softmax_cross_entropy:5x2,i64.5", NULL, OPTEST_CLASSES, 0}, /* labels out of range */
    {"softmax_cross_entropy:5x10,5x10", NULL, OPTEST_POSITIVE, 0},
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solvers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
