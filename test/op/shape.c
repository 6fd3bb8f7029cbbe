/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/shape.h>

static const optest_case cases[] = {
    /* views: the definition alone */
    {"reshape:2x3x4:dims=6/-1,rank=2", NULL, 0, 0},
    {"flatten:2x3x4:axis=1", NULL, 0, 0},
    /* transpose */
    {"transpose:3x4", NULL, 0, 0},
    {"transpose:70x45:perm=1", NULL, 0, 0},
    {"transpose:2x70x45:perm=0/2/1", NULL, 0, 0},
    {"transpose:70x2x45:perm=1/0/2", NULL, 0, 0},
    {"transpose:2x33x7x9:perm=0/2/3/1", NULL, 0, 0},
    {"transpose:2x7x9x33:perm=0/3/1/2", NULL, 0, 0},
    {"transpose:3x4x5x6:perm=3/1/0/2", NULL, 0, 0},
    {"transpose:2x3x2x3x2x3x2x3:perm=7/6/5/4/3/2/1/0", NULL, 0, 0},
    {"transpose:2x3x2x3x2x3x2x3:perm=1/0/3/2/5/4/7/6", NULL, 0, 0},
    {"transpose:scalar", NULL, 0, 0},
    {"transpose:5", NULL, 0, 0},
    {"transpose:0x5:perm=1", NULL, 0, 0},
    {"transpose:f16.70x45:perm=1", NULL, 0, 0},
    {"transpose:i64.70x45:perm=1", NULL, 0, 0},
    {"transpose:u8.70x45:perm=1", NULL, 0, 0},
    {"transpose:f64.70x45:perm=1", NULL, 0, 0},
    {"transpose:u16.70x45:perm=1", NULL, 0, 0},
    {"slice:bf16.40x90:begin=0/10,end=0/80,step=0/1", NULL, 0, 0},
    {"pad:u64.3x4:begin=1/2,end=0/1,value=15", NULL, 0, 0},
    {"pad:i8.3x4:begin=1/2,end=0/1,value=-15", NULL, 0, 0},
    {"transpose:70x45:perm=1", NULL, OPTEST_SPECIAL, 0},
    /* concat, split_like */
    {"concat:2x3x4,2x5x4:axis=1", NULL, 0, 0},
    {"concat:2x3x4,1x3x4,3x3x4:axis=0", NULL, 0, 0},
    {"concat:2x3x4,2x3x1:axis=-1", NULL, 0, 0},
    {"concat:2x3x4,2x0x4,2x1x4:axis=1", NULL, 0, 0},
    {"concat:2x3:axis=0", NULL, 0, 0},
    {"concat:i64.5,i64.20000:axis=0", NULL, 0, 0},
    {"concat:u8.3x5,u8.3x7:axis=1", NULL, 0, 0},
    {"concat:2x16x3x5,2x32x3x5,2x20x3x5:axis=1", "aBcd16b", 0, 0},
    {"concat:2x20x3x5,2x32x3x5:axis=1", "aBcd16b", 0, 0},
    {"concat:2x20x3x5,2x20x2x5:axis=2", "aBcd8b", 0, 0},
    {"concat:2x20x3x5,1x20x3x5:axis=0", "aBcd16b", 0, 0},
    {"split_like:2x8x4,2x3x4,2x5x4:axis=1", NULL, 0, 0},
    {"split_like:5x4,2x4,0x4,3x4:axis=0", NULL, 0, 0},
    {"split_like:2x36x3x5,2x16x3x5,2x20x3x5:axis=1", "aBcd16b", 0, 0},
    /* slice */
    {"slice:7x9:begin=1/2,end=6/8,step=1/1", NULL, 0, 0},
    {"slice:7x9:begin=-3/0,end=100/100,step=1/3", NULL, 0, 0},
    {"slice:7x9:begin=100/-1,end=-100/-9,step=-1/-2", NULL, 0, 0},
    {"slice:7x9:begin=5/5,end=3/5,step=1/1", NULL, 0, 0},
    {"slice:i64.40x90:begin=0/10,end=0/80,step=0/1", NULL, 0, 0},
    {"slice_bwd:5x6,7x9:begin=1/2,end=6/8,step=1/1", NULL, 0, 0},
    {"slice_bwd:7x3,7x9:begin=0/0,end=0/100,step=0/3", NULL, 0, 0},
    {"slice_bwd:0x6,7x9:begin=3/2,end=3/8,step=1/1", NULL, 0, 0},
    /* pad */
    {"pad:3x4:begin=1/2,end=0/1,value=1.5", NULL, 0, 0},
    {"pad:2x3x40x50:begin=0/0/1/1,end=0/0/1/1", NULL, 0, 0},
    {"pad:3x4:begin=-1/2,end=0/-1,value=2", NULL, 0, 0},
    {"pad:3x4:begin=-1/-2,end=-1", NULL, 0, 0},
    {"pad:3x4:begin=2/3,end=1/2,mode=1", NULL, 0, 0},
    {"pad:3x4:begin=5/3,end=1/7,mode=2", NULL, 0, 0},
    {"pad:3x4:begin=-1/3,end=1/-2,mode=2", NULL, 0, 0},
    {"pad:0x4:begin=1,end=1,value=3", NULL, 0, 0},
    {"pad:3x4:begin=5/3,end=1/7,mode=3", NULL, 0, 0},
    {"pad:u16.3x4:begin=-1/9,end=1/-2,mode=3", NULL, 0, 0},
    {"pad:2x3x20x70:begin=0/0/3/5,end=0/0/2/40,mode=1", NULL, 0, 0},
    {"pad:2x3x20x70:begin=0/0/3/50,end=0/0/2/40,mode=3", NULL, 0, 0},
    {"pad:3x70:begin=1/-5,end=1/-20,mode=2", NULL, 0, 0},
    {"pad:5:begin=2,end=2,mode=1", NULL, 0, 0},
    {"pad:f16.3x4:begin=1,end=1,value=0.5", NULL, 0, 0},
    {"pad:i64.3x4:begin=1,end=1,value=-7", NULL, 0, 0},
    {"pad:bool.3x4:begin=1,end=1,value=1", NULL, 0, 0},
    /* cast: f32 1, f16 2, i32 3, i64 4, u8 5, bool 6 */
    {"cast:3x37:to=2", NULL, 0, 0},
    {"cast:3x37:to=3", NULL, OPTEST_NO_FAST, 0},
    {"cast:3x37:to=6", NULL, OPTEST_NO_FAST, 0},
    {"cast:f16.9000:to=1", NULL, 0, 0},
    {"cast:i64.3x37:to=1", NULL, OPTEST_NO_FAST, 0},
    {"cast:u8.3x37:to=1", NULL, OPTEST_NO_FAST, 0},
    {"cast:bool.3x37:to=4", NULL, OPTEST_NO_FAST, 0},
    {"cast:i32.3x37:to=5", NULL, OPTEST_NO_FAST, 0},
    {"cast:2x20x3x5:to=2", "aBcd16b", 0, 0},
    {"expand:37:dims=3/37,rank=2", NULL, 0, 0},
    {"expand:3x1:dims=2/1/37,rank=3", NULL, 0, 0},
    {"expand:scalar:dims=5/7,rank=2", NULL, 0, 0},
    {"expand:u8.1x4:dims=0/4,rank=2", NULL, 0, 0},
    {"expand:f64.3x1x4:dims=1/2/1,rank=3", NULL, 0, 0},
    {"cast:0:to=2", NULL, 0, 0},
    {"cast:3x37:to=7", NULL, OPTEST_NO_FAST, 0},
    {"cast:f64.3x37:to=1", NULL, OPTEST_NO_FAST, 0},
    {"cast:f64.3x37:to=2", NULL, OPTEST_NO_FAST, 0},
    {"cast:f64.3x37:to=4", NULL, OPTEST_NO_FAST, 0},
    {"cast:3x37:to=8", NULL, OPTEST_NO_FAST, 0},
    {"cast:bf16.3x37:to=1", NULL, OPTEST_NO_FAST | OPTEST_SPECIAL, 0},
    {"cast:3x37:to=8", NULL, OPTEST_NO_FAST | OPTEST_SPECIAL, 0},
    {"cast:3x37:to=9", NULL, OPTEST_NO_FAST, 0},
    {"cast:i8.3x37:to=10", NULL, OPTEST_NO_FAST, 0},
    {"cast:i16.3x37:to=1", NULL, OPTEST_NO_FAST, 0},
    {"cast:u16.3x37:to=12", NULL, OPTEST_NO_FAST, 0},
    {"cast:u32.3x37:to=13", NULL, OPTEST_NO_FAST, 0},
    {"cast:u64.3x37:to=11", NULL, OPTEST_NO_FAST, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

static oc_value *build_reshape(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_reshape(graph, x[0], &OC_SHAPE(2, -1), err);
}

static oc_value *build_flatten(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_identity(graph, oc_flatten(graph, x[0], 2, err), err);
}

/* Symbols that move from axis to axis. */
static oc_value *build_symbols(oc_graph *graph, oc_value **x, oc_error *err) {
    int64_t n = oc_graph_symbol(graph, "N"), m = x[0]->shape.dims[0];
    return oc_reshape(graph, x[0], &OC_SHAPE(1, 4, n, m), err);
}

static oc_value *build_transpose(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_transpose(graph, x[0], (const int32_t[]){1, 2, 0}, err);
}

static oc_value *build_concat(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_concat(graph, (oc_value *[]){x[0], x[1], x[0]}, 3, 1, err);
}

static oc_value *build_slice(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_slice(graph, x[0], &oc_slice_params(.begin = {0, 1, 3}, .end = {0, -1, -10}, .step = {0, 1, -2}), err);
}

static oc_value *build_pad(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_pad(graph, x[0], &oc_pad_params(.begin = {0, 1, -1}, .end = {0, -2, 2}, .value = 3), err);
}

static oc_value *build_cast(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_cast(graph, oc_cast(graph, x[0], OC_F16, err), OC_F32, err);
}

#define ONE(name, twice) {#name, build_##name, 1, {{3, {2, OPTEST_N, 4}}}, 0, 0, 0, twice}

static oc_value *build_wrap(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_pad(graph, x[0], &oc_pad_params(.begin = {0, 4}, .end = {1, -1}, .mode = OC_PAD_WRAP), err);
}
static oc_value *build_mirror(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_pad(graph, x[0], &oc_pad_params(.begin = {1, 2}, .end = {2, 1}, .mode = OC_PAD_REFLECT), err);
}
static oc_value *build_edge(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_pad(graph, x[0], &oc_pad_params(.begin = {0, 2}, .end = {0, 3}, .mode = OC_PAD_EDGE), err);
}

static oc_value *build_tile(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_tile(graph, x[0], (const int64_t[]){2, 1, 3}, err);
}

static oc_value *build_expand(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_expand(graph, x[0], &OC_SHAPE(2, 3, 4), err);
}

static const optest_gradient gradients[] = {
    {"wrap", build_wrap, 1, {{2, {3, 3}}}, 0, 0, 0, true},
    {"mirror", build_mirror, 1, {{2, {3, 4}}}, 0, 0, 0, true},
    {"edge", build_edge, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
    {"tile", build_tile, 1, {{3, {2, 3, 1}}}, 0, 0, 0, true},
    {"expand", build_expand, 1, {{2, {3, 1}}}, 0, 0, 0, true},
    ONE(reshape, true), ONE(flatten, true), ONE(symbols, true), ONE(transpose, true), ONE(slice, true), ONE(pad, true),
    ONE(cast, true),
    {"concat", build_concat, 2, {{3, {2, OPTEST_N, 4}}, {3, {2, 5, 4}}}, 0, 0, 0, true},
    {"concat twice", build_concat, 2, {{3, {2, OPTEST_N, 4}}, {3, {2, 5, 4}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solvers),
        cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
