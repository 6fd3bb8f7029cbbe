/* SPDX-License-Identifier: Apache-2.0 */
/* Operators one at a time, for programs that bring a graph of their own. */
#include <math.h>
#include <ocelli/ocelli.h>
#include <stdio.h>
#include <stdlib.h>

static oc_error err;

static void check(oc_status status) {
    if (status == OC_OK)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

static oc_tensor *upload(oc_context *context, oc_device *device, const float *values, oc_shape shape) {
    oc_tensor *tensor;
    check(oc_tensor_create(&tensor, context, device, OC_F32, &shape, &err));
    if (values != NULL)
        check(oc_tensor_write(tensor, values, oc_tensor_get_bytes(tensor), &err));
    return tensor;
}

int main(void) {
    const float x[6] = {1, 2, 3, -1, 0, 1}, w[6] = {1, 0, 0, 1, 1, 1};
    float y[4], p[4];
    oc_context *context;
    oc_device *device;
    oc_op *product, *softmax;
    check(oc_context_create(&context, NULL, &err));
    check(oc_device_create(&device, context, NULL, &err));

    /* Made once for types and shapes, enqueued as often as wanted. */
    const oc_operand_desc matrices[] = {{OC_F32, OC_SHAPE(2, 3)}, {OC_F32, OC_SHAPE(3, 2)}};
    check(oc_op_create(&product, device, "matmul", NULL, 0, matrices, 2, &err));
    const oc_operand_desc rows = oc_op_get_output(product, 0);
    const oc_softmax_params params = {.axis = 1};
    check(oc_op_create(&softmax, device, "softmax", &params, sizeof(params), &rows, 1, &err));
    printf("matmul by %s, softmax by %s\n", oc_op_get_solver(product), oc_op_get_solver(softmax));

    oc_tensor *tx = upload(context, device, x, OC_SHAPE(2, 3)), *tw = upload(context, device, w, OC_SHAPE(3, 2));
    oc_tensor *ty = upload(context, device, NULL, rows.shape), *tp = upload(context, device, NULL, rows.shape);
    check(oc_op_enqueue(product, (oc_tensor *[]){tx, tw}, &ty, NULL, NULL, &err));
    check(oc_op_enqueue(softmax, &ty, &tp, NULL, NULL, &err));
    check(oc_tensor_read(ty, y, sizeof(y), &err));
    check(oc_tensor_read(tp, p, sizeof(p), &err));
    for (int i = 0; i < 2; i++)
        printf("%g %g -> %.4f %.4f\n", y[2 * i], y[2 * i + 1], p[2 * i], p[2 * i + 1]);
    bool right = y[0] == 4 && y[1] == 5 && y[2] == 0 && y[3] == 1 && fabsf(p[0] + p[1] - 1) < 1e-6f;

    oc_tensor_destroy(&tx);
    oc_tensor_destroy(&tw);
    oc_tensor_destroy(&ty);
    oc_tensor_destroy(&tp);
    oc_op_destroy(&product);
    oc_op_destroy(&softmax);
    oc_device_destroy(&device);
    oc_context_destroy(&context);
    return right ? 0 : 1;
}
