/* SPDX-License-Identifier: Apache-2.0 */
/* VGG: configurations A to E of its paper. */
#include "net/parts.h"

#define POOL 0
#define POINT(channels) (-(channels)) /* a kernel of one element */

static const int vgg11[] = {64, POOL, 128, POOL, 256, 256, POOL, 512, 512, POOL, 512, 512, POOL};
static const int vgg13[] = {64, 64, POOL, 128, 128, POOL, 256, 256, POOL, 512, 512, POOL, 512, 512, POOL};
static const int vgg16[] = {64, 64, POOL, 128, 128, POOL, 256, 256, 256, POOL, 512, 512, 512, POOL, 512, 512, 512, POOL};
static const int vgg16_c[] = {64,   64,  POOL, 128,        128,  POOL, 256, 256,        POINT(256),
                              POOL, 512, 512,  POINT(512), POOL, 512,  512, POINT(512), POOL};
static const int vgg19[] = {64,  64,   POOL, 128, 128, POOL, 256,  256, 256, 256, POOL,
                            512, 512,  512,  512, POOL, 512, 512,  512, 512, POOL};

static oc_value *build(oc__parts *p, oc_value *x) {
    const int *layers = p->variant;
    int pools = 0, at = 0;
    p->fan_out = true;
    p->dense = (oc_init){.kind = OC_INIT_NORMAL, .scale = 0.01};
    for (; pools < 5; layers++) {
        if (*layers == POOL) {
            x = oc__parts_max_pool(p, x, 2, 2, 0, false);
            pools++;
            at++;
        } else {
            int64_t kernel = *layers < 0 ? 1 : 3;
            x = OC_CONV(p, x, oc__parts_name(p, "features.%d", at), *layers < 0 ? -*layers : *layers, kernel, .pad = kernel / 2);
            x = oc__parts_relu(p, x);
            at += 2;
        }
    }
    return oc__parts_wide_head(p, x, (const char *const[]){"classifier.0", "classifier.3", "classifier.6"}, false);
}

#define VGG(name_, title, letter, count) \
    const oc__net oc__net_##name_ = { \
        {#name_, title, "Simonyan and Zisserman 2014, configuration " letter, {3, {3, 224, 224}}, 1000, count, false}, build, name_}
VGG(vgg11, "VGG-11", "A", 132863336);
VGG(vgg13, "VGG-13", "B", 133047848);
VGG(vgg16_c, "VGG-16 with kernels of one element", "C", 133638952);
VGG(vgg16, "VGG-16", "D", 138357544);
VGG(vgg19, "VGG-19", "E", 143667240);
