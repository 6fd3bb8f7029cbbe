/* SPDX-License-Identifier: Apache-2.0 */
#include <ocelli/op/pool.h>
#include <math.h>
#include <stdio.h>

#include "kit/optest.h"

/* Shape and params; each of max_pool2d, avg_pool2d and their gradients. */
static const char *const sizes[][2] = {
    {"1x1x1x1", "kernel=1/1"},
    {"2x3x7x9", "kernel=2/2,stride=2/2"},
    {"2x16x8x8", "kernel=3/3,stride=2/2,pad_begin=1/1,pad_end=1/1"},
    {"2x17x7x9", "kernel=3/3,stride=1/1,pad_begin=1/1,pad_end=1/1"},
    {"1x33x7x9", "kernel=3/2,stride=1/3,pad_begin=2/0,pad_end=0/1"},
    /* the last windows begin in the padding, or reach beyond it */
    {"1x5x7x8", "kernel=3/3,stride=2/2,ceil_mode=1"},
    {"1x17x6x6", "kernel=3/3,stride=3/2,pad_begin=1/1,pad_end=1/1,ceil_mode=1"},
    {"1x17x6x6", "kernel=3/3,stride=3/2,pad_begin=1/1,pad_end=1/1,ceil_mode=1,count_include_pad=1"},
    {"2x6x5x5", "kernel=3/3,stride=2/2,pad_begin=1/1,pad_end=1/1,count_include_pad=1"},
    {"2x6x5x7", "kernel=3/3,pad_begin=2/2,pad_end=2/2,count_include_pad=1"},
    /* steps larger than the window; dilation; the whole image; a window larger than it */
    {"1x16x9x9", "kernel=2/2,stride=4/3"},
    {"1x17x9x9", "kernel=3/2,stride=2/1,dilation=2/3,pad_begin=1/1,pad_end=1/1"},
    {"2x17x5x4", "kernel=5/4"},
    {"2x3x2x2", "kernel=5/5,pad_begin=2/2,pad_end=2/2"},
    {"1x3x1x9", "kernel=1/7,pad_begin=0/3,pad_end=0/3"},
    /* nothing in, nothing out */
    {"0x3x5x5", "kernel=3/3"},
    {"2x0x5x5", "kernel=3/3"},
    {"2x3x2x5", "kernel=3/3"},
};

static void shape_of(kit *k, const char *text, char out[64]) {
    oc__arena arena;
    oc__problem p;
    oc_error err;
    oc__arena_init(&arena, k->context);
    KIT_OK(oc__problem_parse(&arena, text, NULL, &p, &err), &err);
    const int64_t *d = p.out[0].shape.dims;
    snprintf(out, 64, "%lldx%lldx%lldx%lld", (long long)d[0], (long long)d[1], (long long)d[2], (long long)d[3]);
    oc__arena_finish(&arena);
}

static void run_all_four(kit *k, const char *src, const char *params, const char *layout) {
    char text[256], dst[64];
    snprintf(text, sizeof(text), "max_pool2d:%s:%s", src, params);
    shape_of(k, text, dst);
    optest_run(k, &(optest_case){text, layout, OPTEST_NO_FAST, 0}); /* it gives indices too */
    snprintf(text, sizeof(text), "avg_pool2d:%s:%s", src, params);
    optest_run(k, &(optest_case){text, layout, 0, 0});
    snprintf(text, sizeof(text), "max_pool2d_bwd:%s,%s,%s:%s", src, dst, dst, params);
    optest_run(k, &(optest_case){text, layout, 0, 0});
    snprintf(text, sizeof(text), "avg_pool2d_bwd:%s,%s:%s", dst, src, params);
    optest_run(k, &(optest_case){text, layout, 0, 0});
}

static void test_directions(void **state) {
    (void)state;
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    kit_open(&k);
    for (size_t i = 0; i < OC_COUNT(sizes); i++)
        run_all_four(&k, sizes[i][0], sizes[i][1], NULL);
    run_all_four(&k, sizes[3][0], sizes[3][1], "aBcd16b");
    kit_finish(&k);
}

