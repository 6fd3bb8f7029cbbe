/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

static const optest_case cases[] = {
    /* every function */
    {"relu:3x37", NULL, 0, 0},
    {"leaky_relu:3x37:alpha=0.1", NULL, 0, 0},
    {"sigmoid:3x37", NULL, 0, 0},
    {"tanh:3x37", NULL, 0, 0},
    {"exp:3x37", NULL, 0, 0},
    {"log:3x37", NULL, OPTEST_POSITIVE, 0},
    {"sqrt:3x37", NULL, OPTEST_POSITIVE, 0},
    {"neg:3x37", NULL, 0, 0},
    {"abs:3x37", NULL, 0, 0},
    {"reciprocal:3x37", NULL, OPTEST_POSITIVE, 0},
    {"clip:3x37:alpha=-1,beta=2", NULL, 0, 0},
    {"clip:3x37:alpha=2,beta=-1", NULL, 0, 0},
    {"add:3x37,3x37", NULL, 0, 0},
    {"sub:3x37,3x37", NULL, 0, 0},
    {"mul:3x37,3x37", NULL, 0, 0},
    {"div:3x37,3x37", NULL, OPTEST_POSITIVE, 0},
    {"pow:3x37,3x37", NULL, OPTEST_POSITIVE, 0},
    {"max:3x37,3x37", NULL, 0, 0},
    {"min:3x37,3x37", NULL, 0, 0},
    {"relu_bwd:3x37,3x37", NULL, 0, 0},
    {"leaky_relu_bwd:3x37,3x37:alpha=0.1", NULL, 0, 0},
    {"abs_bwd:3x37,3x37", NULL, 0, 0},
    {"clip_bwd:3x37,3x37:alpha=-1,beta=2", NULL, 0, 0},
    {"sigmoid_bwd:3x37,3x37", NULL, 0, 0},
    {"tanh_bwd:3x37,3x37", NULL, 0, 0},
    {"sqrt_bwd:3x37,3x37", NULL, OPTEST_POSITIVE, 0},
    {"reciprocal_bwd:3x37,3x37", NULL, 0, 0},
    {"pow_da:3x37,3x37", NULL, OPTEST_POSITIVE, 0},
    {"pow_db:3x37,3x37", NULL, OPTEST_POSITIVE, 0},
    {"max_share:3x37,3x37", NULL, 0, 0},
    /* NaN, infinities, -0 */
    {"relu:97", NULL, OPTEST_SPECIAL, 0},
    {"leaky_relu:97:alpha=0.5", NULL, OPTEST_SPECIAL, 0},
    {"sigmoid:97", NULL, OPTEST_SPECIAL, 0},
    {"tanh:97", NULL, OPTEST_SPECIAL, 0},
    {"exp:97", NULL, OPTEST_SPECIAL, 0},
    {"clip:97:alpha=-1,beta=2", NULL, OPTEST_SPECIAL, 0},
    {"abs:97", NULL, OPTEST_SPECIAL, 0},
    {"max:97,97", NULL, OPTEST_SPECIAL, 0},
    {"min:97,97", NULL, OPTEST_SPECIAL, 0},
    {"max:97,scalar", NULL, OPTEST_SPECIAL, 0},
    {"add:97,97", NULL, OPTEST_SPECIAL, 0},
    /* sizes */
    {"relu:scalar", NULL, 0, 0},
    {"relu:1", NULL, 0, 0},
    {"relu:0x5", NULL, 0, 0},
    {"relu:300001", NULL, 0, 0},
    {"add:2x0,1x1", NULL, 0, 0},
    /* broadcasting */
    {"sub:scalar,scalar", NULL, 0, 0},
    {"sub:4x5,scalar", NULL, 0, 0},
    {"sub:scalar,4x5", NULL, 0, 0},
    {"sub:3x37,37", NULL, 0, 0},
    {"sub:37,3x37", NULL, 0, 0},
    {"sub:3x37,3x1", NULL, 0, 0},
    {"sub:2x5x3x7,5x1x1", NULL, 0, 0},
    {"sub:5x1x1,2x5x3x7", NULL, 0, 0},
    {"pow:2x5x3x7,1x5x1x1", NULL, OPTEST_POSITIVE, 0},
    {"sub:2x5x3x20000,5x1x1", NULL, 0, 0},
    {"sub:2x5x3x7,3x1", NULL, 0, 0},
    {"sub:2x5x3x7,5x3x1", NULL, 0, 0},
    {"sub:2x5x3x7,2x1x3x1", NULL, OPTEST_NO_FAST, 0},
    {"sub:3x1,1x4", NULL, OPTEST_NO_FAST, 0},
    {"sub:2x1x3x1x2x1x2x1,1x2x1x2x1x3x1x2", NULL, OPTEST_NO_FAST, 0},
    /* types */
    {"relu:f16.3x37", NULL, 0, 0},
    {"tanh:f16.3x37", NULL, 0, 0},
    {"add:f16.2x5x3x7,f16.5x1x1", NULL, 0, 0},
    {"add:i64.3x37,i64.3x37", NULL, 0, 0},
    {"div:i64.3x37,i64.3x37", NULL, 0, 0},
    {"pow:i32.3x37,i32.3x37", NULL, 0, 0},
    {"sub:u8.3x37,u8.3x37", NULL, 0, 0},
    {"sub:i32.3x37,i32.37", NULL, OPTEST_NO_FAST, 0},
    {"max:bool.37,bool.37", NULL, 0, 0},
    {"mul:bool.37,bool.37", NULL, 0, 0},
    {"clip:i32.3x37:alpha=1,beta=1.5", NULL, 0, 0},
    {"neg:i64.3x37", NULL, 0, 0},
    /* channels in blocks */
    {"relu:2x20x3x5", "aBcd16b", 0, 0},
    {"exp:2x20x3x5", "aBcd16b", 0, 0},
    {"exp:2x20x3x5", "aBcd8b", 0, 0},
    {"exp:2x32x3x5", "aBcd16b", 0, 0},
    {"exp:f16.2x20x3x5", "aBcd16b", 0, 0},
    {"add:2x20x3x5,2x20x3x5", "aBcd16b", 0, 0},
    {"div:2x20x3x5,2x20x3x5", "aBcd16b", OPTEST_POSITIVE, 0},
    {"add:2x20x3x5,scalar", "aBcd16b", 0, 0},
    {"sub:scalar,2x20x3x5", "aBcd8b", 0, 0},
    {"sub:2x20x3x5,20x1x1", "aBcd16b", 0, 0},
    {"sub:20x1x1,2x20x3x5", "aBcd8b", 0, 0},
    {"div:2x20x3x5,20x1x1", "aBcd16b", OPTEST_POSITIVE, 0},
    {"mul:2x20x3x5,3x5", "aBcd16b", 0, 0},
    {"relu:20x35x3x3", "ABcd16b16a", 0, 0},
    {"exp:2x20x3x5", "aBcd32b", 0, 0},
    {"relu:2x20x3x5", "acdb", 0, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

static void test_choice(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    optest_chooses(&k, &(optest_case){"relu:64x1000", NULL, 0, 0}, "eltwise.flat");
    if (oc__device_caps(k.device)->simt_width == 1)
        optest_chooses(&k, &(optest_case){"add:2x64x30x30,64x1x1", NULL, 0, 0}, "eltwise.rows");
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solvers),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
