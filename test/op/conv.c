/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

static const optest_case cases[] = {
    {"conv2d:mb1ic1ih1oc1oh1kh1", NULL, 0, 0},
    {"conv2d:mb2ic3ih7iw9oc5kh3ph1", NULL, 0, 0},
    {"conv2d:mb2ic16ih7iw9oc16kh3ph1", NULL, 0, 0},
    {"conv2d:mb2ic17ih7iw19oc33kh3ph1b;post=relu", NULL, 0, 0},
    {"conv2d:mb1ic32ih14oc48kh3ph1b;post=residual,sigmoid", NULL, 0, 1e-5},
    {"conv2d:mb1ic32ih14oc48kh1b;post=residual,sigmoid", NULL, 0, 1e-5},
    {"conv2d:mb1ic31ih14oc31kh5ph2sh2", NULL, 0, 0},
    {"conv2d:g2mb1ic32ih14oc64kh3ph1", NULL, 0, 0},
    {"conv2d_bwd_data:mb2ic17ih7iw19oc33kh3ph1", NULL, 0, 0},
    {"conv2d_bwd_data:mb2ic17ih7iw19oc33kh3ph1sh2", NULL, 0, 0},
    {"conv2d_bwd_data:mb2ic17ih17iw19oc33kh3ph1sh2dh1", NULL, 0, 0},
    {"conv2d_bwd_data:mb2ic17ih17iw19oc33kh3ph1sh3dh1", NULL, 0, 0},
    {"conv2d_bwd_data:mb2ic17ih17iw19oc33kh1sh2", NULL, 0, 0},
    {"conv2d:mb2ic3ih37oc64kh7ph3sh2b;post=relu", NULL, 0, 0},
    {"conv2d:mb2ic1ih28oc6kh5ph2", NULL, 0, 0},
    {"conv2d:mb2ic3ih5iw4oc6kh7ph9sh3dh1", NULL, 0, 0},
    {"conv2d_bwd_weights:mb5ic1ih28oc6kh5ph2", NULL, 0, 0},
    {"conv2d_bwd_weights:mb2ic3ih37oc64kh7ph3sh2", NULL, 0, 0},
    {"conv2d_bwd_weights:mb2ic3ih37oc40kh3sh2", NULL, 0, 0},
    {"conv2d_bwd_weights:mb2ic3ih5iw4oc6kh7ph9sh3dh1", NULL, 0, 0},
    {"conv2d_bwd_weights:mb2ic17ih7iw19oc33kh3ph1", NULL, 0, 0},
    {"conv2d_bwd_weights:mb5ic6ih14oc16kh5", NULL, 0, 0},
    {"conv2d_bwd_weights:mb2ic17ih17iw19oc33kh3ph1sh2", NULL, 0, 0},
    {"conv2d_bwd_weights:mb2ic17ih17iw19oc33kh3ph1sh2dh1", NULL, 0, 0},
    {"conv2d_bwd_weights:g2mb2ic32ih17iw19oc64kh3ph1", NULL, 0, 0},
    {"conv2d_bwd_weights:mb2ic40ih7oc33kh1sh2", NULL, 0, 0},
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