static const optest_case cases[] = {
    {"global_avg_pool:2x17x7x9", NULL, 0, 0},
    {"global_avg_pool:1x1x1x1", NULL, 0, 0},
    {"global_avg_pool:2x33x300x7", NULL, 0, 0},
    {"global_avg_pool:2x17x7", NULL, 0, 0},
    {"global_avg_pool:2x17x3x5x7", NULL, 0, 0},
    {"global_avg_pool:0x17x3x5", NULL, 0, 0},
    {"global_avg_pool:2x17x7x9", "aBcd16b", 0, 0},
    {"global_avg_pool_bwd:2x17x1x1,2x17x7x9", NULL, 0, 0},
    {"global_avg_pool_bwd:2x3x1,2x3x7", NULL, 0, 0},
    {"max_pool2d:f16.2x3x7x9:kernel=3/3,stride=2/2", NULL, OPTEST_NO_FAST, 0},
    {"avg_pool2d:f16.2x3x7x9:kernel=3/3,stride=2/2", NULL, OPTEST_NO_FAST, 0},
    {"global_avg_pool:f16.2x3x7x9", NULL, OPTEST_NO_FAST, 0},
    /* NaN goes through, and everything is larger than minus infinity */
    {"max_pool2d:2x6x9x9:kernel=3/3,stride=2/2,pad_begin=1/1,pad_end=1/1", NULL, OPTEST_NO_FAST | OPTEST_SPECIAL, 0},
    {"avg_pool2d:2x6x9x9:kernel=2/2,stride=2/2,pad_begin=1/1,pad_end=1/1", NULL, OPTEST_SPECIAL, 0},
    {"max_pool2d_bwd:2x6x8x8,2x6x4x4,2x6x4x4:kernel=2/2,stride=2/2", NULL, OPTEST_SPECIAL, 1e-6},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* Without its indices: by rows of blocks, too. */
static void run_without_indices(kit *k, const char *params, unsigned flags) {
    char text[256];
    snprintf(text, sizeof(text), "max_pool2d:2x17x9x11:%s", params);
    optest_run(k, &(optest_case){text, NULL, flags | OPTEST_NO_OPTIONAL, 0});
    optest_run(k, &(optest_case){text, "aBcd16b", flags | OPTEST_NO_OPTIONAL, 0});
}

static void test_max_without_indices(void **state) {
    (void)state;
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    kit_open(&k);
    run_without_indices(&k, "kernel=2/2,stride=2/2", 0);
    run_without_indices(&k, "kernel=3/3,stride=2/2,pad_begin=1/1,pad_end=1/1", OPTEST_SPECIAL);
    run_without_indices(&k, "kernel=3/3,stride=2/2,ceil_mode=1", OPTEST_SPECIAL);
    run_without_indices(&k, "kernel=3/2,stride=2/1,dilation=2/3,pad_begin=1/1,pad_end=1/1", 0);
    kit_finish(&k);
}

static oc_value *build_max(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_max_pool2d(graph, x[0], &oc_pool_params(.kernel = {3, 2}, .stride = {2, 2}, .pad_begin = {1, 0}), NULL, err);
}

static oc_value *build_avg(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_avg_pool2d(graph, x[0], &oc_pool_params(.kernel = {3, 2}, .stride = {2, 2}, .pad_begin = {1, 0}, .ceil_mode = true), err);
}

static oc_value *build_avg_padded(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_avg_pool2d(graph, x[0], &oc_pool_params(.kernel = {2, 2}, .pad_end = {1, 1}, .count_include_pad = true), err);
}

static oc_value *build_global(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_global_avg_pool(graph, x[0], err);
}

static const optest_gradient gradients[] = {
    {"max", build_max, 1, {{4, {OPTEST_N, 2, 6, 5}}}, 0, 0, 0, true},
    {"avg", build_avg, 1, {{4, {OPTEST_N, 2, 6, 5}}}, 0, 0, 0, true},
    {"avg, symbolic image", build_avg, 1, {{4, {1, 2, OPTEST_N, OPTEST_N}}}, 0, 0, 0, true},
    {"avg with padding", build_avg_padded, 1, {{4, {2, 2, 3, OPTEST_N}}}, 0, 0, 0, true},
    {"global", build_global, 1, {{4, {OPTEST_N, 2, 6, 5}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

/* Windows of no size, and no params at all, in each number of axes. */
static void test_no_window(void **state) {
    (void)state;
    static const oc_pool_params none = {0};
    kit k;
    oc_error err = {0};
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    for (int rank = 3; rank <= 5; rank++) {
        oc_graph *graph;
        oc_shape shape = {rank, {1, 2, 4, 4, 4}};
        KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &shape, &err);
        for (int i = 0; i < 4; i++) {
            const oc_pool_params *params = i % 2 ? &none : NULL;
            err.status = OC_OK;
            assert_null(i < 2 ? oc_max_pool(graph, x, params, &err) : oc_avg_pool(graph, x, params, &err));
            assert_int_equal(err.status, OC_ERROR_SHAPE);
        }
        oc_graph_destroy(&graph);
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directions),
        cmocka_unit_test(test_solvers),
        cmocka_unit_test(test_max_without_indices),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_no_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
