/* SPDX-License-Identifier: Apache-2.0 */
/* A video filter: one network a frame, frames in OpenCL memory, two in flight. The filter sharpens, or is an ONNX model with
 * three planes in and out: sample-frames [WIDTH HEIGHT [FRAMES [MODEL.onnx]]] */
#include "own_cl.h"

#include <time.h>

#define STRENGTH 1.0f
#define FLYING 2

static const char kernels[] =
    "kernel void unpack(global const uchar4 *from, global float *to) {\n"
    "    int i = get_global_id(1) * get_global_size(0) + get_global_id(0), n = get_global_size(0) * get_global_size(1);\n"
    "    float4 pixel = convert_float4(from[i]) / 255.0f;\n"
    "    to[i] = pixel.x, to[n + i] = pixel.y, to[2 * n + i] = pixel.z;\n"
    "}\n"
    "kernel void pack(global const float *from, global uchar4 *to) {\n"
    "    int i = get_global_id(1) * get_global_size(0) + get_global_id(0), n = get_global_size(0) * get_global_size(1);\n"
    "    to[i] = convert_uchar4_sat_rte((float4)(from[i], from[n + i], from[2 * n + i], 1.0f) * 255.0f);\n"
    "}\n";

/* A frame's way: bytes from the host, planes, planes through the network, bytes to the host. */
typedef struct slot {
    cl_mem bytes, planes, filtered, result;
    oc_binding in, out;
    unsigned char *before, *after;
    cl_event done;
} slot;

static void slot_begin(slot *s, const own_cl *o, own_network *n, size_t pixels) {
    s->bytes = own_buffer(o, pixels * 4, NULL);
    s->result = own_buffer(o, pixels * 4, NULL);
    s->planes = own_buffer(o, pixels * 3 * sizeof(float), NULL);
    s->filtered = own_buffer(o, pixels * 3 * sizeof(float), NULL);
    s->in = own_network_bind(n, oc_plan_get_input(n->plan, 0), s->planes);
    s->out = own_network_bind(n, oc_plan_get_output(n->plan, 0), s->filtered);
    s->before = calloc(pixels, 4);
    s->after = calloc(pixels, 4);
    s->done = NULL;
    if (!s->before || !s->after)
        exit(1);
}

static void slot_wait(slot *s) {
    if (s->done == NULL)
        return;
    check_cl(clWaitForEvents(1, &s->done), "clWaitForEvents");
    clReleaseEvent(s->done);
    s->done = NULL;
}

static void slot_end(slot *s) {
    slot_wait(s);
    oc_tensor_destroy(&s->in.tensor);
    oc_tensor_destroy(&s->out.tensor);
    clReleaseMemObject(s->bytes), clReleaseMemObject(s->planes), clReleaseMemObject(s->filtered), clReleaseMemObject(s->result);
    free(s->before);
    free(s->after);
}

/* The decoder's part: a bar that wanders over a gradient. */
static void decode(unsigned char *rgba, int width, int height, int frame) {
    for (int i = 0; i < width * height; i++) {
        int x = i % width, bar = (x + frame * 3) % 40 < 8;
        rgba[4 * i] = (unsigned char)(bar ? 200 : x * 160 / width);
        rgba[4 * i + 1] = (unsigned char)(bar ? 180 : i / width * 160 / height);
        rgba[4 * i + 2] = (unsigned char)(60 + (x * 7 + i / width * 3) % 32);
        rgba[4 * i + 3] = 255;
    }
}

/* Enqueues all of a frame; nothing is waited for. */
static void filter(slot *s, const own_cl *o, own_network *n, size_t width, size_t height) {
    size_t size = width * height * 4;
    check_cl(clEnqueueWriteBuffer(o->queue, s->bytes, CL_FALSE, 0, size, s->before, 0, NULL, NULL), "clEnqueueWriteBuffer");
    own_run(o, "unpack", s->bytes, s->planes, width, height);
    check(oc_exec_enqueue(n->exec, &s->in, 1, &s->out, 1, NULL, 0, NULL, &err));
    own_run(o, "pack", s->filtered, s->result, width, height);
    check_cl(clEnqueueReadBuffer(o->queue, s->result, CL_FALSE, 0, size, s->after, 0, NULL, &s->done), "clEnqueueReadBuffer");
    check_cl(clFlush(o->queue), "clFlush");
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static oc_graph *read_model(oc_context *context, const char *path, int width, int height) {
    oc_graph *graph;
    check(oc_onnx_read(&graph, context, path, &err));
    oc_value_info in = oc_graph_get_input(graph, 0), out = oc_graph_get_output(graph, 0);
    oc_shape wanted = {4, {1, 3, height, width}};
    if (!oc_shape_equal(&in.shape, &wanted) || !oc_shape_equal(&out.shape, &wanted)) {
        fprintf(stderr, "%s: input and output must be (1, 3, %d, %d)\n", path, height, width);
        exit(1);
    }
    return graph;
}

int main(int argc, char **argv) {
    int width = argc > 2 ? atoi(argv[1]) : 320, height = argc > 2 ? atoi(argv[2]) : 180, frames = argc > 3 ? atoi(argv[3]) : 48;
    const char *model = argc > 4 ? argv[4] : NULL;
    own_cl o;
    own_network n;
    slot slots[FLYING];
    bool right = true;
    if (width < 1 || height < 1 || frames < 1 || width > 1 << 14 || height > 1 << 14) {
        fprintf(stderr, "usage: %s [WIDTH HEIGHT [FRAMES [MODEL.onnx]]]\n", argv[0]);
        return 2;
    }
    own_begin(&o, false, kernels);
    own_network_begin(&n, &o);
    own_network_plan(&n, model ? read_model(n.context, model, width, height) : own_sharpen(n.context, width, height, STRENGTH));
    for (int i = 0; i < FLYING; i++)
        slot_begin(&slots[i], &o, &n, (size_t)width * (size_t)height);

    double start = now();
    for (int frame = 0; frame < frames + FLYING; frame++) {
        slot *s = &slots[frame % FLYING];
        slot_wait(s); /* the frame from FLYING frames ago is done: here a player would show it */
        if (frame == FLYING || frame == frames + FLYING - 1) /* the first and the last */
            right = right && (model || own_is_sharpened(s->after, s->before, width, height, STRENGTH));
        if (frame >= frames)
            continue;
        decode(s->before, width, height, frame);
        filter(s, &o, &n, (size_t)width, (size_t)height);
    }
    double seconds = now() - start;
    check(oc_exec_wait(n.exec, &err));
    printf("%d frames of %d x %d in %.2f s: %.0f fps, %s\n", frames, width, height, seconds, frames / seconds,
           right ? "right" : "wrong");
    for (int i = 0; i < FLYING; i++)
        slot_end(&slots[i]);
    own_network_end(&n);
    own_end(&o);
    return right ? 0 : 1;
}
