/* SPDX-License-Identifier: Apache-2.0 */
/* What a network sees (DeepDream, Mordvintsev et al. 2015): dream MODEL LAYER PICTURE.jpg OUT.png [STEPS] changes a picture so that a value
 * inside of the model, named as in its file, grows: up its gradient by the pixels, in one graph with the model read from ONNX. */
#include "pixels.h"

#define RATE 0.02

/* From "input" to "next", a step up; "strength" is the mean square of what shall grow. */
static oc_graph *make_dreaming(oc_context *context, const char *model, const char *layer) {
    oc_graph *g;
    check(oc_onnx_read(&g, context, model, &err));
    oc_value *x = oc_graph_find(g, "input"), *inside = oc_graph_find(g, layer), *slope;
    if (!x || !inside) {
        fprintf(stderr, "%s has no value '%s'\n", model, x ? layer : "input");
        exit(1);
    }
    oc_value *strength = oc_reduce_mean(g, oc_mul(g, inside, inside, &err), NULL, &err);
    check(oc_graph_gradients(g, strength, &x, 1, &slope, &err));
    oc_value *size = oc_reduce_mean(g, oc_abs(g, slope, &err), NULL, &err);
    oc_value *rate = oc_div(g, oc_graph_scalar(g, OC_F32, RATE, &err), size, &err);
    check(oc_graph_output(g, "next", oc_clip(g, oc_add(g, x, oc_mul(g, slope, rate, &err), &err), -1, 1, &err), &err));
    check(oc_graph_output(g, "strength", strength, &err));
    return g;
}

int main(int argc, char **argv) {
    oc_context *context;
    oc_device *device;
    oc_tensor *images[2], *wrapped; /* the picture before and after a step */
    float strength, first = 0;
    if (argc < 5) {
        fprintf(stderr, "usage: dream MODEL LAYER PICTURE.jpg OUT.png [STEPS]\n");
        return 2;
    }
    if (!is_there(argv[1]) || !is_there(argv[3]))
        return 77;
    int steps = argc > 5 ? atoi(argv[5]) : 30;
    pixels picture = pixels_read_jpeg(argv[3]);
    check(oc_context_create(&context, NULL, &err));
    check(oc_device_create(&device, context, NULL, &err));
    oc_graph *graph = make_dreaming(context, argv[1], argv[2]);
    const oc_shape shape = oc_value_get_info(oc_graph_find(graph, "input")).shape;
    int height = (int)shape.dims[2], width = (int)shape.dims[3];
    float *planes = malloc(sizeof(float) * (size_t)oc_shape_count(&shape));
    oc_exec *dream = make_exec(device, graph, NULL);
    pixels_to_planes(context, device, &picture, planes, height, width);
    for (int i = 0; i < 2; i++)
        check(oc_tensor_create(&images[i], context, device, OC_F32, &shape, &err));
    check(oc_tensor_write(images[0], planes, oc_tensor_get_bytes(images[0]), &err));
    check(oc_tensor_wrap(&wrapped, context, OC_F32, &OC_SCALAR, &strength, &err));
    for (int step = 0; step < steps; step++) {
        oc_binding in = {"input", images[step % 2]}, out[2] = {{"next", images[(step + 1) % 2]}, {"strength", wrapped}};
        check(oc_exec_run(dream, &in, 1, out, 2, &err));
        first = step == 0 ? strength : first;
        if (step % 5 == 0 || step == steps - 1)
            printf("step %3d: '%s' has strength %.4f\n", step, argv[2], strength);
    }
    check(oc_tensor_read(images[steps % 2], planes, oc_tensor_get_bytes(images[0]), &err));
    pixels dreamt = pixels_of_planes(planes, height, width);
    pixels_write_png(&dreamt, argv[4]);
    pixels_free(&picture), pixels_free(&dreamt), free(planes);
    oc_tensor_destroy(&images[0]), oc_tensor_destroy(&images[1]), oc_tensor_destroy(&wrapped);
    oc_exec_destroy(&dream), oc_device_destroy(&device), oc_context_destroy(&context);
    return strength > 1.5f * first ? 0 : 1;
}
