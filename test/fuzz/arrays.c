/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an .npy file, an idx file and an ONNX tensor. */
#include <string.h>

#include <ocelli/data.h>
#include <ocelli/onnx.h>

#include "fuzz/fuzz.h"

static void finish(oc_status status, const oc_error *err, oc_tensor *tensor) {
    fuzz_result(status, err, tensor != NULL);
    if (tensor) {
        volatile uint8_t sum = 0;
        const uint8_t *bytes = oc_tensor_get_data(tensor);
        for (uint64_t i = 0; i < oc_tensor_get_bytes(tensor); i++)
            sum = (uint8_t)(sum + bytes[i]);
    }
    oc_tensor_destroy(&tensor);
    fuzz_memory();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    oc_error err = {0};
    oc_tensor *tensor = NULL;
    char name[64];
    oc_status status = oc_npy_parse(&tensor, fuzz_context(), data, size, "the array", &err);
    finish(status, &err, tensor);
    tensor = NULL;
    status = oc_idx_parse(&tensor, fuzz_context(), data, size, &err);
    finish(status, &err, tensor);
    tensor = NULL;
    status = oc_onnx_read_tensor(&tensor, fuzz_context(), fuzz_file(data, size), name, sizeof(name), &err);
    fuzz_check(status != OC_OK || memchr(name, 0, sizeof(name)), "a name without an end");
    finish(status, &err, tensor);
    return 0;
}
