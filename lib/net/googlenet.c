/* SPDX-License-Identifier: Apache-2.0 */
/* GoogLeNet as published, and torchvision's form of it: batch normalization for local responses, 3x3 for 5x5. */
#include "net/parts.h"

typedef struct form {
    bool norm;
} form;

static bool has_norm(const oc__parts *p) {
    return ((const form *)p->variant)->norm;
}

/* Channels of the four branches: 1x1; 3x3 behind 1x1; 5x5 behind 1x1; 1x1 behind pooling. */
typedef struct widths {
    const char *name;
    int64_t one, three_in, three, five_in, five, pooled;
} widths;

static oc_value *inception(oc__parts *p, oc_value *x, const widths *w) {
    int64_t large = has_norm(p) ? 3 : 5;
    oc_value *y[4];
    y[0] = OC_UNIT(p, x, oc__parts_name(p, "%s.branch1", w->name), w->one, 1);
    y[1] = OC_UNIT(p, x, oc__parts_name(p, "%s.branch2.0", w->name), w->three_in, 1);
    y[1] = OC_UNIT(p, y[1], oc__parts_name(p, "%s.branch2.1", w->name), w->three, 3, .pad = 1);
    y[2] = OC_UNIT(p, x, oc__parts_name(p, "%s.branch3.0", w->name), w->five_in, 1);
    y[2] = OC_UNIT(p, y[2], oc__parts_name(p, "%s.branch3.1", w->name), w->five, large, .pad = large / 2);
    y[3] = OC_UNIT(p, oc__parts_max_pool(p, x, 3, 1, 1, true), oc__parts_name(p, "%s.branch4.1", w->name), w->pooled, 1);
    return oc__parts_join(p, y, 4);
}

static void auxiliary(oc__parts *p, oc_value *x, const char *name) {
    if (!p->params->auxiliary)
        return;
    x = OC_UNIT(p, oc__parts_avg_pool(p, x, 5, 3, 0), oc__parts_name(p, "%s.conv", name), 128, 1);
    x = oc__parts_dense(p, oc_flatten(p->graph, x, 1, p->err), oc__parts_name(p, "%s.fc1", name), 1024);
    x = oc__parts_dropout(p, oc__parts_relu(p, x), 0.7f);
    oc__parts_output(p, name, oc__parts_dense(p, x, oc__parts_name(p, "%s.fc2", name), p->params->outputs));
}

static oc_value *modules(oc__parts *p, oc_value *x) {
    static const widths four[] = {{"inception4a", 192, 96, 208, 16, 48, 64},
                                  {"inception4b", 160, 112, 224, 24, 64, 64},
                                  {"inception4c", 128, 128, 256, 24, 64, 64},
                                  {"inception4d", 112, 144, 288, 32, 64, 64},
                                  {"inception4e", 256, 160, 320, 32, 128, 128}};
    x = inception(p, x, &(widths){"inception3a", 64, 96, 128, 16, 32, 32});
    x = inception(p, x, &(widths){"inception3b", 128, 128, 192, 32, 96, 64});
    x = oc__parts_max_pool(p, x, 3, 2, 0, true);
    for (size_t i = 0; i < OC_COUNT(four); i++) {
        x = inception(p, x, &four[i]);
        if (i == 0 || i == 3)
            auxiliary(p, x, i == 0 ? "aux1" : "aux2");
    }
    x = oc__parts_max_pool(p, x, has_norm(p) ? 2 : 3, 2, 0, true);
    x = inception(p, x, &(widths){"inception5a", 256, 160, 320, 32, 128, 128});
    return inception(p, x, &(widths){"inception5b", 384, 192, 384, 48, 128, 128});
}

static oc_value *build(oc__parts *p, oc_value *x) {
    bool norm = has_norm(p);
    p->conv_bias = !norm;
    p->epsilon = 1e-3f;
    p->conv = norm ? (oc_init){.kind = OC_INIT_NORMAL, .scale = 0.01} : (oc_init){.kind = OC_INIT_XAVIER};
    p->dense = p->conv;
    x = oc__parts_max_pool(p, OC_UNIT(p, x, "conv1", 64, 7, 2, 3), 3, 2, 0, true);
    x = norm ? x : oc__parts_lrn(p, x);
    x = OC_UNIT(p, OC_UNIT(p, x, "conv2", 64, 1), "conv3", 192, 3, .pad = 1);
    x = norm ? x : oc__parts_lrn(p, x);
    x = modules(p, oc__parts_max_pool(p, x, 3, 2, 0, true));
    return oc__parts_head(p, x, "fc", norm ? 0.2f : 0.4f);
}

#define PAPER "Szegedy et al. 2014 (arXiv 1409.4842)"
const oc__net oc__net_googlenet = {
    {"googlenet", "GoogLeNet", PAPER, {3, {3, 224, 224}}, 1000, 6998552, true}, build, &(const form){false}};
const oc__net oc__net_googlenet_norm = {
    {"googlenet_norm", "GoogLeNet with batch normalization", PAPER ", in torchvision's form; auxiliary heads pool 5x5 as in the paper",
     {3, {3, 224, 224}}, 1000, 6624904, true},
    build, &(const form){true}};
