/* SPDX-License-Identifier: Apache-2.0 */
/* Unified shared memory as tensors, where the driver has it (Intel's); a refusal elsewhere. */
#include "kit/kit.h"

#include <string.h>

#include "device/cl.h"

#include <ocelli/ocelli.h>
#include <ocelli/opencl.h>

#define COUNT 1000

static oc_error err;
static oc__cl honest;

/* The extension's own functions. */
typedef void *(CL_API_CALL *allocate_host)(cl_context, const cl_bitfield *, size_t, cl_uint, cl_int *);
typedef void *(CL_API_CALL *allocate)(cl_context, cl_device_id, const cl_bitfield *, size_t, cl_uint, cl_int *);
typedef cl_int (CL_API_CALL *release)(cl_context, void *);
enum kind { HOST, DEVICE, SHARED };

static bool find(const kit *k, const char *name, void *to) {
    void *found = k->device->cl->clGetExtensionFunctionAddressForPlatform(k->device->platform, name);
    memcpy(to, &found, sizeof found);
    return found != NULL;
}

static void *make(const kit *k, enum kind kind, size_t size) {
    allocate_host of_host;
    allocate of_device;
    cl_int code;
    if (kind == HOST)
        return find(k, "clHostMemAllocINTEL", &of_host) ? of_host(k->device->cl_context, NULL, size, 0, &code) : NULL;
    return find(k, kind == DEVICE ? "clDeviceMemAllocINTEL" : "clSharedMemAllocINTEL", &of_device)
               ? of_device(k->device->cl_context, k->device->handle, NULL, size, 0, &code)
               : NULL;
}

static void give_back(const kit *k, void *memory) {
    release done;
    assert_true(find(k, "clMemBlockingFreeINTEL", &done));
    assert_int_equal(done(k->device->cl_context, memory), CL_SUCCESS);
}

static void open_with(kit *k, bool usm) {
    release any;
    kit_init(k, NULL);
    kit_open(k);
    if (find(k, "clMemBlockingFreeINTEL", &any) == usm)
        return;
    kit_finish(k);
    skip();
}

static void add(kit *k, oc_tensor *a, oc_tensor *b, oc_tensor *sum) {
    oc_op *op;
    oc_event *event;
    const oc_operand_desc descs[] = {{OC_F32, OC_SHAPE(COUNT)}, {OC_F32, OC_SHAPE(COUNT)}};
    KIT_OK(oc_op_create(&op, k->device, "add", NULL, 0, descs, 2, &err), &err);
    KIT_OK(oc_op_enqueue(op, (oc_tensor *const[]){a, b}, &sum, NULL, &event, &err), &err);
    KIT_OK(oc_event_wait(event, &err), &err);
    oc_event_destroy(&event);
    oc_op_destroy(&op);
}

/* A sum whose operands the host has written and whose result it reads, in memory of the program's alone. */
static void check_in_place(kit *k, enum kind kind) {
    float *memory = make(k, kind, 3 * COUNT * sizeof(float));
    oc_tensor *parts[3];
    assert_non_null(memory);
    for (int i = 0; i < 2 * COUNT; i++)
        memory[i] = (float)(i % 31);
    for (int i = 0; i < 3; i++)
        KIT_OK(oc_tensor_adopt_usm(&parts[i], k->device, memory + (size_t)i * COUNT, OC_F32, &OC_SHAPE(COUNT), &err), &err);
    uint64_t used;
    oc__device_usage(k->device, &used, NULL);
    assert_int_equal(used, 0);
    for (int turn = 0; turn < 2; turn++) {
        add(k, parts[0], parts[1], parts[2]);
        for (int i = 0; i < COUNT; i++)
            assert_true(memory[2 * COUNT + i] == memory[i] + memory[COUNT + i]);
        for (int i = 0; i < COUNT; i++)
            memory[i] += 100;
    }
    for (int i = 0; i < 3; i++)
        oc_tensor_destroy(&parts[i]);
    give_back(k, memory);
}

