/* SPDX-License-Identifier: Apache-2.0 */
/* What a program with OpenCL of its own has before it meets Ocelli: a context, a queue, kernels. For adopt.c, pictures.c and
 * frames.c. */
#ifndef OWN_CL_H
#define OWN_CL_H

#include <ocelli/ocelli.h>
#include <ocelli/opencl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static oc_error err;

static inline void check_cl(cl_int code, const char *call) {
    if (code == CL_SUCCESS)
        return;
    fprintf(stderr, "%s: OpenCL error %d\n", call, code);
    exit(1);
}

static inline void check(oc_status status) {
    if (status == OC_OK)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

typedef struct own_cl {
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
} own_cl;

/* The first device there is (with images if they are needed, else status 77), an in-order queue, kernels of a source, if any. */
static inline void own_begin(own_cl *o, bool images, const char *source) {
    cl_platform_id platforms[16];
    cl_uint count = 0;
    cl_int code = clGetPlatformIDs(16, platforms, &count);
    *o = (own_cl){0};
    for (cl_uint i = 0; code == CL_SUCCESS && i < count && o->device == NULL; i++) {
        cl_bool has = CL_FALSE;
        if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &o->device, NULL) != CL_SUCCESS ||
            clGetDeviceInfo(o->device, CL_DEVICE_IMAGE_SUPPORT, sizeof(has), &has, NULL) != CL_SUCCESS || (images && !has))
            o->device = NULL;
    }
    if (o->device == NULL) {
        fprintf(stderr, "no OpenCL device%s: install a driver (Debian: pocl-opencl-icd)\n", images ? " that has images" : "");
        exit(count && images ? 77 : 1);
    }
    o->context = clCreateContext(NULL, 1, &o->device, NULL, NULL, &code);
    check_cl(code, "clCreateContext");
    o->queue = clCreateCommandQueue(o->context, o->device, 0, &code);
    check_cl(code, "clCreateCommandQueue");
    if (source == NULL)
        return;
    o->program = clCreateProgramWithSource(o->context, 1, &source, NULL, &code);
    check_cl(code, "clCreateProgramWithSource");
    check_cl(clBuildProgram(o->program, 1, &o->device, "", NULL, NULL), "clBuildProgram");
}

/* A buffer; of this data, if it is not NULL. */
static inline cl_mem own_buffer(const own_cl *o, size_t size, const void *data) {
    cl_int code;
    cl_mem made = clCreateBuffer(o->context, CL_MEM_READ_WRITE | (data ? CL_MEM_COPY_HOST_PTR : 0), size, (void *)data, &code);
    check_cl(code, "clCreateBuffer");
    return made;
}

/* Enqueues a kernel of two arguments over width x height. */
static inline void own_run(const own_cl *o, const char *name, cl_mem from, cl_mem to, size_t width, size_t height) {
    cl_int code;
    cl_kernel kernel = clCreateKernel(o->program, name, &code);
    check_cl(code, "clCreateKernel");
    check_cl(clSetKernelArg(kernel, 0, sizeof(from), &from), "clSetKernelArg");
    check_cl(clSetKernelArg(kernel, 1, sizeof(to), &to), "clSetKernelArg");
    const size_t items[2] = {width, height};
    check_cl(clEnqueueNDRangeKernel(o->queue, kernel, 2, NULL, items, NULL, 0, NULL, NULL), "clEnqueueNDRangeKernel");
    clReleaseKernel(kernel);
}

static inline void own_end(own_cl *o) {
    if (o->program)
        clReleaseProgram(o->program);
    clReleaseCommandQueue(o->queue);
    clReleaseContext(o->context);
}

/* One network on such a program's own queue, from a buffer of its own into another. */
typedef struct own_network {
    oc_context *context;
    oc_device *device;
    oc_plan *plan;
    oc_exec *exec;
} own_network;

/* Adopts context and queue; the graph is made afterwards, in n->context, and given to own_network_plan(). */
static inline void own_network_begin(own_network *n, const own_cl *o) {
    *n = (own_network){0};
    check(oc_context_create(&n->context, NULL, &err));
    check(oc_device_adopt(&n->device, n->context, o->context, o->device, o->queue, &err));
}

static inline void own_network_plan(own_network *n, oc_graph *graph) {
    check(oc_plan_create(&n->plan, graph, &n->device, 1, NULL, &err));
    check(oc_exec_create(&n->exec, n->plan, NULL, &err));
    oc_graph_destroy(&graph);
}

/* The n-th input or output of the plan, in a buffer of the program: nothing is copied. */
static inline oc_binding own_network_bind(own_network *n, oc_value_info info, cl_mem buffer) {
    oc_binding binding = {info.name, NULL};
    check(oc_tensor_adopt(&binding.tensor, n->device, buffer, 0, info.dtype, &info.shape, &err));
    return binding;
}

static inline void own_network_end(own_network *n) {
    oc_exec_destroy(&n->exec);
    oc_plan_destroy(&n->plan);
    oc_device_destroy(&n->device);
    oc_context_destroy(&n->context);
}

/* picture + strength * (picture - blurred picture), held in 0 ... 1: sharper. One convolution; outside all is black. */
static const float own_blur[9] = {1 / 16.f, 2 / 16.f, 1 / 16.f, 2 / 16.f, 4 / 16.f, 2 / 16.f, 1 / 16.f, 2 / 16.f, 1 / 16.f};

static inline oc_graph *own_sharpen(oc_context *context, int64_t width, int64_t height, float strength) {
    float weights[27];
    oc_graph *graph;
    oc_tensor *kernel;
    for (int i = 0; i < 27; i++)
        weights[i] = (i % 9 == 4 ? 1 + strength : 0) - strength * own_blur[i % 9];
    check(oc_graph_create(&graph, context, &err));
    check(oc_tensor_wrap(&kernel, context, OC_F32, &OC_SHAPE(3, 1, 3, 3), weights, &err));
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(1, 3, height, width), &err);
    oc_value *w = oc_graph_constant(graph, "sharpen", kernel, &err);
    oc_value *y = oc_conv2d(graph, x, w, NULL, &oc_conv_params(.groups = 3, .pad_begin = {1, 1}, .pad_end = {1, 1}), &err);
    check(oc_graph_output(graph, "y", oc_clip(graph, y, 0, 1, &err), &err));
    oc_tensor_destroy(&kernel);
    return graph;
}

/* The same of one RGBA byte on the host, to compare with. */
static inline int own_sharpened(const unsigned char *rgba, int width, int height, int x, int y, int channel, float strength) {
    float here = rgba[4 * (y * width + x) + channel], sum = 0;
    for (int i = 0; i < 9; i++) {
        int at_x = x + i % 3 - 1, at_y = y + i / 3 - 1;
        if (at_x >= 0 && at_x < width && at_y >= 0 && at_y < height)
            sum += own_blur[i] * rgba[4 * (at_y * width + at_x) + channel];
    }
    float sharp = here + strength * (here - sum);
    return (int)((sharp < 0 ? 0 : sharp > 255 ? 255 : sharp) + 0.5f);
}

/* Whether a picture is another one, sharpened, to one step of a byte. */
static inline bool own_is_sharpened(const unsigned char *out, const unsigned char *in, int width, int height, float strength) {
    for (int i = 0; i < width * height; i++)
        for (int c = 0; c < 3; c++)
            if (abs(out[4 * i + c] - own_sharpened(in, width, height, i % width, i / width, c, strength)) > 1)
                return false;
    return true;
}

#endif
