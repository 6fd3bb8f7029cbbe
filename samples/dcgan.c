/* SPDX-License-Identifier: Apache-2.0 */
/* Two networks that learn from each other (DCGAN, Radford et al. 2015): dcgan IMAGES.gz OUT.png [STEPS [BATCH]] draws pictures like those of
 * a packed idx file. Each has a graph and a state of its own; what the discriminator says of the made pictures, the gradient by their
 * pixels, goes over to the generator as a tensor on the device. */
#include "pixels.h"
#include <math.h>
#include <zlib.h>

#define SIDE 64
#define CODE 100

typedef struct network {
    oc_graph *graph;
    oc_exec *exec;
} network;

typedef struct game {
    oc_context *context;
    oc_device *device;
    oc_optimizer adam;
    int64_t batch, real_side;
    oc_tensor *codes, *real, *made, *slope, *hyper; /* slope: of the loss, by the made pictures */
    network maker, artist, judge, critic;           /* pictures; the maker's step; the judge's step; the slope */
    oc_state *maker_state, *judge_state;
} game;

static oc_value *number(oc_graph *graph, double value) {
    return oc_graph_scalar(graph, OC_F32, value, &err);
}

static oc_value *make_pictures(const game *g, oc_graph *graph) {
    oc_value *codes = oc_graph_input(graph, "codes", OC_F32, &OC_SHAPE(g->batch, CODE, 1, 1), &err);
    return oc_net_build(graph, "dcgan_generator", codes, &oc_net_params(.outputs = 1, .training = true), &err);
}

/* Bytes of any size to -1 ... 1. */
static oc_value *real_pictures(const game *g, oc_graph *graph) {
    oc_value *x = oc_graph_input(graph, "real", OC_U8, &OC_SHAPE(g->batch, 1, g->real_side, g->real_side), &err);
    x = oc_cast(graph, x, OC_F32, &err);
    for (int axis = 2; axis < 4; axis++)
        x = oc_resize(graph, x, axis, SIDE, &oc_resize_params(.mode = OC_RESIZE_LINEAR), &err);
    return oc_sub(graph, oc_mul(graph, x, number(graph, 2.0 / 255), &err), number(graph, 1), &err);
}

static oc_value *made_pictures(const game *g, oc_graph *graph) {
    return oc_graph_input(graph, "made", OC_F32, &OC_SHAPE(g->batch, 1, SIDE, SIDE), &err);
}

/* The logits' loss if all of these pictures should be real ones, or made ones. */
static oc_value *verdict(oc_graph *graph, oc_value *logits, double wanted) {
    oc_value *zero = oc_sub(graph, logits, logits, &err);
    return oc_binary_cross_entropy_logits(graph, logits, oc_add(graph, zero, number(graph, wanted), &err), &err);
}

/* What is thought of real pictures, and of made ones in their company: batch normalization sees both. */
static void judge(const game *g, oc_graph *graph, oc_value *made, oc_value *logits[2]) {
    oc_value *both[2] = {real_pictures(g, graph), made};
    oc_value *all = oc_concat(graph, both, 2, 0, &err);
    all = oc_net_build(graph, "dcgan_discriminator", all, &oc_net_params(.training = true), &err);
    for (int i = 0; i < 2; i++)
        logits[i] = oc_slice(graph, all, &oc_slice_params(.begin = {i * g->batch}, .end = {(i + 1) * g->batch, 1}, .step = {1, 1}), &err);
}

static oc_graph *graph_of(const game *g, char what) {
    oc_graph *graph;
    oc_value *y = NULL, *slope = NULL, *logits[2];
    check(oc_graph_create(&graph, g->context, &err));
    if (what == 'm') {
        check(oc_graph_output(graph, "made", make_pictures(g, graph), &err));
    } else if (what == 'a') { /* its gradient by a parameter is that of the judge's loss: the chain rule */
        slope = oc_graph_input(graph, "slope", OC_F32, &OC_SHAPE(g->batch, 1, SIDE, SIDE), &err);
        y = oc_reduce_sum(graph, oc_mul(graph, make_pictures(g, graph), slope, &err), NULL, &err);
        check(oc_minimize(graph, y, &g->adam, NULL, &err));
    } else if (what == 'j') {
        judge(g, graph, made_pictures(g, graph), logits);
        y = oc_add(graph, verdict(graph, logits[0], 0.9), verdict(graph, logits[1], 0), &err);
        check(oc_minimize(graph, y, &g->adam, NULL, &err));
    } else {
        oc_value *made = made_pictures(g, graph);
        judge(g, graph, made, logits);
        y = verdict(graph, logits[1], 1);
        check(oc_graph_gradients(graph, y, &made, 1, &slope, &err));
        check(oc_graph_output(graph, "slope", slope, &err));
    }
    if (what != 'm')
        check(oc_graph_output(graph, "loss", y, &err));
    return graph;
}

