/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/eltwise.h>

static const optest_case more[] = {
    {"sin:3x37", NULL, 0, 0},
    {"cos:3x37", NULL, 0, 0},
    {"tan:3x37", NULL, 0, 0},
    {"atan:3x37", NULL, 0, 0},
    {"sinh:3x37", NULL, 0, 0},
    {"cosh:3x37", NULL, 0, 0},
    {"asinh:3x37", NULL, 0, 0},
    {"erf:3x37", NULL, 0, 0},
    {"softplus:3x37", NULL, 0, 0},
    {"softsign:3x37", NULL, 0, 0},
    {"gelu:3x37", NULL, 0, 0},
    {"gelu_tanh:3x37", NULL, 0, 0},
    {"hard_swish:3x37", NULL, 0, 0},
    {"mish:3x37", NULL, 0, 0},
    {"floor:3x37", NULL, 0, 0},
    {"floor:97", NULL, OPTEST_SPECIAL, 0},
    {"ceil:3x37", NULL, 0, 0},
    {"ceil:97", NULL, OPTEST_SPECIAL, 0},
    {"round:3x37", NULL, 0, 0},
    {"round:97", NULL, OPTEST_SPECIAL, 0},
    {"sign:3x37", NULL, 0, 0},
    {"sign:97", NULL, OPTEST_SPECIAL, 0},
    {"step:3x37", NULL, 0, 0},
    {"step:97", NULL, OPTEST_SPECIAL, 0},
    {"asin:3x37", NULL, 0, 0},
    {"acos:3x37", NULL, 0, 0},
    {"atanh:3x37", NULL, 0, 0},
    {"acosh:3x37", NULL, 0, 0},
    {"elu:3x37:alpha=0.7", NULL, 0, 0},
    {"selu:3x37:alpha=1.6,beta=1.05", NULL, 0, 0},
    {"celu:3x37:alpha=2", NULL, 0, 0},
    {"swish:3x37:alpha=1", NULL, 0, 0},
    {"hard_sigmoid:3x37:alpha=0.2,beta=0.5", NULL, 0, 0},
    {"thresholded_relu:3x37:alpha=1", NULL, 0, 0},
    {"shrink:3x37:alpha=1,beta=0.5", NULL, 0, 0},
    {"shrink:i32.3x37:alpha=1,beta=1", NULL, 0, 0},
    {"prelu:3x37,37", NULL, 0, 0},
    {"prelu:2x5x3x7,5x1x1", NULL, 0, 0},
    {"prelu:i32.3x37,i32.3x37", NULL, 0, 0},
    {"mod:3x37,3x37", NULL, OPTEST_POSITIVE, 0},
    {"fmod:3x37,3x37", NULL, OPTEST_POSITIVE, 0},
    {"mod:i32.3x37,i32.3x37", NULL, 0, 0},
    {"mod:u8.3x37,u8.3x37", NULL, 0, 0},
    {"fmod:i64.3x37,i64.3x37", NULL, 0, 0},
    {"softplus:97", NULL, OPTEST_SPECIAL, 0},
    {"softsign:97", NULL, OPTEST_SPECIAL, 0},
    {"gelu:97", NULL, OPTEST_SPECIAL, 0},
    {"hard_swish:97", NULL, OPTEST_SPECIAL, 0},
    {"mish:97", NULL, OPTEST_SPECIAL, 0},
    {"is_nan:97", NULL, OPTEST_SPECIAL, 0},
    {"elu:97:alpha=0.7", NULL, OPTEST_SPECIAL, 0},
    {"thresholded_relu:97:alpha=1", NULL, OPTEST_SPECIAL, 0},
    {"shrink:97:alpha=1,beta=0.5", NULL, OPTEST_SPECIAL, 0},
    {"hard_sigmoid:97:alpha=0.2,beta=0.5", NULL, OPTEST_SPECIAL, 0},
    {"is_inf:97:alpha=1,beta=1", NULL, OPTEST_SPECIAL, 0},
    {"is_inf:97:alpha=1", NULL, OPTEST_SPECIAL, 0},
    {"is_inf:97:beta=1", NULL, OPTEST_SPECIAL, 0},
    {"equal:97,97", NULL, OPTEST_SPECIAL, 0},
    {"equal:i64.3x37,i64.37", NULL, OPTEST_NO_FAST, 0},
    {"less:97,97", NULL, OPTEST_SPECIAL, 0},
    {"less:i64.3x37,i64.37", NULL, OPTEST_NO_FAST, 0},
    {"less_equal:97,97", NULL, OPTEST_SPECIAL, 0},
    {"less_equal:i64.3x37,i64.37", NULL, OPTEST_NO_FAST, 0},
    {"greater:97,97", NULL, OPTEST_SPECIAL, 0},
    {"greater:i64.3x37,i64.37", NULL, OPTEST_NO_FAST, 0},
    {"greater_equal:97,97", NULL, OPTEST_SPECIAL, 0},
    {"greater_equal:i64.3x37,i64.37", NULL, OPTEST_NO_FAST, 0},
    {"equal:bool.37,bool.37", NULL, 0, 0},
    {"less:2x20x3x5,2x20x3x5", "aBcd16b", 0, 0},
    {"less:2x32x3x5,2x32x3x5", "aBcd16b", 0, 0},
    {"logical_and:bool.37,bool.37", NULL, 0, 0},
    {"bit_and:i16.37,i16.37", NULL, 0, 0},
    {"bit_and:u64.37,u64.37", NULL, 0, 0},
    {"logical_or:bool.37,bool.37", NULL, 0, 0},
    {"bit_or:i16.37,i16.37", NULL, 0, 0},
    {"bit_or:u64.37,u64.37", NULL, 0, 0},
    {"logical_xor:bool.37,bool.37", NULL, 0, 0},
    {"bit_xor:i16.37,i16.37", NULL, 0, 0},
    {"bit_xor:u64.37,u64.37", NULL, 0, 0},
    {"logical_not:bool.37", NULL, 0, 0},
    {"bit_not:i8.37", NULL, 0, 0},
    {"bit_not:u16.37", NULL, 0, 0},
    {"shift_left:u8.37,u8.37", NULL, OPTEST_CLASSES, 0},
    {"shift_right:u8.37,u8.37", NULL, OPTEST_CLASSES, 0},
    {"shift_left:u16.37,u16.37", NULL, OPTEST_CLASSES, 0},
    {"shift_right:u16.37,u16.37", NULL, OPTEST_CLASSES, 0},
    {"shift_left:u32.37,u32.37", NULL, OPTEST_CLASSES, 0},
    {"shift_right:u32.37,u32.37", NULL, OPTEST_CLASSES, 0},
    {"shift_left:u64.37,u64.37", NULL, OPTEST_CLASSES, 0},
    {"shift_right:u64.37,u64.37", NULL, OPTEST_CLASSES, 0},
    {"shift_left:i8.37,i8.37", NULL, OPTEST_CLASSES, 0},
    {"shift_right:i8.37,i8.37", NULL, OPTEST_CLASSES, 0},
    {"shift_left:i64.37,i64.37", NULL, OPTEST_CLASSES, 0},
    {"shift_right:i64.37,i64.37", NULL, OPTEST_CLASSES, 0},
    {"add:f64.3x37,f64.37", NULL, OPTEST_NO_FAST, 0},
    {"sub:f64.3x37,f64.3x37", NULL, 0, 0},
    {"mul:f64.97,f64.97", NULL, 0, 0},
    {"max:f64.97,f64.97", NULL, 0, 0},
    {"div:f64.97,f64.97", NULL, OPTEST_POSITIVE, 0},
    {"clip:f64.97:alpha=1,beta=2", NULL, 0, 0},
    {"add:bf16.3x37,bf16.37", NULL, OPTEST_NO_FAST, 0},
    {"sub:bf16.3x37,bf16.3x37", NULL, 0, 0},
    {"mul:bf16.97,bf16.97", NULL, 0, 0},
    {"max:bf16.97,bf16.97", NULL, 0, 0},
    {"div:bf16.97,bf16.97", NULL, OPTEST_POSITIVE, 0},
    {"clip:bf16.97:alpha=1,beta=2", NULL, 0, 0},
    {"add:i8.3x37,i8.37", NULL, OPTEST_NO_FAST, 0},
    {"sub:i8.3x37,i8.3x37", NULL, 0, 0},
    {"mul:i8.97,i8.97", NULL, 0, 0},
    {"max:i8.97,i8.97", NULL, 0, 0},
    {"div:i8.97,i8.97", NULL, OPTEST_POSITIVE, 0},
    {"clip:i8.97:alpha=1,beta=2", NULL, 0, 0},
    {"add:i16.3x37,i16.37", NULL, OPTEST_NO_FAST, 0},
    {"sub:i16.3x37,i16.3x37", NULL, 0, 0},
    {"mul:i16.97,i16.97", NULL, 0, 0},
    {"max:i16.97,i16.97", NULL, 0, 0},
    {"div:i16.97,i16.97", NULL, OPTEST_POSITIVE, 0},
    {"clip:i16.97:alpha=1,beta=2", NULL, 0, 0},
    {"add:u16.3x37,u16.37", NULL, OPTEST_NO_FAST, 0},
    {"sub:u16.3x37,u16.3x37", NULL, 0, 0},
    {"mul:u16.97,u16.97", NULL, 0, 0},
    {"max:u16.97,u16.97", NULL, 0, 0},
    {"div:u16.97,u16.97", NULL, OPTEST_POSITIVE, 0},
    {"clip:u16.97:alpha=1,beta=2", NULL, 0, 0},
    {"add:u32.3x37,u32.37", NULL, OPTEST_NO_FAST, 0},
    {"sub:u32.3x37,u32.3x37", NULL, 0, 0},
    {"mul:u32.97,u32.97", NULL, 0, 0},
    {"max:u32.97,u32.97", NULL, 0, 0},
    {"div:u32.97,u32.97", NULL, OPTEST_POSITIVE, 0},
    {"clip:u32.97:alpha=1,beta=2", NULL, 0, 0},
    {"add:u64.3x37,u64.37", NULL, OPTEST_NO_FAST, 0},
    {"sub:u64.3x37,u64.3x37", NULL, 0, 0},
    {"mul:u64.97,u64.97", NULL, 0, 0},
    {"max:u64.97,u64.97", NULL, 0, 0},
    {"div:u64.97,u64.97", NULL, OPTEST_POSITIVE, 0},
    {"clip:u64.97:alpha=1,beta=2", NULL, 0, 0},
    {"tanh:f64.97", NULL, 0, 1e-7},
    {"gelu:f64.97", NULL, 0, 1e-7},
    {"mish:f64.97", NULL, 0, 1e-7},
    {"softplus:f64.97", NULL, 0, 1e-7},
    {"erf:f64.97", NULL, 0, 1e-7},
    {"pow:f64.97,f64.97", NULL, OPTEST_POSITIVE, 1e-7},
    {"pow:u64.97,u64.97", NULL, 0, 0},
    {"where:bool.3x37,3x37,3x37", NULL, 0, 0},
    {"where:bool.3x1,37,scalar", NULL, 0, 0},
    {"where:bool.37,f64.3x37,f64.3x1", NULL, 0, 0},
    {"where:bool.2x1x3,i16.1x5x1,i16.1", NULL, 0, 0},
    {"where:bool.0x3,u8.3,u8.1", NULL, 0, 0},
    {"where:bool.scalar,i64.scalar,i64.scalar", NULL, 0, 0},
    {"hard_swish:2x20x3x5", "aBcd16b", 0, 0},
    {"softplus:2x20x3x5", "aBcd16b", 0, 0},
    {"prelu:2x20x3x5,20x1x1", "aBcd16b", 0, 0},
};

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
    optest_run_all(more, OC_COUNT(more));
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

