/* SPDX-License-Identifier: Apache-2.0 */
/* Inception-v3, its modules lettered as torchvision has them. */
#include "net/parts.h"

typedef struct module {
    oc__parts *p;
    const char *name;
} module;

/* A convolution of a module, kernel height by width, padded to the same size unless it strides. */
static oc_value *conv(const module *m, oc_value *x, const char *part, int64_t out, int64_t height, int64_t width, int64_t stride) {
    oc__layer layer = {out, height, stride, stride > 1 ? 0 : height / 2, width, stride > 1 ? 0 : width / 2};
    return oc__parts_unit(m->p, x, oc__parts_name(m->p, "%s.%s", m->name, part), &layer);
}

static oc_value *pooled(const module *m, oc_value *x, int64_t out) {
    return conv(m, oc__parts_avg_pool(m->p, x, 3, 1, 1), "branch_pool", out, 1, 1, 1);
}

static oc_value *module_a(oc__parts *p, oc_value *x, const char *name, int64_t pool) {
    module m = {p, name};
    oc_value *y[4] = {conv(&m, x, "branch1x1", 64, 1, 1, 1)};
    y[1] = conv(&m, conv(&m, x, "branch5x5_1", 48, 1, 1, 1), "branch5x5_2", 64, 5, 5, 1);
    y[2] = conv(&m, conv(&m, x, "branch3x3dbl_1", 64, 1, 1, 1), "branch3x3dbl_2", 96, 3, 3, 1);
    y[2] = conv(&m, y[2], "branch3x3dbl_3", 96, 3, 3, 1);
    y[3] = pooled(&m, x, pool);
    return oc__parts_join(p, y, 4);
}

static oc_value *module_b(oc__parts *p, oc_value *x, const char *name) {
    module m = {p, name};
    oc_value *y[3] = {conv(&m, x, "branch3x3", 384, 3, 3, 2)};
    y[1] = conv(&m, conv(&m, x, "branch3x3dbl_1", 64, 1, 1, 1), "branch3x3dbl_2", 96, 3, 3, 1);
    y[1] = conv(&m, y[1], "branch3x3dbl_3", 96, 3, 3, 2);
    y[2] = oc__parts_max_pool(p, x, 3, 2, 0, false);
    return oc__parts_join(p, y, 3);
}

static oc_value *module_c(oc__parts *p, oc_value *x, const char *name, int64_t width) {
    module m = {p, name};
    oc_value *y[4] = {conv(&m, x, "branch1x1", 192, 1, 1, 1)};
    y[1] = conv(&m, conv(&m, x, "branch7x7_1", width, 1, 1, 1), "branch7x7_2", width, 1, 7, 1);
    y[1] = conv(&m, y[1], "branch7x7_3", 192, 7, 1, 1);
    y[2] = conv(&m, conv(&m, x, "branch7x7dbl_1", width, 1, 1, 1), "branch7x7dbl_2", width, 7, 1, 1);
    y[2] = conv(&m, conv(&m, y[2], "branch7x7dbl_3", width, 1, 7, 1), "branch7x7dbl_4", width, 7, 1, 1);
    y[2] = conv(&m, y[2], "branch7x7dbl_5", 192, 1, 7, 1);
    y[3] = pooled(&m, x, 192);
    return oc__parts_join(p, y, 4);
}

static oc_value *module_d(oc__parts *p, oc_value *x, const char *name) {
    module m = {p, name};
    oc_value *y[3] = {conv(&m, conv(&m, x, "branch3x3_1", 192, 1, 1, 1), "branch3x3_2", 320, 3, 3, 2)};
    y[1] = conv(&m, conv(&m, x, "branch7x7x3_1", 192, 1, 1, 1), "branch7x7x3_2", 192, 1, 7, 1);
    y[1] = conv(&m, conv(&m, y[1], "branch7x7x3_3", 192, 7, 1, 1), "branch7x7x3_4", 192, 3, 3, 2);
    y[2] = oc__parts_max_pool(p, x, 3, 2, 0, false);
    return oc__parts_join(p, y, 3);
}

static oc_value *module_e(oc__parts *p, oc_value *x, const char *name) {
    module m = {p, name};
    oc_value *y[6] = {conv(&m, x, "branch1x1", 320, 1, 1, 1)};
    oc_value *three = conv(&m, x, "branch3x3_1", 384, 1, 1, 1);
    y[1] = conv(&m, three, "branch3x3_2a", 384, 1, 3, 1);
    y[2] = conv(&m, three, "branch3x3_2b", 384, 3, 1, 1);
    oc_value *twice = conv(&m, conv(&m, x, "branch3x3dbl_1", 448, 1, 1, 1), "branch3x3dbl_2", 384, 3, 3, 1);
    y[3] = conv(&m, twice, "branch3x3dbl_3a", 384, 1, 3, 1);
    y[4] = conv(&m, twice, "branch3x3dbl_3b", 384, 3, 1, 1);
    y[5] = pooled(&m, x, 192);
    return oc__parts_join(p, y, 6);
}

static void auxiliary(oc__parts *p, oc_value *x) {
    if (!p->params->auxiliary)
        return;
    x = OC_UNIT(p, oc__parts_avg_pool(p, x, 5, 3, 0), "AuxLogits.conv0", 128, 1);
    x = OC_UNIT(p, x, "AuxLogits.conv1", 768, 5);
    oc__parts_output(p, "aux1", oc__parts_head(p, x, "AuxLogits.fc", 0));
}

static oc_value *stem(oc__parts *p, oc_value *x) {
    x = OC_UNIT(p, OC_UNIT(p, x, "Conv2d_1a_3x3", 32, 3, 2), "Conv2d_2a_3x3", 32, 3);
    x = oc__parts_max_pool(p, OC_UNIT(p, x, "Conv2d_2b_3x3", 64, 3, .pad = 1), 3, 2, 0, false);
    x = OC_UNIT(p, OC_UNIT(p, x, "Conv2d_3b_1x1", 80, 1), "Conv2d_4a_3x3", 192, 3);
    return oc__parts_max_pool(p, x, 3, 2, 0, false);
}

static oc_value *build(oc__parts *p, oc_value *x) {
    p->epsilon = 1e-3f;
    p->conv = p->dense = (oc_init){.kind = OC_INIT_NORMAL, .scale = 0.1};
    x = module_a(p, stem(p, x), "Mixed_5b", 32);
    x = module_a(p, module_a(p, x, "Mixed_5c", 64), "Mixed_5d", 64);
    x = module_c(p, module_b(p, x, "Mixed_6a"), "Mixed_6b", 128);
    x = module_c(p, module_c(p, x, "Mixed_6c", 160), "Mixed_6d", 160);
    x = module_c(p, x, "Mixed_6e", 192);
    auxiliary(p, x);
    x = module_e(p, module_d(p, x, "Mixed_7a"), "Mixed_7b");
    return oc__parts_head(p, module_e(p, x, "Mixed_7c"), "fc", 0.5f);
}

const oc__net oc__net_inception_v3 = {
    {"inception_v3", "Inception-v3", "Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2015, in torchvision's form", {3, {3, 299, 299}}, 1000,
     23834568, true},
    build, NULL};
