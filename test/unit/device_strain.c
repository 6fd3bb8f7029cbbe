/* SPDX-License-Identifier: Apache-2.0 */
/* A device under strain: several threads, and host memory that runs out at every single place. */
#include "kit/kit.h"

#include <string.h>

#include "device/device.h"

static oc_error err;

typedef struct worker {
    oc_device *device;
    uint64_t number;
    bool right;
} worker;

static void *run_worker(void *argument) {
    worker *w = argument;
    uint32_t data[64], got[64];
    char defines[32], note[32];
    oc_tensor *tensor = NULL;
    oc__program *program;
    w->right = true;
    for (uint32_t round = 0; round < 50; round++) {
        for (uint32_t i = 0; i < 64; i++)
            data[i] = (uint32_t)w->number << 16 | round << 8 | i;
        oc__format(defines, sizeof defines, "#define ROUND %u", round / 25);
        oc__format(note, sizeof note, "%u", round);
        oc__device_note_set(w->device, note, note);
        if (oc__program_get(&program, w->device, "fill.cl", defines, NULL) != OC_OK ||
            oc_tensor_create(&tensor, oc_device_get_context(w->device), w->device, OC_I32, &OC_SHAPE(64), NULL) != OC_OK ||
            oc_tensor_write(tensor, data, sizeof data, NULL) != OC_OK ||
            oc_tensor_read(tensor, got, sizeof got, NULL) != OC_OK || memcmp(data, got, sizeof data) != 0 ||
            !oc__device_note_get(w->device, note, note, sizeof note))
            w->right = false;
        oc_tensor_destroy(&tensor);
    }
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    kit k;
    pthread_t threads[4];
    worker workers[4];
    kit_init(&k, NULL);
    kit_open(&k);
    for (uint64_t i = 0; i < 4; i++) {
        workers[i] = (worker){k.device, i, false};
        assert_int_equal(pthread_create(&threads[i], NULL, run_worker, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].right);
    }
    assert_int_equal(oc__device_program_count(k.device), 2);
    kit_finish(&k);
}

static oc_status launch(oc_device *device) {
    oc__program *program;
    oc__kernel *kernel = NULL;
    oc__buffer *buffer = NULL;
    oc__event *event = NULL;
    uint64_t count = 4;
    float value = 1;
    oc_status status = oc__program_get(&program, device, "fill.cl", "", &err);
    if (status == OC_OK)
        status = oc__kernel_create(&kernel, program, "fill_value", &err);
    if (status == OC_OK)
        status = oc__buffer_create(&buffer, device, count * 4, &err);
    if (status == OC_OK)
        status = oc__kernel_set_buffer(kernel, 0, buffer, &err);
    if (status == OC_OK)
        status = oc__kernel_set_value(kernel, 1, &count, 8, &err);
    if (status == OC_OK)
        status = oc__kernel_set_value(kernel, 2, &value, 4, &err);
    if (status == OC_OK)
        status = oc__queue_launch(oc__device_queue(device), kernel, &(oc__range){1, {4}, {1}}, &event, &err);
    if (status == OC_OK)
        status = oc__event_wait(event, &err);
    oc__event_destroy(&event);
    oc__buffer_release(&buffer);
    oc__kernel_destroy(&kernel);
    return status;
}

/* All that a program does here, with a tensor at the end. */
static oc_status work(oc_context *context) {
    oc_device *device;
    oc_tensor *tensor = NULL;
    OC_TRY(oc_device_create(&device, context, NULL, &err));
    oc__device_note_set(device, "key", "value");
    oc_status status = launch(device);
    if (status == OC_OK)
        status = oc_tensor_create(&tensor, context, device, OC_F32, &OC_SHAPE(3, 2), &err);
    oc_tensor_destroy(&tensor);
    oc_device_destroy(&device);
    return status;
}

/* Each allocation fails once: the failure is told or did not matter, and nothing is kept. */
static void test_host_memory_failures(void **state) {
    (void)state;
    kit k;
    char cache[300];
    kit_init(&k, NULL);
    kit_open(&k); /* or skip */
    strcpy(cache, k.cache);
    for (size_t fail_at = 1, done = 0; done == 0; fail_at++) {
        kit_allocator c = {.fail_at = fail_at};
        oc_allocator allocator = kit_allocator_get(&c);
        oc_context *context;
        oc_status status = oc_context_create(&context, &(oc_context_params){.allocator = &allocator, .cache_folder = cache}, &err);
        if (status == OC_OK) {
            status = work(context);
            oc_context_destroy(&context);
        }
        done = c.calls < fail_at;
        assert_int_equal(c.live, 0);
        assert_true(status == OC_ERROR_MEMORY || status == OC_OK);
        assert_true(fail_at < 2000);
        if (done)
            assert_int_equal(status, OC_OK);
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_host_memory_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
