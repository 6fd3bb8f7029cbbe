/* SPDX-License-Identifier: Apache-2.0 */
/* Tuning: what was measured is kept in the cache folder, read by the next process, and goes before estimates. */
#include <ocelli/bench.h>
#include <stdio.h>
#include <string.h>

#include "kit/kit.h"
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

static void test_kept_and_read(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_bench_result result;
    kit_init(&k, NULL);
    kit_open(&k);
    assert_int_equal(measured(&k), 0);
    KIT_OK(oc_bench_tune(k.device, problem_text, NULL, true, &result, &err), &err);
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
    char path[400], text[4096] = "";
    kit_init(&k, NULL);
    kit_open(&k);
    KIT_OK(oc_bench_tune(k.device, "relu:100", NULL, false, &result, &err), &err);
    snprintf(path, sizeof(path), "%s/find.db", oc_context_cache_folder(k.context));
    FILE *file = fopen(path, "wb");
    fputs("nonsense\n\t\t\t\nother\tmatmul:m1n1k1\tmatmul.rows\t3.5 12 0 0 0 0 0\nother\tx\ty\t-1 0\n", file);
    fclose(file);
    oc_device_destroy(&k.device);
    kit_open(&k);
    assert_int_equal(measured(&k), 0);
    KIT_OK(oc_bench_tune(k.device, problem_text, NULL, false, &result, &err), &err);
    file = fopen(path, "rb");
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(text, "other\tmatmul:m1n1k1\tmatmul.rows\t3.5 12 0 0 0 0 0\n"));
    assert_non_null(strstr(text, problem_text));
    assert_null(strstr(text, "nonsense"));
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept_and_read), cmocka_unit_test(test_foreign_and_broken_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
