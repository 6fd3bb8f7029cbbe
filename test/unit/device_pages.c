/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers in large pages: none lies over another, whatever the order in which they come and go; all is given back; where it cannot be
 * had, buffers are made otherwise. */
#include "kit/kit.h"

#include <pthread.h>
#include <string.h>

#include "device/cl.h"

#define SLOTS 24
#define TURNS 300

static oc_error err;
static oc__cl honest;

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void fill(oc__buffer *buffer, uint32_t sign) {
    uint64_t size = oc__buffer_size(buffer);
    KIT_OK(oc__queue_fill(oc__device_queue(oc__buffer_device(buffer)), buffer, 0, size, &sign, 4, NULL), NULL);
}

/* The first, the last and some number between. */
static void check(oc__buffer *buffer, uint32_t sign, uint32_t *seed) {
    uint64_t count = oc__buffer_size(buffer) / 4, at[] = {0, count - 1, next(seed) % count};
    for (size_t i = 0; i < OC_COUNT(at); i++) {
        uint32_t got = 0;
        KIT_OK(oc__queue_read(oc__device_queue(oc__buffer_device(buffer)), buffer, at[i] * 4, &got, 4, true, NULL), NULL);
        assert_int_equal(got, sign);
    }
}

/* Small ones mostly, and some of several large pages. */
static uint64_t size_of(uint32_t number) {
    uint32_t kind = number % 16;
    return ((uint64_t)(number / 16) % (kind == 0 ? 3000000 : kind < 5 ? 300000 : 5000) + 1) * 4;
}

static void *come_and_go(void *of) {
    oc__buffer *slots[SLOTS] = {NULL};
    uint32_t signs[SLOTS], seed = (uint32_t)(uintptr_t)pthread_self();
    for (int turn = 0; turn < TURNS; turn++) {
        int i = (int)(next(&seed) % SLOTS);
        if (slots[i]) {
            check(slots[i], signs[i], &seed);
            oc__buffer_release(&slots[i]);
            continue;
        }
        signs[i] = next(&seed);
        KIT_OK(oc__buffer_create(&slots[i], of, size_of(next(&seed)), NULL), NULL);
        fill(slots[i], signs[i]);
    }
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i])
            check(slots[i], signs[i], &seed);
        oc__buffer_release(&slots[i]);
    }
    return NULL;
}

static void test_come_and_go(void **state) {
    (void)state;
    kit k;
    pthread_t threads[3];
    kit_init(&k, NULL);
    kit_open(&k);
    for (size_t i = 0; i < OC_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, k.device), 0);
    for (size_t i = 0; i < OC_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    kit_finish(&k);
    assert_int_equal(oc__pages_held(), 0);
}

/* What a command still writes goes to nobody else, though its buffer was released. */
static void test_released_while_written(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    for (uint32_t turn = 0; turn < 20; turn++) {
        oc__buffer *early, *late;
        uint32_t seed = turn;
        KIT_OK(oc__buffer_create(&early, k.device, 8 << 20, &err), &err);
        assert_true(k.device->host_pages <= 0 || oc__pages_held() >= 8 << 20);
        fill(early, 1);
        oc__buffer_release(&early);
        KIT_OK(oc__buffer_create(&late, k.device, 8 << 20, &err), &err);
        oc__queue *own;
        KIT_OK(oc__queue_create(&own, k.device, false, &err), &err);
        KIT_OK(oc__queue_fill(own, late, 0, 8 << 20, &(uint32_t){2}, 4, &err), &err);
        KIT_OK(oc__queue_finish(own, &err), &err);
        KIT_OK(oc__queue_finish(oc__device_queue(k.device), &err), &err);
        check(late, 2, &seed);
        oc__queue_destroy(&own);
        oc__buffer_release(&late);
    }
    kit_finish(&k);
    assert_int_equal(oc__pages_held(), 0);
}

static cl_int CL_API_CALL no_callback(cl_mem of, void(CL_CALLBACK *notify)(cl_mem, void *), void *user) {
    (void)of, (void)notify, (void)user;
    return CL_OUT_OF_HOST_MEMORY;
}

static cl_mem CL_API_CALL no_host_memory(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code) {
    if (!(flags & CL_MEM_USE_HOST_PTR))
        return honest.clCreateBuffer(context, flags, size, host, code);
    *code = CL_MEM_OBJECT_ALLOCATION_FAILURE;
    return NULL;
}

/* A driver that does not compute in memory that it is given. */
static cl_mem CL_API_CALL copied_memory(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code) {
    cl_mem_flags use = CL_MEM_USE_HOST_PTR, copy = CL_MEM_COPY_HOST_PTR;
    return honest.clCreateBuffer(context, flags & use ? (flags & ~use) | copy : flags, size, host, code);
}

static void check_otherwise(kit *k) {
    oc__buffer *buffer;
    uint32_t seed = 3;
    KIT_OK(oc__buffer_create(&buffer, k->device, 100000, &err), &err);
    assert_int_equal(oc__pages_held(), 0);
    fill(buffer, 7);
    check(buffer, 7, &seed);
    oc__buffer_release(&buffer);
}

static void test_otherwise(void **state) {
    (void)state;
    for (int way = 0; way < 3; way++) {
        kit k;
        kit_init(&k, NULL);
        oc__cl *table = oc__cl_table(k.context);
        if (!table) {
            kit_finish(&k);
            skip();
        }
        honest = *table;
        kit_open(&k);
        if (way == 0)
            table->clSetMemObjectDestructorCallback = no_callback;
        else
            table->clCreateBuffer = way == 1 ? no_host_memory : copied_memory;
        check_otherwise(&k);
        *table = honest;
        kit_finish(&k);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_come_and_go),
        cmocka_unit_test(test_released_while_written),
        cmocka_unit_test(test_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
