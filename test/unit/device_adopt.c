/* SPDX-License-Identifier: Apache-2.0 */
/* A program's own OpenCL objects, taken over and given back. */
#include "kit/kit.h"


#include "device/cl.h"
#include "device/hooks.h"

#include <ocelli/opencl.h>

static oc_error err;

/* A program's own objects, made with the library's table so that the test needs no OpenCL to link to. */
typedef struct own {
    const oc__cl *cl;
    cl_context context;
    cl_device_id device;
    cl_command_queue queue;
    cl_mem memory;
} own;

static void own_init(own *o, kit *k, cl_command_queue_properties properties) {
    cl_int code;
    oc_device *device = kit_open(k);
    if (properties && !oc_device_get_info(device)->out_of_order) {
        kit_finish(k);
        skip();
    }
    o->cl = device->cl;
    o->device = oc_device_get_cl_device(device);
    oc_device_destroy(&k->device);
    o->context = o->cl->clCreateContext(NULL, 1, &o->device, NULL, NULL, &code);
    assert_non_null(o->context);
    o->queue = o->cl->clCreateCommandQueue(o->context, o->device, properties, &code);
    assert_non_null(o->queue);
    o->memory = o->cl->clCreateBuffer(o->context, CL_MEM_READ_WRITE, 256, NULL, &code);
    assert_non_null(o->memory);
}

static unsigned users(const own *o) {
    cl_uint context = 0, queue = 0, memory = 0;
    o->cl->clGetContextInfo(o->context, CL_CONTEXT_REFERENCE_COUNT, sizeof context, &context, NULL);
    o->cl->clGetCommandQueueInfo(o->queue, CL_QUEUE_REFERENCE_COUNT, sizeof queue, &queue, NULL);
    o->cl->clGetMemObjectInfo(o->memory, CL_MEM_REFERENCE_COUNT, sizeof memory, &memory, NULL);
    return context * 10000 + queue * 100 + memory;
}

static void own_finish(own *o) {
    o->cl->clReleaseMemObject(o->memory);
    o->cl->clReleaseCommandQueue(o->queue);
    o->cl->clReleaseContext(o->context);
}

static void check_work(oc_device *device, oc_tensor *tensor) {
    oc__program *program;
    oc__kernel *kernel;
    float got[16], value = 2.5f;
    uint64_t count = 64;
    KIT_OK(oc__program_get(&program, device, "fill.cl", NULL, &err), &err);
    KIT_OK(oc__kernel_create(&kernel, program, "fill_value", &err), &err);
    KIT_OK(oc__kernel_set_buffer(kernel, 0, oc__tensor_get_buffer(tensor), &err), &err);
    KIT_OK(oc__kernel_set_value(kernel, 1, &count, 8, &err), &err);
    KIT_OK(oc__kernel_set_value(kernel, 2, &value, 4, &err), &err);
    KIT_OK(oc__queue_launch(oc__device_queue(device), kernel, &(oc__range){1, {64}, {1}}, NULL, &err), &err);
    KIT_OK(oc_tensor_read(tensor, got, sizeof got, &err), &err);
    for (int i = 0; i < 16; i++)
        assert_true(got[i] == 2.5f);
    oc__kernel_destroy(&kernel);
}