static network network_of(const game *g, oc_graph *graph, oc_state *state) {
    network n = {graph, NULL};
    oc_plan *plan;
    check(oc_plan_create(&plan, graph, &g->device, 1, NULL, &err));
    check(oc_exec_create(&n.exec, plan, state, &err));
    oc_plan_destroy(&plan);
    return n;
}

static void begin(game *g) {
    check(oc_device_create(&g->device, g->context, NULL, &err));
    g->adam = (oc_optimizer){.kind = OC_ADAM, .lr = 2e-4f, .beta1 = 0.5f};
    oc_graph *artist = graph_of(g, 'a'), *critic = graph_of(g, 'c'), *maker = graph_of(g, 'm'), *own = graph_of(g, 'j');
    check(oc_state_create(&g->maker_state, g->device, artist, 1, &err));
    check(oc_state_create(&g->judge_state, g->device, own, 2, &err));
    g->artist = network_of(g, artist, g->maker_state);
    g->maker = network_of(g, maker, g->maker_state);
    g->judge = network_of(g, own, g->judge_state);
    g->critic = network_of(g, critic, g->judge_state);
    check(oc_tensor_create(&g->codes, g->context, NULL, OC_F32, &OC_SHAPE(g->batch, CODE, 1, 1), &err));
    check(oc_tensor_create(&g->hyper, g->context, NULL, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), &err));
    check(oc_tensor_create(&g->real, g->context, NULL, OC_U8, &OC_SHAPE(g->batch, 1, g->real_side, g->real_side), &err));
    check(oc_tensor_create(&g->made, g->context, g->device, OC_F32, &OC_SHAPE(g->batch, 1, SIDE, SIDE), &err));
    check(oc_tensor_create(&g->slope, g->context, g->device, OC_F32, &OC_SHAPE(g->batch, 1, SIDE, SIDE), &err));
}

static void end(game *g) {
    network *networks[] = {&g->maker, &g->artist, &g->judge, &g->critic};
    oc_tensor **tensors[] = {&g->codes, &g->real, &g->made, &g->slope, &g->hyper};
    for (int i = 0; i < 4; i++)
        oc_exec_destroy(&networks[i]->exec), oc_graph_destroy(&networks[i]->graph);
    for (int i = 0; i < 5; i++)
        oc_tensor_destroy(tensors[i]);
    oc_state_destroy(&g->maker_state), oc_state_destroy(&g->judge_state);
    oc_device_destroy(&g->device), oc_context_destroy(&g->context);
}

/* Numbers of about a normal distribution. */
static void draw_codes(game *g, unsigned seed) {
    float *codes = oc_tensor_get_data(g->codes);
    for (int64_t i = 0; i < g->batch * CODE; i++) {
        double sum = -3;
        for (int k = 0; k < 6; k++)
            sum += (double)((seed = seed * 1664525u + 1013904223u) >> 8) / (1 << 24);
        codes[i] = (float)(sum * 1.4142);
    }
}

/* The pictures that the maker makes of the codes stay on the device. */
static void make(game *g, unsigned seed) {
    draw_codes(g, seed);
    check(oc_exec_run(g->maker.exec, &(oc_binding){"codes", g->codes}, 1, &(oc_binding){"made", g->made}, 1, &err));
}

