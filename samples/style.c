/* SPDX-License-Identifier: Apache-2.0 */
/* A picture in the style of another (Gatys et al. 2016): style CONTENT.jpg STYLE.jpg OUT.png [STEPS [SIDE]]. The picture that is made is a
 * state, the only one that is trained; style is how features go together (their Gram matrices), content is a deeper layer.
 * The network is SqueezeNet 1.1 with seeded random weights: enough for colours and textures, not for objects. With "-" the style is made up:
 * stripes. */
#include "pixels.h"
#include <math.h>

#define STYLES 4

static const char *const style_layers[STYLES] = {"features.0", "features.3.expand3x3", "features.4.expand3x3", "features.6.expand3x3"};
static const char content_layer[] = "features.6.squeeze";

/* The values inside of the network that are looked at. */
static void look(oc_graph *graph, oc_value *x, oc_value *grams[STYLES], oc_value **content) {
    if (!oc_net_build(graph, "squeezenet1_1", x, NULL, &err))
        check(err.status);
    for (int i = 0; i < STYLES; i++)
        grams[i] = oc_gram(graph, oc_relu(graph, oc_graph_find(graph, style_layers[i]), &err), &err);
    *content = oc_graph_find(graph, content_layer);
    oc_graph_freeze(graph, "features.*");
    oc_graph_freeze(graph, "classifier.*");
}

static oc_value *weighted(oc_graph *graph, oc_value *x, double weight) {
    return oc_mul(graph, x, oc_graph_scalar(graph, OC_F32, weight, &err), &err);
}

/* What of a picture shall be kept: the outputs "gram0" …, "content". */
static oc_graph *make_looking(oc_context *context, const oc_shape *shape) {
    oc_graph *graph;
    oc_value *grams[STYLES], *content;
    char name[] = "gram0";
    check(oc_graph_create(&graph, context, &err));
    look(graph, oc_graph_input(graph, "x", OC_F32, shape, &err), grams, &content);
    for (int i = 0; i < STYLES; i++, name[4]++)
        check(oc_graph_output(graph, name, grams[i], &err));
    check(oc_graph_output(graph, "content", content, &err));
    return graph;
}

/* How far the state "picture" is from what is kept of two pictures, and a step towards it. */
static oc_graph *make_painting(oc_context *context, const oc_tensor *begin, oc_tensor *const kept[STYLES + 1], const oc_optimizer *adam) {
    oc_graph *graph;
    oc_value *grams[STYLES], *content;
    check(oc_graph_create(&graph, context, &err));
    oc_value *picture = oc_graph_state_tensor(graph, "picture", begin, false, &err);
    look(graph, picture, grams, &content);
    oc_value *loss = oc_mse(graph, content, oc_graph_constant(graph, NULL, kept[STYLES], &err), &err);
    for (int i = 0; i < STYLES; i++)
        loss = oc_add(graph, loss, weighted(graph, oc_mse(graph, grams[i], oc_graph_constant(graph, NULL, kept[i], &err), &err), 1e6), &err);
    double pixels = (double)oc_tensor_get_count(begin);
    loss = oc_add(graph, loss, weighted(graph, oc_total_variation(graph, picture, true, &err), 0.2 / pixels), &err);
    check(oc_graph_output(graph, "loss", loss, &err));
    check(oc_minimize(graph, loss, adam, NULL, &err));
    return graph;
}

static pixels read_picture(const char *path) {
    pixels p = {0};
    if (strcmp(path, "-") != 0)
        return pixels_read_jpeg(path);
    p = pixels_make(128, 128);
    for (int i = 0; i < 128 * 128; i++) {
        double wave = sin((i % 128 + 0.5 * (i / 128)) / 3) + 0.3 * sin(i / 128 / 2.0);
        p.rgb[3 * i] = (unsigned char)(140 + 80 * wave), p.rgb[3 * i + 1] = (unsigned char)(90 + 50 * wave), p.rgb[3 * i + 2] = 60;
    }
    return p;
}

int main(int argc, char **argv) {
    const oc_optimizer adam = {.kind = OC_ADAM, .lr = 0.03f};
    oc_context *context;
    oc_device *device;
    oc_state *state;
    oc_tensor *picture, *kept[STYLES + 1];
    float hyper[OC_HYPER_COUNT], loss, first = 0;
    if (argc < 4) {
        fprintf(stderr, "usage: style CONTENT.jpg STYLE.jpg|- OUT.png [STEPS [SIDE]]\n");
        return 2;
    }
    if (!is_there(argv[1]))
        return 77;
    int steps = argc > 4 ? atoi(argv[4]) : 200, side = argc > 5 ? atoi(argv[5]) : 256;
    const oc_shape shape = OC_SHAPE(1, 3, side, side);
    float *planes = malloc(sizeof(float) * (size_t)oc_shape_count(&shape));
    check(oc_context_create(&context, NULL, &err));
    check(oc_device_create(&device, context, NULL, &err));
    check(oc_tensor_wrap(&picture, context, OC_F32, &shape, planes, &err));
    oc_graph *looking = make_looking(context, &shape);
    check(oc_state_create(&state, device, looking, 1, &err));
    for (int i = 0; i <= STYLES; i++) {
        const oc_value_info info = oc_graph_get_output(looking, (size_t)i);
        check(oc_tensor_create(&kept[i], context, NULL, OC_F32, &info.shape, &err));
    }
    oc_exec *look_at = make_exec(device, looking, state);
    for (int k = 0; k < 2; k++) { /* the style's Gram matrices, then the content, from which the picture begins */
        const oc_binding out[] = {{"gram0", kept[0]}, {"gram1", kept[1]}, {"gram2", kept[2]}, {"gram3", kept[3]}, {"content", kept[4]}};
        pixels p = read_picture(argv[2 - k]);
        pixels_to_planes(context, device, &p, planes, side, side);
        pixels_free(&p);
        check(oc_exec_run(look_at, &(oc_binding){"x", picture}, 1, out + k * STYLES, k ? 1 : STYLES, &err));
    }
    oc_graph *painting = make_painting(context, picture, kept, &adam);
    check(oc_state_extend(state, painting, 1, &err)); /* the weights are there; the picture and the optimizer's come to them */
    oc_exec *paint = make_exec(device, painting, state);
    oc_binding in = {OC_HYPER_NAME, NULL}, out = {"loss", NULL};
    check(oc_tensor_wrap(&in.tensor, context, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), hyper, &err));
    check(oc_tensor_wrap(&out.tensor, context, OC_F32, &OC_SCALAR, &loss, &err));
    for (int step = 1; step <= steps; step++) {
        oc_optimizer_hyper(&adam, step, hyper);
        check(oc_exec_run(paint, &in, 1, &out, 1, &err));
        first = step == 1 ? loss : first;
        if (step == 1 || step % 20 == 0 || step == steps)
            printf("step %3d: %.4f from style and content\n", step, loss);
    }
    check(oc_state_read(state, "picture", picture, &err));
    pixels painted = pixels_of_planes(planes, side, side);
    pixels_write_png(&painted, argv[3]);
    pixels_free(&painted), free(planes);
    for (int i = 0; i <= STYLES; i++)
        oc_tensor_destroy(&kept[i]);
    oc_tensor_destroy(&picture), oc_tensor_destroy(&in.tensor), oc_tensor_destroy(&out.tensor);
    oc_exec_destroy(&look_at), oc_exec_destroy(&paint);
    oc_state_destroy(&state);
    oc_device_destroy(&device), oc_context_destroy(&context);
    return loss < 0.7f * first ? 0 : 1;
}
