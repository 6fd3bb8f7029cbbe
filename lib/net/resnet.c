/* SPDX-License-Identifier: Apache-2.0 */
/* ResNet, and the plain networks that its paper compares it with. */
#include "net/parts.h"

typedef struct form {
    int blocks[4];
    bool bottleneck, plain;
} form;

/* The shortcut: the block's source, brought to the block's size. */
static oc_value *shortcut(oc__parts *p, oc_value *x, const char *name, int64_t out, int64_t stride) {
    if (oc__parts_size(p, x, 1) == out && stride == 1)
        return x;
    x = OC_CONV(p, x, oc__arena_printf(&p->graph->arena, "%s.downsample.0", name), out, 1, stride, .no_bias = true);
    return oc__parts_norm(p, x, oc__arena_printf(&p->graph->arena, "%s.downsample.1", name));
}

/* Two convolutions of 3x3, or of 1x1, 3x3 and 1x1 to four times the width. */
static oc_value *block(oc__parts *p, oc_value *x, const char *name, int64_t width, int64_t stride) {
    const form *f = p->variant;
    int last = f->bottleneck ? 2 : 1;
    int64_t out = f->bottleneck ? 4 * width : width;
    oc_value *y = x;
    for (int i = 0; i <= last; i++) {
        int64_t kernel = f->bottleneck && i != 1 ? 1 : 3, step = i == (f->bottleneck ? 1 : 0) ? stride : 1;
        y = OC_CONV(p, y, oc__arena_printf(&p->graph->arena, "%s.conv%d", name, i + 1), i == last ? out : width, kernel, step, kernel / 2,
                    .no_bias = true);
        y = oc__parts_norm(p, y, oc__arena_printf(&p->graph->arena, "%s.bn%d", name, i + 1));
        y = i < last ? oc__parts_relu(p, y) : y;
    }
    y = f->plain ? y : oc_add(p->graph, y, shortcut(p, x, name, out, stride), p->err);
    return oc__parts_relu(p, y);
}

static oc_value *build(oc__parts *p, oc_value *x) {
    const form *f = p->variant;
    p->fan_out = true;
    x = OC_CONV_NORM(p, x, "conv1", "bn1", 64, 7, 2, 3);
    x = oc__parts_max_pool(p, x, 3, 2, 1, false);
    for (int stage = 0; stage < 4; stage++)
        for (int i = 0; i < f->blocks[stage]; i++)
            x = block(p, x, oc__parts_name(p, "layer%d.%d", stage + 1, i), (int64_t)64 << stage, i == 0 && stage > 0 ? 2 : 1);
    return oc__parts_head(p, x, "fc", 0);
}

#define PAPER "He, Zhang, Ren and Sun 2015"
#define RESNET(name_, title, text, count, ...) \
    const oc__net oc__net_##name_ = {{#name_, title, text, {3, {3, 224, 224}}, 1000, count, false}, build, &(const form){__VA_ARGS__}}
RESNET(plain18, "Plain-18", PAPER ", without shortcuts", 11515688, {2, 2, 2, 2}, false, true);
RESNET(plain34, "Plain-34", PAPER ", without shortcuts", 21623848, {3, 4, 6, 3}, false, true);
RESNET(resnet18, "ResNet-18", PAPER, 11689512, {2, 2, 2, 2}, false, false);
RESNET(resnet34, "ResNet-34", PAPER, 21797672, {3, 4, 6, 3}, false, false);
RESNET(resnet50, "ResNet-50", PAPER "; strides in the 3x3 convolutions", 25557032, {3, 4, 6, 3}, true, false);
RESNET(resnet101, "ResNet-101", PAPER "; strides in the 3x3 convolutions", 44549160, {3, 4, 23, 3}, true, false);
RESNET(resnet152, "ResNet-152", PAPER "; strides in the 3x3 convolutions", 60192808, {3, 8, 36, 3}, true, false);
