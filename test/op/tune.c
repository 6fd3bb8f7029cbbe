/* SPDX-License-Identifier: Apache-2.0 */
/* Tuning: what was measured is kept in the cache folder, read by the next process, and goes before estimates. */
#include <ocelli/bench.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "op/room.h"
#include "op/tune.h"

static const char *const problem_text = "matmul:m65n33k17";

static int measured(kit *k) {
    oc_error err = {0};
    oc__arena arena;
    oc__problem p;
    oc__candidate all[OC_MAX_CANDIDATES];
    oc__arena_init(&arena, k->context);
    KIT_OK(oc__problem_parse(&arena, problem_text, NULL, &p, &err), &err);
    int count = oc__candidates(k->device, &p, false, all), found = 0;
    for (int i = 0; i < count; i++)
        found += all[i].measured;
    oc__arena_finish(&arena);
    return found;
}

/* What was measured, as the cache folder holds it. */
static void read_found(const kit *k, char *text, size_t size) {
    char path[400];
    snprintf(path, sizeof(path), "%s/find.db", oc_context_cache_folder(k->context));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(text, 1, size - 1, file);
    fclose(file);
    assert_true(count > 0);
    text[count] = '\0';
}

static void test_kept_and_read(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_bench_result result;
    kit_init(&k, NULL);
    kit_open(&k);
    assert_int_equal(measured(&k), 0);
    KIT_OK(oc_bench_tune(k.device, problem_text, NULL, true, 0, &result, &err), &err);
    assert_true(result.min_seconds > 0 && result.min_seconds < 10 && result.solver[0]);
    int found = measured(&k);
    assert_true(found >= 1);
    oc_device_destroy(&k.device); /* a second opening knows only the file */
    kit_open(&k);
    assert_int_equal(measured(&k), found);
    kit_finish(&k);
}

/* Lines that are no lines are passed over; those of other devices stay. */
static void test_foreign_and_broken_lines(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_bench_result result;
    char path[400], text[4096];
    kit_init(&k, NULL);
    kit_open(&k);
    KIT_OK(oc_bench_tune(k.device, "relu:100", NULL, false, 0, &result, &err), &err);
    snprintf(path, sizeof(path), "%s/find.db", oc_context_cache_folder(k.context));
    FILE *file = fopen(path, "wb");
    fputs("nonsense\n\t\t\t\nother\tmatmul:m1n1k1\tmatmul.rows\t3.5 12 0 0 0 0 0\nother\tx\ty\t-1 0\n", file);
    fclose(file);
    oc_device_destroy(&k.device);
    kit_open(&k);
    assert_int_equal(measured(&k), 0);
    KIT_OK(oc_bench_tune(k.device, problem_text, NULL, false, 0, &result, &err), &err);
    read_found(&k, text, sizeof(text));
    assert_non_null(strstr(text, "other\tmatmul:m1n1k1\tmatmul.rows\t3.5 12 0 0 0 0 0\n"));
    assert_non_null(strstr(text, problem_text));
    assert_null(strstr(text, "nonsense"));
    kit_finish(&k);
}

/* Times that the library brings along are taken for devices of that name, until there are measured ones, and are not saved. */
static void test_shipped(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_bench_result result;
    char words[300], text[4096];
    static const char value[] = "0.001 0 0 0 0 0 0";
    oc__shipped lines[] = {{words, problem_text, "matmul.ref", value},
                           {"No device has this name", problem_text, "matmul.tiled", value},
                           {words, problem_text, "matmul.ref", "no number"},
                           {0}};
    const oc__shipped *own = oc__shipped_lines;
    kit_init(&k, NULL);
    kit_open(&k);
    const oc_device_info *info = oc_device_get_info(k.device);
    snprintf(words, sizeof(words), "%s&%s", info->name, info->platform);
    oc__shipped_lines = lines;
    oc_device_destroy(&k.device);
    kit_open(&k);
    assert_int_equal(measured(&k), 1);
    KIT_OK(oc_bench_tune(k.device, problem_text, NULL, false, 0, &result, &err), &err);
    assert_true(result.min_seconds > 1e-8); /* what was shipped is not what was measured */
    read_found(&k, text, sizeof(text));
    assert_null(strstr(text, "\t0.001 "));
    oc__shipped_lines = own;
    for (; own->words; own++) { /* every line of shipped.def says something */
        oc__arena arena;
        oc__problem p;
        oc__arena_init(&arena, k.context);
        KIT_OK(oc__problem_parse(&arena, own->key, NULL, &p, &err), &err);
        oc__arena_finish(&arena);
    }
    kit_finish(&k);
}

