/* SPDX-License-Identifier: Apache-2.0 */
/* AlexNet as published, on one device or with the two groups of its two, and its later narrow form; ZFNet. */
#include "net/parts.h"

typedef struct form {
    int64_t groups; /* of the second, fourth and fifth convolution */
    int64_t kernel, stride, pad; /* of the first convolution */
    int64_t kernel2, stride2, pad2; /* of the second */
    int64_t pool_pad;
    bool norm_last; /* pooling before normalization */
    double bias; /* of the second, fourth and fifth convolution */
} form;

static oc_value *stage(oc__parts *p, oc_value *x, const char *name, const oc__layer *layer, const form *f) {
    x = oc__parts_relu(p, oc__parts_conv(p, x, name, layer));
    x = f->norm_last ? x : oc__parts_lrn(p, x);
    x = oc__parts_max_pool(p, x, 3, 2, f->pool_pad, false);
    return f->norm_last ? oc__parts_lrn(p, x) : x;
}

/* Weights from a normal distribution of deviation 0.01, as the paper has them. */
static oc_value *build(oc__parts *p, oc_value *x) {
    const form *f = p->variant;
    p->conv = p->dense = (oc_init){.kind = OC_INIT_NORMAL, .scale = 0.01};
    x = stage(p, x, "conv1", &(oc__layer){96, f->kernel, f->stride, f->pad}, f);
    x = stage(p, x, "conv2", &(oc__layer){256, f->kernel2, f->stride2, f->pad2, .groups = f->groups, .bias = f->bias}, f);
    x = oc__parts_relu(p, OC_CONV(p, x, "conv3", 384, 3, .pad = 1));
    x = oc__parts_relu(p, OC_CONV(p, x, "conv4", 384, 3, .pad = 1, .groups = f->groups, .bias = f->bias));
    x = oc__parts_relu(p, OC_CONV(p, x, "conv5", 256, 3, .pad = 1, .groups = f->groups, .bias = f->bias));
    x = oc__parts_max_pool(p, x, 3, 2, 0, false);
    return oc__parts_wide_head(p, x, (const char *const[]){"fc6", "fc7", "fc8"}, false);
}

/* torchvision's: after "One weird trick for parallelizing convolutional neural networks". */
static oc_value *narrow(oc__parts *p, oc_value *x) {
    static const struct {
        int number, channels, kernel, stride, pad;
        bool pool;
    } layers[] = {{0, 64, 11, 4, 2, true}, {3, 192, 5, 1, 2, true}, {6, 384, 3, 1, 1, false}, {8, 256, 3, 1, 1, false},
                  {10, 256, 3, 1, 1, true}};
    p->conv = (oc_init){.kind = OC_INIT_FAN_IN};
    for (size_t i = 0; i < OC_COUNT(layers); i++) {
        x = OC_CONV(p, x, oc__parts_name(p, "features.%d", layers[i].number), layers[i].channels, layers[i].kernel, layers[i].stride,
                    layers[i].pad);
        x = oc__parts_relu(p, x);
        x = layers[i].pool ? oc__parts_max_pool(p, x, 3, 2, 0, false) : x;
    }
    return oc__parts_wide_head(p, x, (const char *const[]){"classifier.1", "classifier.4", "classifier.6"}, true);
}

#define PAPER "Krizhevsky, Sutskever and Hinton 2012"

const oc__net oc__net_alexnet = {
    {"alexnet", "AlexNet", PAPER ", every map joined to all of the layer before", {3, {3, 227, 227}}, 1000, 62378344, false},
    build, &(const form){1, 11, 4, 0, 5, 1, 2, 0, false, 1}};
const oc__net oc__net_alexnet_groups = {
    {"alexnet_groups", "AlexNet in two groups", PAPER, {3, {3, 227, 227}}, 1000, 60965224, false},
    build, &(const form){2, 11, 4, 0, 5, 1, 2, 0, false, 1}};
const oc__net oc__net_alexnet_narrow = {
    {"alexnet_narrow", "AlexNet, narrow", "Krizhevsky 2014 (arXiv 1404.5997), as torchvision has it", {3, {3, 224, 224}}, 1000, 61100840,
     false},
    narrow, NULL};
const oc__net oc__net_zfnet = {
    {"zfnet", "ZFNet", "Zeiler and Fergus 2013, with local response normalization", {3, {3, 224, 224}}, 1000, 62357608, false},
    build, &(const form){1, 7, 2, 1, 5, 2, 0, 1, true, 0}};
