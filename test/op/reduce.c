/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>

static const optest_case cases[] = {
    /* all, last, leading, middle, and scattered axes */
    {"reduce_sum:3x37", NULL, 0, 0},
    {"reduce_sum:3x37:axes=1,axis_count=1", NULL, 0, 0},
    {"reduce_sum:3x37:axes=-1,axis_count=1,keep_dims=1", NULL, 0, 0},
    {"reduce_sum:3x37:axes=0,axis_count=1", NULL, 0, 0},
    {"reduce_mean:3x37:axes=0/1,axis_count=2,keep_dims=1", NULL, 0, 0},
    {"reduce_max:3x37:axes=0,axis_count=1", NULL, 0, 0},
    {"reduce_max:5x100:axes=1,axis_count=1", NULL, 0, 0},
    {"reduce_sum:2x3x5x7:axes=0/2/3,axis_count=3", NULL, 0, 0},
    {"reduce_mean:2x3x5x7:axes=2/3,axis_count=2", NULL, 0, 0},
    {"reduce_mean:2x3x5x7:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_sum:2x3x5x7:axes=0/2,axis_count=2", NULL, OPTEST_NO_FAST, 0},
    {"reduce_sum:2x3x2x3x2x3x2x3:axes=1/3/5/7,axis_count=4", NULL, OPTEST_NO_FAST, 0},
    /* sizes */
    {"reduce_sum:scalar", NULL, 0, 0},
    {"reduce_mean:1x1", NULL, 0, 0},
    {"reduce_sum:1000003", NULL, 0, 0},
    {"reduce_mean:1000003", NULL, 0, 0},
    {"reduce_max:3x40001:axes=1,axis_count=1", NULL, 0, 0},
    {"reduce_sum:70000x3:axes=0,axis_count=1", NULL, 0, 0},
    {"reduce_mean:70000x83:axes=0,axis_count=1", NULL, 0, 0},
    {"reduce_mean:70016x10:axes=0,axis_count=1", NULL, 0, 0},
    {"reduce_max:4096x1:axes=0,axis_count=1", NULL, 0, 0},
    {"reduce_mean:2x514x3:axes=0/1,axis_count=2", NULL, 0, 0},
    {"reduce_sum:300x147:axes=0,axis_count=1", NULL, 0, 0},
    {"reduce_mean:3x4x150x150:axes=0/2/3,axis_count=3", NULL, 0, 0},
    {"reduce_sum:5x0:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_mean:5x0:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_max:5x0:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_sum:0x5:axes=1,axis_count=1", NULL, 0, 0},
    /* NaN, infinities */
    {"reduce_max:7x50:axes=1,axis_count=1", NULL, OPTEST_SPECIAL, 0},
    {"reduce_max:50x7:axes=0,axis_count=1", NULL, OPTEST_SPECIAL, 0},
    {"reduce_sum:7x50:axes=1,axis_count=1", NULL, OPTEST_SPECIAL, 0},
    /* types */
    {"reduce_sum:f16.3x37:axes=1,axis_count=1", NULL, 0, 0},
    {"reduce_mean:f16.64x37:axes=0,axis_count=1", NULL, 0, 0},
    {"reduce_sum:i64.3x37:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_sum:u8.3x300:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_max:i32.3x37:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_max:i32.3x0:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_min:3x37:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_min:7x50:axes=1,axis_count=1", NULL, OPTEST_SPECIAL | OPTEST_NO_FAST, 0},
    {"reduce_min:70000:keep_dims=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_min:u16.5x0:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_prod:3x37:axes=0,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_prod:9000x2:axes=0,axis_count=1", NULL, OPTEST_NO_FAST | OPTEST_POSITIVE, 0},
    {"reduce_prod:i64.3x5:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_prod:5x0:axes=1,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_sum:f64.3x37", NULL, OPTEST_NO_FAST, 1e-12},
    {"reduce_mean:f64.9000x3:axes=0,axis_count=1", NULL, OPTEST_NO_FAST, 1e-7},
    {"reduce_mean:bf16.64x37:axes=0,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_max:bf16.64x37:axes=0,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_sum:u64.9000x3:axes=0,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_sum:i8.90x3:axes=0,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_max:i16.90x3:axes=0,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    {"reduce_min:u32.90x3:axes=0,axis_count=1", NULL, OPTEST_NO_FAST, 0},
    /* channels in blocks */
    {"reduce_sum:3x20x5x7:axes=0/2/3,axis_count=3", "aBcd16b", 0, 0},
    {"reduce_mean:3x20x5x7:axes=0/2/3,axis_count=3", "aBcd8b", 0, 0},
    {"reduce_sum:1x20x5x7:axes=0/2/3,axis_count=3", "aBcd16b", 0, 0},
    {"reduce_sum:2x20x50x70:axes=0/2/3,axis_count=3", "aBcd16b", 0, 0},
    {"reduce_mean:2x20x50x70:axes=2/3,axis_count=2", "aBcd16b", 0, 0},
    {"reduce_max:2x20x5x7:axes=2/3,axis_count=2,keep_dims=1", "aBcd8b", OPTEST_SPECIAL, 0},
    {"reduce_sum:f16.3x20x5x7:axes=0/2/3,axis_count=3", "aBcd16b", 0, 0},
    {"reduce_sum:3x20x5x7:axes=0,axis_count=1", "aBcd16b", 0, 0},
    {"reduce_sum:300x20x5x7:axes=0/2/3,axis_count=3", "aBcd16b", 0, 0},
    /* sum_to_like, broadcast_like */
    {"sum_to_like:3x37,37", NULL, 0, 0},
    {"sum_to_like:3x37,3x1", NULL, 0, 0},
    {"sum_to_like:3x37,scalar", NULL, 0, 0},
    {"sum_to_like:3x37,3x37", NULL, 0, 0},
    {"sum_to_like:2x3x5x7,3x1x1", NULL, 0, 0},
    {"sum_to_like:2x20x5x7,20x1x1", "aBcd16b", 0, 0},
    {"sum_to_like:2x3x5x7,2x1x5x1", NULL, OPTEST_NO_FAST, 0},
    {"sum_to_like:0x3,3", NULL, OPTEST_NO_FAST, 0},
    {"broadcast_like:37,3x37", NULL, 0, 0},
    {"broadcast_like:3,2x3x5x7:axes=0/2/3,axis_count=3", NULL, 0, 0},
    {"broadcast_like:3,2x3x5x7:axes=0/2/3,axis_count=3,mean=1", NULL, 0, 0},
    {"broadcast_like:1x3x1x1,2x3x5x7:axes=0/2/3,axis_count=3,keep_dims=1,mean=1", NULL, 0, 0},
    {"broadcast_like:scalar,3x4", NULL, 0, 0},
    {"broadcast_like:i64.3x1,3x4", NULL, 0, 0},
    {"broadcast_like:3x1,3x0", NULL, 0, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

static void test_choice(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    if (oc__device_caps(kit_open(&k))->simt_width == 1)
        optest_chooses(&k, &(optest_case){"reduce_sum:64x20x7x7:axes=0/2/3,axis_count=3", NULL, 0, 0}, "reduce.staged");
    kit_finish(&k);
}

#define REDUCE(name, function, ...) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { \
        return function(graph, x[0], &oc_reduce_params(__VA_ARGS__), err); \
    }
REDUCE(sum_all, oc_reduce_sum, .keep_dims = false)
REDUCE(sum_first, oc_reduce_sum, .axes = {0}, .axis_count = 1)
REDUCE(sum_kept, oc_reduce_sum, .axes = {-1}, .axis_count = 1, .keep_dims = true)
REDUCE(mean_all, oc_reduce_mean, .keep_dims = true)
REDUCE(mean_some, oc_reduce_mean, .axes = {0, 2}, .axis_count = 2)
REDUCE(max_some, oc_reduce_max, .axes = {1, 0}, .axis_count = 2)
REDUCE(max_kept, oc_reduce_max, .axes = {2}, .axis_count = 1, .keep_dims = true)

REDUCE(min_some, oc_reduce_min, .axes = {1, 0}, .axis_count = 2)
REDUCE(prod_some, oc_reduce_prod, .axes = {1, 0}, .axis_count = 2)
REDUCE(l1, oc_reduce_l1, .axes = {1}, .axis_count = 1)
REDUCE(l2, oc_reduce_l2, .axes = {1}, .axis_count = 1)
REDUCE(sum_square, oc_reduce_sum_square, .axes = {1}, .axis_count = 1)
REDUCE(log_sum, oc_reduce_log_sum, .axes = {1}, .axis_count = 1)
REDUCE(log_sum_exp, oc_reduce_log_sum_exp, .axes = {1}, .axis_count = 1)

/* With one zero along some axes, with two along others. */
static oc_value *build_prod_zero(oc_graph *graph, oc_value **x, oc_error *err) {
    const float mask[12] = {0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1};
    oc_tensor *tensor = NULL;
    if (oc_tensor_wrap(&tensor, graph->context, OC_F32, &OC_SHAPE(3, 4), (void *)(uintptr_t)mask, err) != OC_OK)
        return NULL;
    oc_value *product = oc_mul(graph, x[0], oc_graph_constant(graph, NULL, tensor, err), err);
    oc_tensor_destroy(&tensor);
    return oc_reduce_prod(graph, product, &oc_reduce_params(.axes = {0}, .axis_count = 1), err);
}

static oc_value *build_sum_to(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_sum_to_like(graph, x[0], x[1], err);
}

#define ONE(name) {#name, build_##name, 1, {{3, {OPTEST_N, 2, 4}}}, 0, 0, 0, false}, \
    {#name " twice", build_##name, 1, {{3, {2, OPTEST_N, 4}}}, 0, 0, 0, true}

static const optest_gradient gradients[] = {
    ONE(sum_all), ONE(sum_first), ONE(sum_kept), ONE(mean_all), ONE(mean_some),
    {"max_some", build_max_some, 1, {{3, {OPTEST_N, 2, 4}}}, 0, 0, 0, true},
    {"max_kept", build_max_kept, 1, {{3, {OPTEST_N, 2, 4}}}, 0, 0, 0, true},
    {"min_some", build_min_some, 1, {{3, {OPTEST_N, 2, 4}}}, 0, 0, 0, true},
    {"prod_some", build_prod_some, 1, {{3, {OPTEST_N, 2, 2}}}, 0, 0, 0, true},
    {"prod_zero", build_prod_zero, 1, {{2, {3, 4}}}, 0, 0, 0, true},
    {"l2", build_l2, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
    {"log_sum", build_log_sum, 1, {{2, {OPTEST_N, 4}}}, OPTEST_POSITIVE, 0, 0, true},
    {"log_sum_exp", build_log_sum_exp, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
    {"l1", build_l1, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true}, {"sum_square", build_sum_square, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
    {"sum_to", build_sum_to, 2, {{3, {2, OPTEST_N, 4}}, {2, {OPTEST_N, 1}}}, 0, 2, 0, true},
    {"sum_to scalar", build_sum_to, 2, {{3, {2, OPTEST_N, 4}}, {0, {0}}}, 0, 2, 0, true},
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
