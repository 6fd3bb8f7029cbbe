/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator, its limit and its failures; arenas and arrays; the context. */
#include "kit/kit.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static void test_alloc(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    for (size_t size = 0; size < 5000; size += 37) {
        uint8_t *a = oc__alloc(k.context, size);
        assert_non_null(a);
        assert_int_equal((uintptr_t)a % (size < 1024 ? 16 : 64), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(a[i], 0);
        memset(a, 7, size);
        a = oc__realloc(k.context, a, size + 900);
        for (size_t i = 0; i < size + 900; i++)
            assert_int_equal(a[i], i < size ? 7 : 0);
        oc__free(k.context, a);
    }
    assert_null(oc__alloc_array(k.context, SIZE_MAX / 2, 4));
    assert_null(oc__alloc(k.context, SIZE_MAX - 5));
    oc__free(k.context, NULL);
    kit_finish(&k);
}

static void test_limit(void **state) {
    (void)state;
    kit k;
    oc_error err;
    kit_init(&k, &(oc_context_params){.host_limit = 100000});
    void *a = oc__alloc(k.context, 60000);
    assert_non_null(a);
    assert_null(oc__alloc(k.context, 60000));
    KIT_FAILS(OC_ERROR_MEMORY, "limit of 100000", oc__fail_memory(k.context, &err, 60000), &err);
    oc__free(k.context, a);
    a = oc__alloc(k.context, 90000);
    assert_non_null(a);
    oc__free(k.context, a);
    kit_finish(&k);
}

static void test_arena(void **state) {
    (void)state;
    kit k;
    oc__arena arena;
    kit_init(&k, NULL);
    oc__arena_init(&arena, k.context);
    char *last = NULL;
    for (size_t i = 0; i < 3000; i++) {
        char *piece = oc__arena_alloc(&arena, i % 97 + (i % 500 == 0 ? 20000 : 0));
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % 16, 0);
        memset(piece, 1, i % 97);
        last = oc__arena_printf(&arena, "%s %zu", "piece", i);
    }
    assert_string_equal(last, "piece 2999");
    assert_string_equal(oc__arena_strdup(&arena, "text"), "text");
    assert_null(oc__arena_alloc(&arena, SIZE_MAX - 3));
    oc__arena_finish(&arena);
    kit_finish(&k);
}

static void test_array(void **state) {
    (void)state;
    kit k;
    int *items = NULL;
    size_t count = 0, capacity = 0;
    kit_init(&k, NULL);
    for (int i = 0; i < 1000; i++)
        assert_true(OC_ARRAY_PUSH(k.context, items, count, capacity, i));
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    oc__free(k.context, items);
    kit_finish(&k);
}

static void test_context_failures(void **state) {
    (void)state;
    oc_error err;
    for (size_t fail_at = 1;; fail_at++) {
        kit_allocator c = {.fail_at = fail_at};
        oc_allocator allocator = kit_allocator_get(&c);
        oc_context *context = NULL;
        oc_status status = oc_context_create(&context, &(oc_context_params){.allocator = &allocator}, &err);
        if (status == OC_OK) {
            assert_true(fail_at > 5);
            oc_context_destroy(&context);
            assert_int_equal(c.live, 0);
            break;
        }
        assert_int_equal(status, OC_ERROR_MEMORY);
        assert_null(context);
        assert_int_equal(c.live, 0);
    }
    oc_context_destroy(NULL);
    KIT_FAILS(OC_ERROR_INVALID, "out is NULL", oc_context_create(NULL, NULL, &err), &err);
}

static void test_context_folders(void **state) {
    (void)state;
    oc_error err;
    oc_context *context;
    setenv("OCELLI_CACHE", "/tmp/somewhere", 1);
    KIT_OK(oc_context_create(&context, NULL, &err), &err);
    assert_string_equal(oc_context_cache_folder(context), "/tmp/somewhere");
    oc_context_destroy(&context);
    unsetenv("OCELLI_CACHE");
    setenv("XDG_CACHE_HOME", "/tmp/xdg", 1);
    KIT_OK(oc_context_create(&context, NULL, &err), &err);
    assert_string_equal(oc_context_cache_folder(context), "/tmp/xdg/ocelli");
    oc_context_destroy(&context);
    unsetenv("XDG_CACHE_HOME");
    KIT_OK(oc_context_create(&context, &(oc_context_params){.cache_folder = ""}, &err), &err);
    assert_string_equal(oc_context_cache_folder(context), "");
    oc_context_destroy(&context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc), cmocka_unit_test(test_limit),
        cmocka_unit_test(test_arena), cmocka_unit_test(test_array),
        cmocka_unit_test(test_context_failures), cmocka_unit_test(test_context_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
