/* SPDX-License-Identifier: Apache-2.0 */
/* Adds two vectors on the default device, and says which that is. */
#include <ocelli/ocelli.h>
#include <stdio.h>
#define TRY(call) if ((call) != OC_OK) return fprintf(stderr, "%s\n", err.text), 1

int main(void) {
    float a[4] = {1, 2, 3, 4}, b[4] = {10, 20, 30, 40}, sum[4];
    oc_error err = {0};
    oc_context *context;
    oc_device *device;
    oc_op *op;
    oc_tensor *in[2], *out;
    oc_operand_desc desc = {OC_F32, OC_SHAPE(4)}, descs[2] = {desc, desc};
    TRY(oc_context_create(&context, NULL, &err));
    TRY(oc_device_create(&device, context, NULL, &err));
    TRY(oc_op_create(&op, device, "add", NULL, 0, descs, 2, &err));
    TRY(oc_tensor_create(&in[0], context, device, OC_F32, &desc.shape, &err));
    TRY(oc_tensor_create(&in[1], context, device, OC_F32, &desc.shape, &err));
    TRY(oc_tensor_create(&out, context, device, OC_F32, &desc.shape, &err));
    TRY(oc_tensor_write(in[0], a, sizeof(a), &err));
    TRY(oc_tensor_write(in[1], b, sizeof(b), &err));
    TRY(oc_op_enqueue(op, in, &out, NULL, NULL, &err));
    TRY(oc_tensor_read(out, sum, sizeof(sum), &err));
    printf("Ocelli %s on %s: %g %g %g %g\n", oc_version_text(), oc_device_get_info(device)->name, sum[0], sum[1], sum[2], sum[3]);
    oc_tensor_destroy(&in[0]), oc_tensor_destroy(&in[1]), oc_tensor_destroy(&out);
    oc_op_destroy(&op), oc_device_destroy(&device), oc_context_destroy(&context);
    return sum[0] == 11 && sum[3] == 44 ? 0 : 1;
}
