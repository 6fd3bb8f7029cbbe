/* SPDX-License-Identifier: Apache-2.0 */
/* For one device alone: the operands themselves. Meetings are tested in api/parts_train.c. */
#include "kit/optest.h"

static const optest_case cases[] = {
    {"replica_sum:7", NULL, 0, 0},
    {"replica_sum:64,64,1", NULL, 0, 0},
    {"replica_sum:3x5,0", NULL, 0, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_solvers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