static void test_in_place(void **state) {
    (void)state;
    kit k;
    open_with(&k, true);
    check_in_place(&k, HOST);
    check_in_place(&k, SHARED);
    kit_finish(&k);
}

static void test_of_the_device(void **state) {
    (void)state;
    kit k;
    oc_tensor *tensor;
    float to[COUNT], from[COUNT];
    open_with(&k, true);
    void *memory = make(&k, DEVICE, sizeof(to));
    for (int i = 0; i < COUNT; i++)
        to[i] = (float)i;
    KIT_OK(oc_tensor_adopt_usm(&tensor, k.device, memory, OC_F32, &OC_SHAPE(COUNT), &err), &err);
    KIT_OK(oc_tensor_write(tensor, to, sizeof(to), &err), &err);
    add(&k, tensor, tensor, tensor);
    KIT_OK(oc_tensor_read(tensor, from, sizeof(from), &err), &err);
    for (int i = 0; i < COUNT; i++)
        assert_true(from[i] == 2 * to[i]);
    oc_tensor_destroy(&tensor);
    give_back(&k, memory);
    kit_finish(&k);
}

static void test_wrong(void **state) {
    (void)state;
    kit k;
    oc_tensor *tensor = NULL;
    float on_stack[4];
    open_with(&k, true);
    char *memory = make(&k, HOST, 64);
    KIT_FAILS(OC_ERROR_INVALID, "NULL", oc_tensor_adopt_usm(&tensor, k.device, NULL, OC_F32, &OC_SHAPE(4), &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "unified", oc_tensor_adopt_usm(&tensor, k.device, on_stack, OC_F32, &OC_SHAPE(4), &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "multiple", oc_tensor_adopt_usm(&tensor, k.device, memory + 2, OC_F32, &OC_SHAPE(4), &err), &err);
    KIT_FAILS(OC_ERROR_SHAPE, "fit", oc_tensor_adopt_usm(&tensor, k.device, memory + 4, OC_F32, &OC_SHAPE(16), &err), &err);
    assert_null(tensor);
    give_back(&k, memory);
    kit_finish(&k);
}

/* A driver whose buffers are copies of what they are made of. */
static cl_mem copying(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code) {
    flags = flags & CL_MEM_USE_HOST_PTR ? CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR : flags;
    return honest.clCreateBuffer(context, flags, size, host, code);
}

static void test_copies(void **state) {
    (void)state;
    kit k;
    oc_tensor *tensor = NULL;
    open_with(&k, true);
    oc__cl *table = oc__cl_table(k.context);
    honest = *table;
    for (enum kind kind = HOST; kind <= SHARED; kind++) {
        void *memory = make(&k, kind, 64);
        table->clCreateBuffer = copying;
        for (int i = 0; i < 2; i++)
            KIT_FAILS(OC_ERROR_UNSUPPORTED, "same memory", oc_tensor_adopt_usm(&tensor, k.device, memory, OC_F32, &OC_SHAPE(4), &err), &err);
        *table = honest;
        give_back(&k, memory);
    }
    kit_finish(&k);
}

static void test_refused(void **state) {
    (void)state;
    kit k;
    float memory[4];
    oc_tensor *tensor = NULL;
    open_with(&k, false);
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "cl_intel_unified_shared_memory",
              oc_tensor_adopt_usm(&tensor, k.device, memory, OC_F32, &OC_SHAPE(4), &err), &err);
    oc__cl_table(k.context)->clGetExtensionFunctionAddressForPlatform = NULL;
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "cl_intel", oc_tensor_adopt_usm(&tensor, k.device, memory, OC_F32, &OC_SHAPE(4), &err), &err);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_in_place), cmocka_unit_test(test_of_the_device), cmocka_unit_test(test_wrong),
                                       cmocka_unit_test(test_copies), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
