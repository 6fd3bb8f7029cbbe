/* SPDX-License-Identifier: Apache-2.0 */
/* Which ops cannot be differentiated: those named here, and no others. With a gradient each has a gradient of its gradient too, which
 * the rooms' own tests compare with finite differences. */
#include <string.h>

#include "kit/kit.h"
#include "op/op.h"

static const char *const without[] = {
    "conv2d_separable", "conv2d_inverted", "winograd_weights", "norm_fold", "chain", "reorder", "replica_sum", /* made while a plan is, behind the gradients */
    "logical_not", "logical_and", "logical_or", "logical_xor", "bit_not", "bit_and", "bit_or", "bit_xor", "shift_left", "shift_right",
    "counter_next", /* of integers */
    "sgd_update", "adam_update", "adamw_update", "adagrad_update", "rmsprop_update",
    "deform_conv2d", /* forward only */
};

static void test_list(void **state) {
    size_t found = 0;
    (void)state;
    for (const oc__op *const *op = oc__ops; *op; op++) {
        bool listed = false;
        for (size_t i = 0; i < OC_COUNT(without); i++)
            listed = listed || strcmp(without[i], (*op)->name) == 0;
        if (listed == ((*op)->gradient != NULL))
            fail_msg("%s: %s", (*op)->name, listed ? "it has a gradient now" : "it has no gradient");
        found += listed;
    }
    assert_int_equal(found, OC_COUNT(without));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