#define UNARY(name, text) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { \
        return oc_##name(graph, x[0], err); \
    }
#define BINARY(name, text) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { \
        return oc_##name(graph, x[0], x[1], err); \
    }
UNARY(relu, "") UNARY(sigmoid, "") UNARY(tanh, "") UNARY(exp, "")
UNARY(ln, "")
UNARY(sqrt, "")
UNARY(neg, "")
UNARY(abs, "")
UNARY(reciprocal, "")
UNARY(sin, "")
UNARY(cos, "")
UNARY(tan, "")
UNARY(atan, "")
UNARY(sinh, "")
UNARY(cosh, "")
UNARY(asinh, "")
UNARY(erf, "")
UNARY(softplus, "")
UNARY(softsign, "")
UNARY(gelu, "")
UNARY(gelu_tanh, "")
UNARY(hard_swish, "")
UNARY(mish, "")
OC_BINARY_LIST(BINARY)

/* Brings operands into the range where a function is defined. */
static oc_value *scaled(oc_graph *graph, oc_value *x, double scale, double shift, oc_error *err) {
    oc_value *line = oc_mul(graph, x, oc_graph_scalar(graph, OC_F32, scale, err), err);
    return oc_add(graph, line, oc_graph_scalar(graph, OC_F32, shift, err), err);
}

