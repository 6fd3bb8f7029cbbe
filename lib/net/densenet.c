/* SPDX-License-Identifier: Apache-2.0 */
#include "net/parts.h"

#define GROWTH 32 /* channels that each layer adds */

/* Normalization, ReLU and convolution; what the layer adds is put beside what it saw. */
static oc_value *layer(oc__parts *p, oc_value *x, const char *name) {
    static const struct {
        int64_t out, kernel;
    } convs[2] = {{4 * GROWTH, 1}, {GROWTH, 3}};
    oc_value *y = x;
    for (int i = 0; i < 2; i++) {
        y = oc__parts_relu(p, oc__parts_norm(p, y, oc__arena_printf(&p->graph->arena, "%s.norm%d", name, i + 1)));
        y = OC_CONV(p, y, oc__arena_printf(&p->graph->arena, "%s.conv%d", name, i + 1), convs[i].out, convs[i].kernel,
                    .pad = convs[i].kernel / 2, .no_bias = true);
    }
    return oc__parts_join(p, (oc_value *[]){x, y}, 2);
}

/* Half of the channels, half of the size. */
static oc_value *transition(oc__parts *p, oc_value *x, int number) {
    x = oc__parts_relu(p, oc__parts_norm(p, x, oc__parts_name(p, "features.transition%d.norm", number)));
    x = OC_CONV(p, x, oc__parts_name(p, "features.transition%d.conv", number), oc__parts_size(p, x, 1) / 2, 1, .no_bias = true);
    return oc__parts_avg_pool(p, x, 2, 2, 0);
}

static oc_value *build(oc__parts *p, oc_value *x) {
    const int *layers = p->variant;
    x = OC_CONV_NORM(p, x, "features.conv0", "features.norm0", 2 * GROWTH, 7, 2, 3);
    x = oc__parts_max_pool(p, x, 3, 2, 1, false);
    for (int b = 1; b <= 4; b++) {
        for (int i = 1; i <= layers[b - 1]; i++)
            x = layer(p, x, oc__parts_name(p, "features.denseblock%d.denselayer%d", b, i));
        x = b < 4 ? transition(p, x, b) : x;
    }
    x = oc__parts_relu(p, oc__parts_norm(p, x, "features.norm5"));
    return oc__parts_head(p, x, "classifier", 0);
}

#define DENSENET(name_, title, count, ...) \
    const oc__net oc__net_##name_ = { \
        {#name_, title, "Huang, Liu, van der Maaten and Weinberger 2016", {3, {3, 224, 224}}, 1000, count, false}, build, \
        (const int[4]){__VA_ARGS__}}
DENSENET(densenet121, "DenseNet-121", 7978856, 6, 12, 24, 16);
DENSENET(densenet169, "DenseNet-169", 14149480, 6, 12, 32, 32);
DENSENET(densenet201, "DenseNet-201", 20013928, 6, 12, 48, 32);