static void check_adoption(cl_command_queue_properties properties, bool give_queue) {
    kit k;
    own o;
    oc_tensor *tensor, *bad = NULL;
    kit_init(&k, NULL);
    own_init(&o, &k, properties);
    unsigned before = users(&o);
    KIT_OK(oc_device_adopt(&k.device, k.context, o.context, o.device, give_queue ? o.queue : NULL, &err), &err);
    oc_device_destroy(&k.device);
    assert_int_equal(users(&o), before);
    KIT_OK(oc_device_adopt(&k.device, k.context, o.context, o.device, give_queue ? o.queue : NULL, &err), &err);
    assert_string_equal(oc_device_get_info(k.device)->id, "adopted");
    assert_ptr_equal(oc_device_get_cl_context(k.device), o.context);
    if (give_queue)
        assert_ptr_equal(oc_device_get_cl_queue(k.device), o.queue);
    KIT_OK(oc_tensor_adopt(&tensor, k.device, o.memory, 64, OC_F32, &OC_SHAPE(4, 4), &err), &err);
    assert_ptr_equal(oc_tensor_get_cl_mem(tensor), o.memory);
    assert_ptr_equal(oc_tensor_get_device(tensor), k.device);
    uint64_t used;
    oc__device_usage(k.device, &used, NULL);
    assert_int_equal(used, 0);
    check_work(k.device, tensor);
    KIT_FAILS(OC_ERROR_INVALID, "multiple", oc_tensor_adopt(&bad, k.device, o.memory, 2, OC_F32, &OC_SHAPE(4), &err), &err);
    KIT_FAILS(OC_ERROR_SHAPE, "fit", oc_tensor_adopt(&bad, k.device, o.memory, 252, OC_F32, &OC_SHAPE(2), &err), &err);
    KIT_FAILS(OC_ERROR_SHAPE, "fit", oc_tensor_adopt(&bad, k.device, o.memory, 1024, OC_F32, &OC_SHAPE(0), &err), &err);
    oc_tensor_destroy(&tensor);
    oc_device_destroy(&k.device);
    /* PoCL's own queue keeps the last command, and with it itself and the context: of these, what lies there at most. */
    assert_int_equal(users(&o) % 100, before % 100);
    assert_true(users(&o) <= before + 10100 + (give_queue ? 0 : 10000));
    own_finish(&o);
    kit_finish(&k);
}

static void test_in_order(void **state) {
    (void)state;
    check_adoption(0, true);
}

static void test_out_of_order(void **state) {
    (void)state;
    check_adoption(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, true);
}

static void test_without_queue(void **state) {
    (void)state;
    check_adoption(0, false);
}

static void test_events(void **state) {
    (void)state;
    kit k;
    own o;
    oc_event *event;
    cl_event mine;
    uint32_t value = 9, got = 0;
    kit_init(&k, NULL);
    own_init(&o, &k, 0);
    KIT_OK(oc_device_adopt(&k.device, k.context, o.context, o.device, NULL, &err), &err);
    assert_int_equal(o.cl->clEnqueueWriteBuffer(o.queue, o.memory, CL_FALSE, 0, 4, &value, 0, NULL, &mine), CL_SUCCESS);
    KIT_OK(oc_event_adopt(&event, k.device, mine, &err), &err);
    assert_ptr_equal(oc_event_get_cl_event(event), mine);
    oc_tensor *tensor;
    KIT_OK(oc_tensor_adopt(&tensor, k.device, o.memory, 0, OC_I32, &OC_SHAPE(1), &err), &err);
    KIT_OK(oc__queue_wait_event(oc__device_queue(k.device), event, &err), &err);
    KIT_OK(oc_tensor_read(tensor, &got, 4, &err), &err);
    assert_int_equal(got, 9);
    KIT_OK(oc_event_wait(event, &err), &err);
    oc_event_destroy(&event);
    oc_tensor_destroy(&tensor);
    o.cl->clReleaseEvent(mine);
    oc_device_destroy(&k.device);
    own_finish(&o);
    kit_finish(&k);
}

static void test_refusals(void **state) {
    (void)state;
    kit k;
    own o, other;
    oc_device *device;
    oc_tensor *tensor;
    kit_init(&k, NULL);
    own_init(&o, &k, 0);
    own_init(&other, &k, 0);
    KIT_FAILS(OC_ERROR_INVALID, "NULL", oc_device_adopt(&device, k.context, NULL, o.device, NULL, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "another cl_context",
              oc_device_adopt(&device, k.context, o.context, o.device, other.queue, &err), &err);
    KIT_OK(oc_device_adopt(&device, k.context, o.context, o.device, o.queue, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "another cl_context",
              oc_tensor_adopt(&tensor, device, other.memory, 0, OC_F32, &OC_SHAPE(1), &err), &err);
    oc_device_destroy(&device);
    own_finish(&other);
    own_finish(&o);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order), cmocka_unit_test(test_out_of_order), cmocka_unit_test(test_without_queue),
        cmocka_unit_test(test_events),   cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
