/* SPDX-License-Identifier: Apache-2.0 */
/* A program that has OpenCL objects of its own: its context, queue and buffers are used as they are, nothing is copied. */
#include <ocelli/ocelli.h>
#include <ocelli/opencl.h>
#include <stdio.h>
#include <stdlib.h>

static oc_error err;

static void check_cl(cl_int code, const char *call) {
    if (code == CL_SUCCESS)
        return;
    fprintf(stderr, "%s: OpenCL error %d\n", call, code);
    exit(1);
}

static void check(oc_status status) {
    if (status == OC_OK)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

/* The program's own OpenCL, as it always was. */
typedef struct own {
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_mem picture, edges;
} own;

static void own_begin(own *o, const float *pixels, size_t size) {
    cl_platform_id platforms[16];
    cl_uint count = 0;
    cl_int code = clGetPlatformIDs(16, platforms, &count);
    for (cl_uint i = 0; code == CL_SUCCESS && i < count && o->device == NULL; i++)
        if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &o->device, NULL) != CL_SUCCESS)
            o->device = NULL;
    if (o->device == NULL) {
        fprintf(stderr, "no OpenCL device: install a driver (Debian: pocl-opencl-icd)\n");
        exit(1);
    }
    o->context = clCreateContext(NULL, 1, &o->device, NULL, NULL, &code);
    check_cl(code, "clCreateContext");
    o->queue = clCreateCommandQueue(o->context, o->device, 0, &code);
    check_cl(code, "clCreateCommandQueue");
    o->picture = clCreateBuffer(o->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, size, (void *)pixels, &code);
    check_cl(code, "clCreateBuffer");
    o->edges = clCreateBuffer(o->context, CL_MEM_READ_WRITE, size, NULL, &code);
    check_cl(code, "clCreateBuffer");
}

static void own_end(own *o) {
    clReleaseMemObject(o->picture);
    clReleaseMemObject(o->edges);
    clReleaseCommandQueue(o->queue);
    clReleaseContext(o->context);
}

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
    own o = {0};
    oc_context *context;
    oc_device *device;
    oc_plan *plan;
    oc_exec *exec;
    oc_event *done;
    pixels[3 * 8 + 4] = 1;
    own_begin(&o, pixels, sizeof(pixels));

    check(oc_context_create(&context, NULL, &err));
    check(oc_device_adopt(&device, context, o.context, o.device, o.queue, &err));
    oc_graph *graph = make_graph(context);
    check(oc_plan_create(&plan, graph, &device, 1, NULL, &err));
    check(oc_exec_create(&exec, plan, NULL, &err));
    oc_binding in = {"picture", NULL}, out = {"edges", NULL};
    check(oc_tensor_adopt(&in.tensor, device, o.picture, 0, OC_F32, &OC_SHAPE(1, 1, 8, 8), &err));
    check(oc_tensor_adopt(&out.tensor, device, o.edges, 0, OC_F32, &OC_SHAPE(1, 1, 8, 8), &err));

    /* Enqueued on the program's own queue: what it enqueues next sees the result. */
    check(oc_exec_enqueue(exec, &in, 1, &out, 1, NULL, 0, &done, &err));
    check_cl(clEnqueueReadBuffer(o.queue, o.edges, CL_TRUE, 0, sizeof(edges), edges, 0, NULL, NULL), "clEnqueueReadBuffer");
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
    own_end(&o);
    return right ? 0 : 1;
}
