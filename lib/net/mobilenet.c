/* SPDX-License-Identifier: Apache-2.0 */
/* MobileNet: convolutions of each channel alone (3x3), and of channels at one point (1x1). */
#include "net/parts.h"

static oc_value *unit(oc__parts *p, oc_value *x, const char *name, int64_t out, int64_t kernel, int64_t stride, int64_t groups, bool six) {
    x = OC_CONV(p, x, oc__arena_printf(&p->graph->arena, "%s.0", name), out, kernel, stride, kernel / 2, .groups = groups, .no_bias = true);
    x = oc__parts_norm(p, x, oc__arena_printf(&p->graph->arena, "%s.1", name));
    return six ? oc_clip(p->graph, x, 0, 6, p->err) : oc__parts_relu(p, x);
}

static oc_value *build_v1(oc__parts *p, oc_value *x) {
    static const struct {
        int64_t out, stride;
    } layers[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1}, {512, 2}, {512, 1},
                  {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
    p->fan_out = true;
    x = unit(p, x, "features.0", 32, 3, 2, 1, false);
    for (size_t i = 0; i < OC_COUNT(layers); i++) {
        int64_t in = oc__parts_size(p, x, 1);
        x = unit(p, x, oc__parts_name(p, "features.%zu.depthwise", i + 1), in, 3, layers[i].stride, in, false);
        x = unit(p, x, oc__parts_name(p, "features.%zu.pointwise", i + 1), layers[i].out, 1, 1, 1, false);
    }
    return oc__parts_head(p, x, "classifier", 0);
}

/* An inverted residual: wide between two narrow ends, a shortcut between those where they are alike. */
static oc_value *inverted(oc__parts *p, oc_value *x, int number, int64_t factor, int64_t out, int64_t stride) {
    int64_t in = oc__parts_size(p, x, 1), at = 0;
    oc_value *y = x;
    if (factor > 1)
        y = unit(p, y, oc__parts_name(p, "features.%d.conv.%d", number, (int)at++), in * factor, 1, 1, 1, true);
    y = unit(p, y, oc__parts_name(p, "features.%d.conv.%d", number, (int)at++), in * factor, 3, stride, in * factor, true);
    y = OC_CONV(p, y, oc__parts_name(p, "features.%d.conv.%d", number, (int)at), out, 1, .no_bias = true);
    y = oc__parts_norm(p, y, oc__parts_name(p, "features.%d.conv.%d", number, (int)at + 1));
    return stride == 1 && in == out ? oc_add(p->graph, x, y, p->err) : y;
}

static oc_value *build_v2(oc__parts *p, oc_value *x) {
    static const struct {
        int factor, out, count, stride;
    } stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    int number = 1;
    p->fan_out = true;
    p->dense = (oc_init){.kind = OC_INIT_NORMAL, .scale = 0.01};
    x = unit(p, x, "features.0", 32, 3, 2, 1, true);
    for (size_t s = 0; s < OC_COUNT(stages); s++)
        for (int i = 0; i < stages[s].count; i++)
            x = inverted(p, x, number++, stages[s].factor, stages[s].out, i ? 1 : stages[s].stride);
    x = unit(p, x, oc__parts_name(p, "features.%d", number), 1280, 1, 1, 1, true);
    return oc__parts_head(p, x, "classifier.1", 0.2f);
}

const oc__net oc__net_mobilenet_v1 = {
    {"mobilenet_v1", "MobileNet-v1", "Howard et al. 2017 (arXiv 1704.04861)", {3, {3, 224, 224}}, 1000, 4231976, false}, build_v1, NULL};
const oc__net oc__net_mobilenet_v2 = {
    {"mobilenet_v2", "MobileNet-v2", "Sandler, Howard, Zhu, Zhmoginov and Chen 2018", {3, {3, 224, 224}}, 1000, 3504872, false}, build_v2,
    NULL};
