/* SPDX-License-Identifier: Apache-2.0 */
/* Two devices of one platform, in one cl_context and in two. */
#include "kit/kit.h"

#include <stdlib.h>

#include "device/cl.h"

static oc_error err;
static const oc__cl *real;

static cl_context one_at_most(const cl_context_properties *properties, cl_uint n, const cl_device_id *devices,
                              void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *user, cl_int *code) {
    if (n > 1) {
        *code = CL_INVALID_DEVICE;
        return NULL;
    }
    return real->clCreateContext(properties, n, devices, notify, user, code);
}

/* A value goes from one device to the other: by a copy inside a cl_context, through the host between two. */
static void pass(oc_device **devices, bool shared) {
    oc__buffer *a, *b;
    oc__event *event;
    uint32_t value = 0x12345, got = 0;
    oc__queue *first = oc__device_queue(devices[0]), *second = oc__device_queue(devices[1]);
    KIT_OK(oc__buffer_create(&a, devices[0], 4, &err), &err);
    KIT_OK(oc__buffer_create(&b, devices[1], 4, &err), &err);
    KIT_OK(oc__queue_write(first, a, 0, &value, 4, false, &err), &err);
    if (!shared)
        KIT_OK(oc__queue_read(first, a, 0, &got, 4, false, &err), &err);
    KIT_OK(oc__queue_mark(first, &event, &err), &err);
    KIT_OK(oc__queue_wait_event(second, event, &err), &err);
    if (shared)
        KIT_OK(oc__queue_copy(second, a, 0, b, 0, 4, &err), &err);
    else
        KIT_OK(oc__queue_write(second, b, 0, &got, 4, true, &err), &err);
    got = 0;
    KIT_OK(oc__queue_read(second, b, 0, &got, 4, true, &err), &err);
    assert_int_equal(got, value);
    oc__event_destroy(&event);
    oc__buffer_release(&a);
    oc__buffer_release(&b);
}

static void check_pair(bool shared) {
    kit k;
    oc_device *devices[2];
    size_t count;
    kit_init(&k, NULL);
    oc__cl *cl = oc__cl_table(k.context), good;
    if (cl) {
        good = *cl;
        real = &good;
        if (!shared)
            cl->clCreateContext = one_at_most;
    }
    if (oc_device_create_list(devices, 2, &count, k.context, "0:0,0:1", &err) != OC_OK) {
        kit_finish(&k);
        skip();
    }
    assert_int_equal(devices[0]->cl_context == devices[1]->cl_context, shared);
    pass(devices, shared);
    oc__program *first, *second;
    KIT_OK(oc__program_get(&first, devices[0], "fill.cl", NULL, &err), &err);
    KIT_OK(oc__program_get(&second, devices[1], "fill.cl", NULL, &err), &err);
    assert_ptr_not_equal(first, second);
    oc_device_destroy(&devices[0]);
    KIT_OK(oc__queue_finish(oc__device_queue(devices[1]), &err), &err);
    oc_device_destroy(&devices[1]);
    kit_finish(&k);
}

static void test_one_context(void **state) {
    (void)state;
    check_pair(true);
}

static void test_two_contexts(void **state) {
    (void)state;
    check_pair(false);
}

int main(void) {
    setenv("POCL_DEVICES", "basic basic", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_context),
        cmocka_unit_test(test_two_contexts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
