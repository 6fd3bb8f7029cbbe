/* SPDX-License-Identifier: Apache-2.0 */
/* DCGAN for pictures of 64 by 64: a generator of pictures from 100 numbers, and a discriminator of made ones from others. */
#include "net/parts.h"

static void begin(oc__parts *p) {
    p->conv = (oc_init){.kind = OC_INIT_NORMAL, .scale = 0.02};
}

static oc_value *generator(oc__parts *p, oc_value *x) {
    begin(p);
    for (int i = 0; i < 4; i++)
        x = OC_CONV_NORM(p, x, oc__parts_name(p, "main.%d", 3 * i), oc__parts_name(p, "main.%d", 3 * i + 1), (int64_t)512 >> i, 4,
                         i ? 2 : 1, i ? 1 : 0, .transposed = true);
    x = OC_CONV(p, x, "main.12", p->params->outputs, 4, 2, 1, .transposed = true, .no_bias = true);
    return oc_tanh(p->graph, x, p->err);
}

static oc_value *discriminator(oc__parts *p, oc_value *x) {
    begin(p);
    for (int i = 0; i < 4; i++) {
        x = OC_CONV(p, x, oc__parts_name(p, "main.%d", i ? 3 * i - 1 : 0), (int64_t)64 << i, 4, 2, 1, .no_bias = true);
        x = i ? oc__parts_norm(p, x, oc__parts_name(p, "main.%d", 3 * i)) : x;
        x = oc_leaky_relu(p->graph, x, 0.2f, p->err);
    }
    x = OC_CONV(p, x, "main.11", p->params->outputs, 4, .no_bias = true);
    return oc_flatten(p->graph, x, 1, p->err);
}

#define PAPER "Radford, Metz and Chintala 2015"
const oc__net oc__net_dcgan_generator = {
    {"dcgan_generator", "DCGAN, generator", PAPER "; pixels in -1 ... 1", {3, {100, 1, 1}}, 3, 3576704, false}, generator, NULL};
const oc__net oc__net_dcgan_discriminator = {
    {"dcgan_discriminator", "DCGAN, discriminator", PAPER "; gives the logit of a picture being no made one", {3, {3, 64, 64}}, 1, 2765568,
     false},
    discriminator, NULL};
