/* SPDX-License-Identifier: Apache-2.0 */
/* A machine without OpenCL, and one with a loader but no driver: sentences that say what to install. */
#include "kit/kit.h"

#include <stdlib.h>

static oc_error err;

static void test_no_loader(void **state) {
    (void)state;
    kit k;
    size_t count;
    oc_device *device;
    setenv("OCELLI_OPENCL", "/nowhere/libOpenCL.so.1", 1);
    kit_init(&k, NULL);
    KIT_FAILS(OC_ERROR_NO_DEVICE, "ocl-icd-libopencl1", oc_device_list(k.context, NULL, 0, &count, &err), &err);
    KIT_FAILS(OC_ERROR_NO_DEVICE, "pocl-opencl-icd", oc_device_create(&device, k.context, "cpu", &err), &err);
    assert_true(kit_logged(&k, "/nowhere/libOpenCL.so.1"));
    kit_finish(&k);
    setenv("OCELLI_OPENCL", "libm.so.6", 1); /* a library, but not that one */
    kit_init(&k, NULL);
    KIT_FAILS(OC_ERROR_NO_DEVICE, "clGetPlatformIDs", oc_device_list(k.context, NULL, 0, &count, &err), &err);
    kit_finish(&k);
    unsetenv("OCELLI_OPENCL");
}

static void test_no_driver(void **state) {
    (void)state;
    kit k;
    size_t count;
    setenv("OCL_ICD_VENDORS", "/nowhere", 1);
    kit_init(&k, NULL);
    KIT_FAILS(OC_ERROR_NO_DEVICE, "pocl-opencl-icd", oc_device_list(k.context, NULL, 0, &count, &err), &err);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_loader),
        cmocka_unit_test(test_no_driver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
