/* SPDX-License-Identifier: Apache-2.0 */
#include "net/parts.h"

/* A 1x1 convolution to few channels, and one of 1x1 beside one of 3x3 back to many. */
static oc_value *fire(oc__parts *p, oc_value *x, int number, int64_t squeeze, int64_t expand) {
    x = oc__parts_relu(p, OC_CONV(p, x, oc__parts_name(p, "features.%d.squeeze", number), squeeze, 1));
    oc_value *narrow = OC_CONV(p, x, oc__parts_name(p, "features.%d.expand1x1", number), expand, 1);
    oc_value *wide = OC_CONV(p, x, oc__parts_name(p, "features.%d.expand3x3", number), expand, 3, .pad = 1);
    return oc__parts_join(p, (oc_value *[]){oc__parts_relu(p, narrow), oc__parts_relu(p, wide)}, 2);
}

typedef struct form {
    int64_t channels, kernel; /* of the first convolution */
    const char *order;        /* f: a fire module, p: pooling */
} form;

static oc_value *build(oc__parts *p, oc_value *x) {
    static const struct {
        int64_t squeeze, expand;
    } fires[8] = {{16, 64}, {16, 64}, {32, 128}, {32, 128}, {48, 192}, {48, 192}, {64, 256}, {64, 256}};
    const form *f = p->variant;
    int done = 0;
    p->conv = (oc_init){.kind = OC_INIT_HE_UNIFORM};
    x = oc__parts_relu(p, OC_CONV(p, x, "features.0", f->channels, f->kernel, 2));
    for (int i = 0; f->order[i]; i++) {
        if (f->order[i] == 'p') {
            x = oc__parts_max_pool(p, x, 3, 2, 0, true);
        } else {
            x = fire(p, x, i + 2, fires[done].squeeze, fires[done].expand);
            done++;
        }
    }
    p->conv = (oc_init){.kind = OC_INIT_NORMAL, .scale = 0.01};
    x = oc__parts_relu(p, OC_CONV(p, oc__parts_dropout(p, x, 0.5f), "classifier.1", p->params->outputs, 1));
    return oc_flatten(p->graph, oc_global_avg_pool(p->graph, x, p->err), 1, p->err);
}

#define PAPER "Iandola, Han, Moskewicz, Ashraf, Dally and Keutzer 2016"
const oc__net oc__net_squeezenet1_0 = {
    {"squeezenet1_0", "SqueezeNet 1.0", PAPER, {3, {3, 224, 224}}, 1000, 1248424, false}, build, &(const form){96, 7, "pfffpffffpf"}};
const oc__net oc__net_squeezenet1_1 = {
    {"squeezenet1_1", "SqueezeNet 1.1", PAPER "; pooled earlier, as its authors later had it", {3, {3, 224, 224}}, 1000, 1235496, false},
    build, &(const form){64, 3, "pffpffpffff"}};
