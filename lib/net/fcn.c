/* SPDX-License-Identifier: Apache-2.0 */
/* Fully convolutional networks on VGG-16: each pixel's class. */
#include "net/parts.h"

#include <math.h>

typedef struct form {
    bool skips; /* FCN-8s: the fourth and third pooling are looked at too */
} form;

/* Weights (classes, classes, kernel, kernel) of bilinear interpolation, each class by itself. */
static oc_value *bilinear(oc__parts *p, const char *name, int64_t kernel) {
    int64_t classes = p->params->outputs;
    oc_tensor *tensor = NULL;
    oc_error own = {0};
    const char *text = oc__arena_printf(&p->graph->arena, "%s.weight", name);
    if (!text || oc_tensor_create(&tensor, p->graph->context, NULL, OC_F32, &OC_SHAPE(classes, classes, kernel, kernel), &own) != OC_OK)
        return oc__graph_fail(p->graph, p->err, OC_ERROR_MEMORY, "out of memory for %s", name);
    float *to = oc_tensor_get_data(tensor);
    double half = (double)((kernel + 1) / 2), middle = kernel % 2 ? half - 1 : half - 0.5;
    for (int64_t c = 0; c < classes; c++)
        for (int64_t y = 0; y < kernel; y++)
            for (int64_t x = 0; x < kernel; x++)
                to[((c * classes + c) * kernel + y) * kernel + x] =
                    (float)((1 - fabs((double)y - middle) / half) * (1 - fabs((double)x - middle) / half));
    oc_value *weights = oc_graph_state_tensor(p->graph, text, tensor, false, p->err);
    oc_tensor_destroy(&tensor);
    return weights;
}

/* `stride` times as large. */
static oc_value *larger(oc__parts *p, oc_value *x, const char *name, int64_t stride) {
    oc_value *weights = bilinear(p, name, 2 * stride);
    oc_conv_params params = {.stride = {stride, stride}};
    oc_value *y = x && weights ? oc_conv_transpose(p->graph, x, weights, NULL, &params, NULL, p->err) : NULL;
    if (y)
        oc_value_set_name(y, name);
    return y;
}

/* The part of x, from `first` on, that is as large as another value. */
static oc_value *cropped(oc__parts *p, oc_value *x, int64_t first, oc_value *like) {
    int64_t height = oc__parts_size(p, like, 2), width = oc__parts_size(p, like, 3);
    oc_slice_params part = {.begin = {0, 0, first, first}, .end = {0, 0, first + height, first + width}, .step = {0, 0, 1, 1}};
    return oc_slice(p->graph, x, &part, p->err);
}

static oc_value *score(oc__parts *p, oc_value *x, const char *name) {
    return OC_CONV(p, x, name, p->params->outputs, 1);
}

/* VGG-16's convolutions; the first pads by 100, so that small pictures come through. */
static oc_value *features(oc__parts *p, oc_value *x, oc_value *pools[5]) {
    static const int depth[5] = {2, 2, 3, 3, 3};
    for (int s = 0; s < 5; s++) {
        for (int i = 0; i < depth[s]; i++)
            x = oc__parts_relu(p, OC_CONV(p, x, oc__parts_name(p, "conv%d_%d", s + 1, i + 1), OC_MIN((int64_t)64 << s, 512), 3, 1,
                                          s + i == 0 ? 100 : 1));
        x = pools[s] = oc__parts_max_pool(p, x, 2, 2, 0, true);
    }
    x = oc__parts_dropout(p, oc__parts_relu(p, OC_CONV(p, x, "fc6", 4096, 7)), 0.5f);
    return oc__parts_dropout(p, oc__parts_relu(p, OC_CONV(p, x, "fc7", 4096, 1)), 0.5f);
}

static oc_value *build(oc__parts *p, oc_value *image) {
    const form *f = p->variant;
    oc_value *pools[5];
    oc_value *x = score(p, features(p, image, pools), "score_fr");
    if (!f->skips)
        return cropped(p, larger(p, x, "upscore", 32), 19, image);
    x = larger(p, x, "upscore2", 2);
    x = oc_add(p->graph, x, cropped(p, score(p, pools[3], "score_pool4"), 5, x), p->err);
    x = larger(p, x, "upscore_pool4", 2);
    x = oc_add(p->graph, x, cropped(p, score(p, pools[2], "score_pool3"), 9, x), p->err);
    return cropped(p, larger(p, x, "upscore8", 8), 31, image);
}

#define FCN(name_, title, skips, count) \
    const oc__net oc__net_##name_ = { \
        {#name_, title, "Shelhamer, Long and Darrell 2016, on VGG-16, for the 21 classes of Pascal VOC", {3, {3, 224, 224}}, 21, count, \
         false}, build, &(const form){skips}}
FCN(fcn32s, "FCN-32s", false, 136152917);
FCN(fcn8s, "FCN-8s", true, 134489759);