/* A setting that takes longer than its limit does not keep the others from being tried, and the usual one is always measured. */
static void test_limit(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_bench_result result;
    kit_init(&k, NULL);
    kit_open(&k);
    KIT_OK(oc_bench_tune(k.device, "relu:1000", NULL, true, 1e-9, &result, &err), &err);
    assert_true(result.min_seconds > 0 && result.min_seconds < 10 && result.solver[0]);
    assert_true(kit_logged(&k, "took more than 1e-09 s"));
    kit_finish(&k);
    setenv("OCELLI_TUNE_LIMIT", "2.5", 1);
    assert_true(oc__tune_limit(0) == 2.5 && oc__tune_limit(3) == 3);
    setenv("OCELLI_TUNE_LIMIT", "2.5 days", 1);
    assert_true(oc__tune_limit(0) == 10);
    setenv("OCELLI_TUNE_LIMIT", "-1", 1);
    assert_true(oc__tune_limit(0) == 10);
    unsetenv("OCELLI_TUNE_LIMIT");
    assert_true(oc__tune_limit(0) == 10);
}

/* Where ref is the only one that can, it is measured. */
static void test_ref_alone(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_bench_result result;
    kit_init(&k, NULL);
    kit_open(&k);
    KIT_OK(oc_bench_tune(k.device, "max_pool2d:1x4x8x8:kernel=3/3,stride=2/2", NULL, false, 0, &result, &err), &err);
    assert_string_equal(result.solver, "pool.ref");
    assert_true(result.min_seconds > 0 && result.min_seconds < 10);
    kit_finish(&k);
}

/* The solver with the least estimate of those that take a problem. */
static const oc__solver *least(const oc__problem *p, const oc__caps *caps, int *lone) {
    const oc__solver *best = NULL;
    double seconds = 0;
    for (const oc__solver *const *solver = p->op->solvers; *solver; solver++) {
        char why[OC_WHY];
        oc__variant variant;
        if (!(*solver)->applicable(p, caps, why))
            continue;
        oc__solver_variant(*solver, p, caps, &variant);
        double now = oc__solver_estimate(*solver, p, caps, &variant);
        *lone += ((*solver)->flags & OC_SOLVER_LONE) != 0;
        if (!best || now < seconds) {
            best = *solver;
            seconds = now;
        }
    }
    return best;
}

/* Shapes for CPUs lose by their estimates where work-items run in lockstep; a driver whose loops end by themselves is not given long ones. */
static void test_lone(void **state) {
    (void)state;
    static const char *const problems[] = {
        "conv2d:mb1ic64ih28oc64kh3ph1", "conv2d:mb8ic256ih14oc256kh1", "conv2d_bwd_weights:mb4ic32ih14oc64kh3ph1", "conv2d_bwd_data:mb4ic32ih14oc64kh3ph1",
        "matmul:m512n512k512", "batch_norm:8x64x28x28,64,64,64,64", "reduce_mean:8x64x28x28:axes=2/3,axis_count=2", "add:64x500,500",
        "avg_pool2d:8x64x28x28:kernel=2/2,stride=2/2", "transpose:64x128x28:perm=2/0/1", "concat:8x2000,8x3000:axis=1", "reorder:640x64"};
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    for (size_t i = 0; i < OC_COUNT(problems); i++) {
        oc__arena arena;
        oc__problem p;
        char why[OC_WHY];
        int many = 0, none = 0;
        oc__caps gpu = *oc__device_caps(k.device), llvmpipe;
        gpu.type = OC_DEVICE_GPU;
        gpu.simt_width = 32;
        gpu.local_mem = 32768;
        gpu.max_work_group = 1024;
        llvmpipe = gpu;
        llvmpipe.type = OC_DEVICE_CPU;
        oc__arena_init(&arena, k.context);
        KIT_OK(oc__problem_parse(&arena, problems[i], NULL, &p, &err), &err);
        assert_false(least(&p, &gpu, &many)->flags & OC_SOLVER_LONE);
        assert_false(least(&p, &llvmpipe, &none)->flags & OC_SOLVER_LONE);
        assert_true(many > 0);
        assert_int_equal(none, 0);
        assert_false(oc__lone_fits(&p, &llvmpipe, why));
        assert_non_null(strstr(why, "llvmpipe"));
        oc__arena_finish(&arena);
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept_and_read), cmocka_unit_test(test_foreign_and_broken_lines),
                                       cmocka_unit_test(test_shipped), cmocka_unit_test(test_limit),
                                       cmocka_unit_test(test_ref_alone), cmocka_unit_test(test_lone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
