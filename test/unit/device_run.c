/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels run: buffers, queues, programs, events; random numbers are the host's. */
#include "kit/kit.h"

#include <string.h>

#include "device/device.h"

static oc_error err;

static void launch_bits(oc_device *device, uint32_t *out, uint64_t count, uint64_t seed, uint64_t stream)
{
    oc__program *program;
    oc__kernel *kernel;
    oc__buffer *buffer;
    oc__event *event;
    KIT_OK(oc__program_get(&program, device, "fill.cl", "", &err), &err);
    KIT_OK(oc__kernel_create(&kernel, program, "fill_bits", &err), &err);
    KIT_OK(oc__buffer_create(&buffer, device, count * 4, &err), &err);
    KIT_OK(oc__kernel_set_buffer(kernel, 0, buffer, &err), &err);
    KIT_OK(oc__kernel_set_value(kernel, 1, &count, 8, &err), &err);
    KIT_OK(oc__kernel_set_value(kernel, 2, &seed, 8, &err), &err);
    KIT_OK(oc__kernel_set_value(kernel, 3, &stream, 8, &err), &err);
    oc__range range = {1, {count}, {1}};
    KIT_OK(oc__queue_launch(oc__device_queue(device), kernel, &range, &event, &err), &err);
    KIT_OK(oc__event_wait(event, &err), &err);
    KIT_OK(oc__queue_read(oc__device_queue(device), buffer, 0, out, count * 4, true, &err), &err);
    oc__event_destroy(&event);
    oc__buffer_release(&buffer);
    oc__kernel_destroy(&kernel);
}

static void test_random_on_device(void **state)
{
    (void)state;
    kit k;
    uint32_t got[100], want[4];
    kit_init(&k, NULL);
    launch_bits(kit_open(&k), got, 100, 0x123456789abcdefu, 0xfedcba9876543210u);
    for (uint64_t i = 0; i < 100; i++) {
        oc__philox(want, 0x123456789abcdefu, 0xfedcba9876543210u, i);
        assert_int_equal(got[i], want[0]);
    }
    kit_finish(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_on_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