/* One step of both. loss: the judge's, and what it says of pictures that should pass as real. */
static void play(game *g, int64_t step, float loss[2]) {
    oc_tensor *losses[2];
    oc_binding seen[3] = {{"real", g->real}, {"made", g->made}, {OC_HYPER_NAME, g->hyper}};
    oc_binding taught[3] = {{"codes", g->codes}, {"slope", g->slope}, {OC_HYPER_NAME, g->hyper}};
    for (int i = 0; i < 2; i++)
        check(oc_tensor_wrap(&losses[i], g->context, OC_F32, &OC_SCALAR, &loss[i], &err));
    oc_optimizer_hyper(&g->adam, step, oc_tensor_get_data(g->hyper));
    make(g, (unsigned)step);
    check(oc_exec_run(g->judge.exec, seen, 3, &(oc_binding){"loss", losses[0]}, 1, &err));
    check(oc_exec_run(g->critic.exec, seen, 2, (oc_binding[]){{"slope", g->slope}, {"loss", losses[1]}}, 2, &err));
    check(oc_exec_run(g->artist.exec, taught, 3, NULL, 0, &err));
    oc_tensor_destroy(&losses[0]), oc_tensor_destroy(&losses[1]);
}

/* A packed idx file of pictures. */
static oc_tensor *read_images(oc_context *context, const char *path) {
    size_t size = 0, room = 64 << 20;
    unsigned char *bytes = malloc(room);
    gzFile file = gzopen(path, "rb");
    oc_tensor *images = NULL;
    for (int got = 1; bytes && file && got > 0 && size < room; size += got > 0 ? (size_t)got : 0)
        got = gzread(file, bytes + size, (unsigned)(room - size));
    if (file)
        gzclose(file);
    check(oc_idx_parse(&images, context, bytes, size, &err));
    free(bytes);
    return images;
}

/* The first of the made pictures, in rows of eight; the spread of their pixels. */
static double draw(const game *g, const char *path) {
    int count = g->batch < 64 ? (int)g->batch : 64, across = count < 8 ? count : 8, down = (count + across - 1) / across;
    size_t bytes = oc_tensor_get_bytes(g->made);
    float *made = malloc(bytes);
    pixels p = pixels_make(across * SIDE, down * SIDE);
    double sum = 0, squares = 0, all = (double)count * SIDE * SIDE;
    check(oc_tensor_read(g->made, made, bytes, &err));
    for (int i = 0; i < count * SIDE * SIDE; i++) {
        int x = i / (SIDE * SIDE) % across * SIDE + i % SIDE, y = i / (SIDE * SIDE) / across * SIDE + i / SIDE % SIDE;
        memset(p.rgb + 3 * (y * p.width + x), (int)(127.5f * (1 + made[i])), 3);
        sum += made[i], squares += made[i] * made[i];
    }
    pixels_write_png(&p, path);
    pixels_free(&p), free(made);
    return sqrt(squares / all - sum / all * sum / all);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: dcgan IMAGES.gz OUT.png [STEPS [BATCH]]\n");
        return 2;
    }
    int64_t steps = argc > 3 ? atoll(argv[3]) : 400;
    game g = {.batch = argc > 4 ? atoll(argv[4]) : 32};
    float loss[2] = {0, 0};
    check(oc_context_create(&g.context, NULL, &err));
    oc_tensor *images = read_images(g.context, argv[1]);
    const oc_shape *shape = oc_tensor_get_shape(images);
    int64_t count = shape->dims[0], area = shape->dims[1] * shape->dims[2];
    g.real_side = shape->dims[1];
    begin(&g);
    for (int64_t step = 1; step <= steps; step++) {
        unsigned char *to = oc_tensor_get_data(g.real);
        for (int64_t i = 0; i < g.batch; i++)
            memcpy(to + i * area, (unsigned char *)oc_tensor_get_data(images) + (step * g.batch + i) * 7919 % count * area, (size_t)area);
        play(&g, step, loss);
        if (step == 1 || step % 20 == 0 || step == steps)
            printf("step %4lld: judge %.3f, maker %.3f\n", (long long)step, loss[0], loss[1]), fflush(stdout);
    }
    make(&g, 12345);
    double spread = draw(&g, argv[2]);
    printf("pictures with a spread of %.3f, drawn into %s\n", spread, argv[2]);
    oc_tensor_destroy(&images);
    end(&g);
    return isfinite(loss[0]) && isfinite(loss[1]) && spread > 0.001 ? 0 : 1;
}
