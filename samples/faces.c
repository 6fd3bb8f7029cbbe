/* SPDX-License-Identifier: Apache-2.0 */
/* Finds faces: faces MODEL PICTURE.jpg OUT.png draws a box around each. The model is UltraFace (RFB-320), read from ONNX; the picture is
 * made smaller by one graph, on the device, where the second graph finds it: the model's, with the choice of the best boxes behind it. */
#include "pixels.h"

#define WIDTH 320
#define HEIGHT 240
#define MOST 64

static oc_graph *make_shrinking(oc_context *context, const pixels *p) {
    oc_graph *graph;
    check(oc_graph_create(&graph, context, &err));
    check(oc_graph_output(graph, "input", pixels_planes(graph, p, HEIGHT, WIDTH), &err));
    return graph;
}

/* scores (1, boxes, 2) are of "nothing" and "face". */
static oc_graph *make_finding(oc_context *context, const char *model) {
    oc_graph *g;
    check(oc_onnx_read(&g, context, model, &err));
    oc_value *scores = oc_graph_find(g, "scores"), *boxes = oc_graph_find(g, "boxes");
    if (!scores || !boxes) {
        fprintf(stderr, "%s has no outputs 'scores' and 'boxes'\n", model);
        exit(1);
    }
    oc_value *face = oc_slice(g, scores, &oc_slice_params(.begin = {0, 0, 1}, .end = {1, INT64_MAX, 2}, .step = {1, 1, 1}), &err);
    face = oc_transpose(g, face, (const int32_t[]){0, 2, 1}, &err);
    oc_value *best = oc_non_max_suppression(g, boxes, face, &oc_suppression_params(.count = MOST, .overlap = 0.3f, .score = 0.7f), &err);
    check(oc_graph_output(g, "best", best, &err));
    return g;
}

static void dot(pixels *p, int x, int y) {
    const unsigned char green[3] = {40, 230, 60};
    if (x >= 0 && y >= 0 && x < p->width && y < p->height)
        memcpy(p->rgb + 3 * (y * p->width + x), green, 3);
}

static void draw_box(pixels *p, const float *box) { /* shares of the picture: left, top, right, bottom */
    int x0 = (int)(box[0] * (float)p->width), x1 = (int)(box[2] * (float)p->width);
    int y0 = (int)(box[1] * (float)p->height), y1 = (int)(box[3] * (float)p->height);
    for (int i = 0; i < 3; i++) {
        for (int x = x0; x <= x1; x++)
            dot(p, x, y0 + i), dot(p, x, y1 - i);
        for (int y = y0; y <= y1; y++)
            dot(p, x0 + i, y), dot(p, x1 - i, y);
    }
}

int main(int argc, char **argv) {
    static float scores[4420][2], boxes[4420][4];
    int64_t best[MOST][3];
    oc_context *context;
    oc_device *device;
    if (argc != 4) {
        fprintf(stderr, "usage: faces MODEL PICTURE.jpg OUT.png\n");
        return 2;
    }
    if (!is_there(argv[1]))
        return 77;
    pixels picture = pixels_read_jpeg(argv[2]);
    check(oc_context_create(&context, NULL, &err));
    check(oc_device_create(&device, context, NULL, &err));
    oc_exec *shrink = make_exec(device, make_shrinking(context, &picture), NULL);
    oc_exec *find = make_exec(device, make_finding(context, argv[1]), NULL);
    oc_binding bytes = {"picture", NULL}, small = {"input", NULL}, out[] = {{"scores", NULL}, {"boxes", NULL}, {"best", NULL}};
    check(oc_tensor_wrap(&bytes.tensor, context, OC_U8, &OC_SHAPE(picture.height, picture.width, 3), picture.rgb, &err));
    check(oc_tensor_create(&small.tensor, context, device, OC_F32, &OC_SHAPE(1, 3, HEIGHT, WIDTH), &err));
    check(oc_tensor_wrap(&out[0].tensor, context, OC_F32, &OC_SHAPE(1, 4420, 2), scores, &err));
    check(oc_tensor_wrap(&out[1].tensor, context, OC_F32, &OC_SHAPE(1, 4420, 4), boxes, &err));
    check(oc_tensor_wrap(&out[2].tensor, context, OC_I64, &OC_SHAPE(MOST, 3), best, &err));
    check(oc_exec_run(shrink, &bytes, 1, &small, 1, &err));
    check(oc_exec_run(find, &small, 1, out, 3, &err));
    int found = 0;
    for (; found < MOST && best[found][2] >= 0; found++) {
        const float *box = boxes[best[found][2]];
        printf("%3.0f %% at %.3f %.3f ... %.3f %.3f\n", 100 * scores[best[found][2]][1], box[0], box[1], box[2], box[3]);
        draw_box(&picture, box);
    }
    pixels_write_png(&picture, argv[3]);
    printf("%d faces in %s, drawn into %s\n", found, argv[2], argv[3]);
    for (int i = 0; i < 3; i++)
        oc_tensor_destroy(&out[i].tensor);
    oc_tensor_destroy(&bytes.tensor), oc_tensor_destroy(&small.tensor);
    oc_exec_destroy(&shrink), oc_exec_destroy(&find);
    oc_device_destroy(&device), oc_context_destroy(&context);
    pixels_free(&picture);
    return found > 0 ? 0 : 1;
}