#define RANGED(name, scale, shift) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { \
        return oc_##name(graph, scaled(graph, x[0], scale, shift, err), err); \
    }
RANGED(asin, 0.6, 0)
RANGED(acos, 0.6, 0)
RANGED(atanh, 0.6, 0)
RANGED(acosh, 0.5, 2)

#define PARAMS(name, ...) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { \
        return oc_unary(graph, #name, x[0], &oc_eltwise_params(__VA_ARGS__), err); \
    }
PARAMS(elu, .alpha = 0.7f)
PARAMS(selu, .alpha = 1.6f, .beta = 1.1f)
PARAMS(celu, .alpha = 2)
PARAMS(swish, .alpha = 1.5f)
PARAMS(hard_sigmoid, .alpha = 0.5f, .beta = 0.5f)
PARAMS(thresholded_relu, .alpha = 0.3f)
PARAMS(shrink, .alpha = 0.3f, .beta = 0.1f)

static oc_value *build_where(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_where(graph, oc_less(graph, x[0], x[1], err), oc_mul(graph, x[0], x[1], err), x[1], err);
}

/* The gradient of what is flat is 0. */
static oc_value *build_flat(oc_graph *graph, oc_value **x, oc_error *err) {
    oc_value *steps = oc_add(graph, oc_floor(graph, x[0], err), oc_sign(graph, x[0], err), err);
    steps = oc_add(graph, steps, oc_round(graph, oc_ceil(graph, x[0], err), err), err);
    return oc_add(graph, oc_add(graph, steps, oc_step(graph, x[0], err), err), x[0], err);
}

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
    ONE("relu", build_relu, 0, true), ONE("leaky_relu", build_leaky, 0, true), ONE("sigmoid", build_sigmoid, 0, true),
    ONE("tanh", build_tanh, 0, true), ONE("exp", build_exp, 0, true), ONE("log", build_ln, OPTEST_POSITIVE, true),
    ONE("sqrt", build_sqrt, OPTEST_POSITIVE, true), ONE("neg", build_neg, 0, true), ONE("abs", build_abs, 0, true),
    ONE("reciprocal", build_reciprocal, OPTEST_POSITIVE, true), ONE("clip", build_clip, 0, true),
    ONE("ties", build_ties, 0, true),
    TWO("add", build_add, 0, true), TWO("sub", build_sub, 0, true), TWO("mul", build_mul, 0, true),
    TWO("div", build_div, OPTEST_POSITIVE, true), TWO("pow", build_pow, OPTEST_POSITIVE, true), TWO("max", build_max, 0, true),
    TWO("min", build_min, 0, true), TWO("prelu", build_prelu, 0, true), TWO("mod", build_mod, OPTEST_POSITIVE, true),
    TWO("fmod", build_fmod, OPTEST_POSITIVE, true), TWO("where", build_where, 0, true), ONE("flat", build_flat, 0, true),
    ONE("sin", build_sin, 0, true), ONE("cos", build_cos, 0, true), ONE("tan", build_tan, 0, true),
    ONE("asin", build_asin, 0, true), ONE("acos", build_acos, 0, true), ONE("atan", build_atan, 0, true),
    ONE("sinh", build_sinh, 0, true), ONE("cosh", build_cosh, 0, true), ONE("asinh", build_asinh, 0, true),
    ONE("acosh", build_acosh, 0, true), ONE("atanh", build_atanh, 0, true), ONE("erf", build_erf, 0, true),
    ONE("softplus", build_softplus, 0, true), ONE("softsign", build_softsign, 0, true), ONE("gelu", build_gelu, 0, true),
    ONE("gelu_tanh", build_gelu_tanh, 0, true), ONE("hard_swish", build_hard_swish, 0, true), ONE("mish", build_mish, 0, true),
    ONE("elu", build_elu, 0, true), ONE("selu", build_selu, 0, true), ONE("celu", build_celu, 0, true),
    ONE("swish", build_swish, 0, true), ONE("hard_sigmoid", build_hard_sigmoid, 0, true),
    ONE("thresholded_relu", build_thresholded_relu, 0, true), ONE("shrink", build_shrink, 0, true),
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
