/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/eltwise.h>

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

#define UNARY(name) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { \
        return oc_##name(graph, x[0], err); \
    }
#define BINARY(name, text) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { \
        return oc_##name(graph, x[0], x[1], err); \
    }
UNARY(relu)
UNARY(sigmoid)
UNARY(tanh)
UNARY(exp)
UNARY(ln)
UNARY(sqrt)
UNARY(neg)
UNARY(abs)
UNARY(reciprocal)
OC_BINARY_LIST(BINARY)

static oc_value *build_leaky(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_leaky_relu(graph, x[0], 0.1f, err);
}

static oc_value *build_clip(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_clip(graph, x[0], -0.5f, 0.75f, err);
}

/* Equal operands: half to each. */
static oc_value *build_ties(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_max(graph, oc_mul(graph, x[0], x[0], err), oc_mul(graph, x[0], x[0], err), err);
}

#define ONE(name, build, flags, twice) {name, build, 1, {{2, {OPTEST_N, 4}}}, flags, 0, 0, twice}
#define TWO(name, build, flags, twice) \
    {name, build, 2, {{2, {OPTEST_N, 4}}, {2, {OPTEST_N, 4}}}, flags, 0, 0, twice}, \
    {name " row", build, 2, {{2, {OPTEST_N, 4}}, {1, {4}}}, flags, 0, 0, twice}, \
    {name " column", build, 2, {{2, {OPTEST_N, 1}}, {3, {2, OPTEST_N, 4}}}, flags, 0, 0, twice}, \
    {name " scalar", build, 2, {{0, {0}}, {2, {OPTEST_N, 4}}}, flags, 0, 0, twice}

static const optest_gradient gradients[] = {
    ONE("relu", build_relu, 0, false), ONE("leaky_relu", build_leaky, 0, false), ONE("sigmoid", build_sigmoid, 0, true),
    ONE("tanh", build_tanh, 0, true), ONE("exp", build_exp, 0, true), ONE("log", build_ln, OPTEST_POSITIVE, true),
    ONE("sqrt", build_sqrt, OPTEST_POSITIVE, true), ONE("neg", build_neg, 0, false), ONE("abs", build_abs, 0, false),
    ONE("reciprocal", build_reciprocal, OPTEST_POSITIVE, true), ONE("clip", build_clip, 0, false),
    ONE("ties", build_ties, 0, false), ONE("sigmoid once", build_sigmoid, 0, false), ONE("tanh once", build_tanh, 0, false),
    ONE("sqrt once", build_sqrt, OPTEST_POSITIVE, false), ONE("reciprocal once", build_reciprocal, OPTEST_POSITIVE, false),
    TWO("add", build_add, 0, false), TWO("sub", build_sub, 0, false), TWO("mul", build_mul, 0, true),
    TWO("div", build_div, OPTEST_POSITIVE, true), TWO("pow", build_pow, OPTEST_POSITIVE, false), TWO("max", build_max, 0, false),
    TWO("min", build_min, 0, false),
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solvers),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
