/* SPDX-License-Identifier: Apache-2.0 */
/* A program that has OpenCL objects of its own: its context, queue and buffers are used as they are, nothing is copied. */
#include "own_cl.h"

/* A network of one convolution: the differences of neighbours. */
static oc_graph *make_graph(oc_context *context) {
    oc_graph *graph;
    oc_tensor *kernel;
    float weights[9] = {0, -1, 0, -1, 4, -1, 0, -1, 0};
    check(oc_graph_create(&graph, context, &err));
    check(oc_tensor_wrap(&kernel, context, OC_F32, &OC_SHAPE(1, 1, 3, 3), weights, &err));
    oc_value *x = oc_graph_input(graph, "picture", OC_F32, &OC_SHAPE(1, 1, 8, 8), &err);
    oc_value *w = oc_graph_constant(graph, "kernel", kernel, &err);
    oc_conv_params params = {.pad_begin = {1, 1}, .pad_end = {1, 1}};
    check(oc_graph_output(graph, "edges", oc_conv2d(graph, x, w, NULL, &params, &err), &err));
    oc_tensor_destroy(&kernel);
    return graph;
}

int main(void) {
    float pixels[64] = {0}, edges[64] = {0};
    own_cl o; /* the program's own OpenCL, as it always was */
    oc_context *context;
    oc_device *device;
    oc_plan *plan;
    oc_exec *exec;
    oc_event *done;
    pixels[3 * 8 + 4] = 1;
    own_begin(&o, false, NULL);
    cl_mem picture = own_buffer(&o, sizeof(pixels), pixels), result = own_buffer(&o, sizeof(edges), NULL);

    check(oc_context_create(&context, NULL, &err));
    check(oc_device_adopt(&device, context, o.context, o.device, o.queue, &err));
    oc_graph *graph = make_graph(context);
    check(oc_plan_create(&plan, graph, &device, 1, NULL, &err));
    check(oc_exec_create(&exec, plan, NULL, &err));
    oc_binding in = {"picture", NULL}, out = {"edges", NULL};
    check(oc_tensor_adopt(&in.tensor, device, picture, 0, OC_F32, &OC_SHAPE(1, 1, 8, 8), &err));
    check(oc_tensor_adopt(&out.tensor, device, result, 0, OC_F32, &OC_SHAPE(1, 1, 8, 8), &err));

    /* Enqueued on the program's own queue: what it enqueues next sees the result. */
    check(oc_exec_enqueue(exec, &in, 1, &out, 1, NULL, 0, &done, &err));
    check_cl(clEnqueueReadBuffer(o.queue, result, CL_TRUE, 0, sizeof(edges), edges, 0, NULL, NULL), "clEnqueueReadBuffer");
    check(oc_event_wait(done, &err));
    for (int i = 0; i < 64; i++)
        printf("%3g%c", edges[i], i % 8 == 7 ? '\n' : ' ');
    bool right = edges[3 * 8 + 4] == 4 && edges[2 * 8 + 4] == -1 && edges[3 * 8 + 5] == -1 && edges[0] == 0;

    oc_event_destroy(&done);
    oc_tensor_destroy(&in.tensor);
    oc_tensor_destroy(&out.tensor);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    oc_device_destroy(&device);
    oc_context_destroy(&context);
    clReleaseMemObject(picture);
    clReleaseMemObject(result);
    own_end(&o);
    return right ? 0 : 1;
}
