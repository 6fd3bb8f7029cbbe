/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/own.h"

#include <math.h>
#include <stdio.h>

static const char swish_source[] =
    "__kernel void swish(__global const OC_TYPE(IN0) *x, long x_at, __global OC_TYPE(OUT0) *y, long y_at, long items, float "
    "beta) {\n"
    "    long i = get_global_id(0);\n"
    "    if (i >= items)\n"
    "        return;\n"
    "    float v = OC_LOAD(IN0, x, x_at + i);\n"
    "    OC_STORE(OUT0, y, y_at + i, v / (1 + exp(-beta * v)));\n"
    "}\n"
    "__kernel void swish_bwd(__global const OC_TYPE(IN0) *x, long x_at, __global const OC_TYPE(IN0) *dy, long dy_at,\n"
    "                        __global OC_TYPE(OUT0) *dx, long dx_at, long items, float beta) {\n"
    "    long i = get_global_id(0);\n"
    "    if (i >= items)\n"
    "        return;\n"
    "    float v = OC_LOAD(IN0, x, x_at + i), s = 1 / (1 + exp(-beta * v));\n"
    "    OC_STORE(OUT0, dx, dx_at + i, OC_LOAD(IN0, dy, dy_at + i) * (s + beta * v * s * (1 - s)));\n"
    "}\n";

static oc_status swish_shapes(oc_custom_shapes *s, oc_error *err) {
    own_swish_params *p = s->params;
    if (p->beta == 0)
        p->beta = 1;
    if (s->in_count == 2 && !oc_shape_equal(&s->in[0].shape, &s->in[1].shape)) {
        snprintf(err->text, sizeof(err->text), "the two differ");
        return OC_ERROR_SHAPE;
    }
    s->out[0] = s->in[0];
    return OC_OK;
}

static oc_status swish_host(const oc_custom_problem *p, const double *const *in, double *const *out, oc_error *err) {
    double beta = ((const own_swish_params *)p->params)->beta;
    (void)err;
    for (int64_t i = 0; i < oc_shape_count(&p->in[0].shape); i++) {
        double v = in[0][i], s = 1 / (1 + exp(-beta * v));
        out[0][i] = p->in_count == 2 ? in[1][i] * (s + beta * v * s * (1 - s)) : v * s;
    }
    return OC_OK;
}

static oc_status swish_gradient(oc_custom_gradient *g, oc_error *err) {
    const own *o = g->user;
    oc_value *in[] = {g->in[0], g->diff_out[0]};
    g->diff_in[0] = oc_graph_custom(g->graph, o->swish_bwd, g->params, sizeof(own_swish_params), in, 2, NULL, err);
    return g->diff_in[0] ? OC_OK : err->status;
}

static const oc_custom_field swish_fields[] = {OC_CUSTOM_FIELD(OC_F32, own_swish_params, beta)};

static void count_release(void *user) {
    ((own *)user)->released++;
}

static void make_swish(own *o, oc_context *context) {
    oc_error err = {0};
    const oc_custom_kernel forward = {.name = "swish", .source = swish_source, .types = "f32 f16"};
    const oc_custom_kernel backward = {.name = "swish_bwd", .source = swish_source, .types = "f32 f16"};
    oc_custom_params params = {.name = "test.swish",
                               .params_size = sizeof(own_swish_params),
                               .fields = swish_fields,
                               .field_count = 1,
                               .batched = true,
                               .flops = 6,
                               .shapes = swish_shapes,
                               .host = swish_host,
                               .gradient = swish_gradient,
                               .kernels = &forward,
                               .user = o,
                               .release = count_release};
    KIT_OK(oc_custom_create(&o->swish, context, &params, &err), &err);
    params.name = "test.swish-bwd";
    params.in_min = 2;
    params.gradient = NULL;
    params.kernels = &backward;
    KIT_OK(oc_custom_create(&o->swish_bwd, context, &params, &err), &err);
}

#define TILE 32

static const char blur_local_source[] = "__kernel void blur_local(__global const float *x, long x_at, __global float *y, long "
                                        "y_at, long w, long ow, float a, float b, float c,\n"
                                        "                         long dilation, int absolute, __local float *row) {\n"
                                        "    long j = get_global_id(0), r = get_global_id(1), first = get_group_id(0) * TILE;\n"
                                        "    int me = get_local_id(0);\n"
                                        "    for (long i = me; i < TILE + 2 * dilation; i += TILE)\n"
                                        "        row[i] = first + i < w ? x[x_at + r * w + first + i] : 0;\n"
                                        "    barrier(CLK_LOCAL_MEM_FENCE);\n"
                                        "    float v = a * row[me] + b * row[me + dilation] + c * row[me + 2 * dilation];\n"
                                        "    if (j < ow)\n"
                                        "        y[y_at + r * ow + j] = absolute ? fabs(v) : v;\n"
                                        "}\n";
static const char blur_source[] = "__kernel void blur(__global const float *x, long x_at, __global float *y, long y_at, long w, "
                                  "long ow, float a, float b, float c,\n"
                                  "                   long dilation, int absolute, long rows) {\n"
                                  "    long j = get_global_id(0), r = get_global_id(1);\n"
                                  "    if (j >= ow || r >= rows)\n"
                                  "        return;\n"
                                  "    x += x_at + r * w + j;\n"
                                  "    float v = a * x[0] + b * x[dilation] + c * x[2 * dilation];\n"
                                  "    y[y_at + r * ow + j] = absolute ? fabs(v) : v;\n"
                                  "}\n";

static oc_status blur_shapes(oc_custom_shapes *s, oc_error *err) {
    own_blur_params *p = s->params;
    const oc_shape *x = &s->in[0].shape;
    if (p->dilation == 0)
        p->dilation = 1;
    if (x->rank < 1 || p->dilation < 1) {
        snprintf(err->text, sizeof(err->text), "dilation %lld over %d axes", (long long)p->dilation, x->rank);
        return OC_ERROR_SHAPE;
    }
    s->out[0] = s->in[0];
    s->out[0].shape.dims[x->rank - 1] = oc_custom_dim_window(s, x->dims[x->rank - 1], 3, 1, p->dilation, 0);
    return OC_OK;
}

static oc_status blur_host(const oc_custom_problem *problem, const double *const *in, double *const *out, oc_error *err) {
    const own_blur_params *p = problem->params;
    int last = problem->in[0].shape.rank - 1;
    int64_t w = problem->in[0].shape.dims[last], ow = problem->out[0].shape.dims[last], d = p->dilation;
    (void)err;
    for (int64_t i = 0; i < oc_shape_count(&problem->out[0].shape); i++) {
        const double *x = in[0] + i / ow * w + i % ow;
        double v = p->taps[0] * x[0] + p->taps[1] * x[d] + p->taps[2] * x[2 * d];
        out[0][i] = p->absolute ? fabs(v) : v;
    }
    return OC_OK;
}

static oc_status blur_launch(oc_custom_launch *launch, const oc_custom_problem *problem, const oc_custom_device *device,
                             oc_error *err) {
    const own_blur_params *p = problem->params;
    const oc_shape *y = &problem->out[0].shape;
    int64_t w = y->dims[y->rank - 1], rows = w ? oc_shape_count(y) / w : 0;
    bool local = launch->kernel[4] == '_';
    (void)device;
    launch->items[0] = (uint64_t)w;
    launch->items[1] = (uint64_t)rows;
    launch->numbers[3] = rows;
    if (!local)
        return OC_OK;
    if (p->dilation > 1000) {
        snprintf(err->text, sizeof(err->text), "a dilation of %lld is too far for it", (long long)p->dilation);
        return OC_ERROR_UNSUPPORTED;
    }
    launch->group[0] = TILE;
    launch->group[1] = 1;
    launch->local_bytes = sizeof(float) * (size_t)(TILE + 2 * p->dilation);
    launch->defines[0] = (oc_custom_define){"TILE", TILE};
    return OC_OK;
}

/* The taps turned around over the gradient with zeros on both sides. */
static oc_status blur_gradient(oc_custom_gradient *g, oc_error *err) {
    const own *o = g->user;
    const own_blur_params *p = g->params;
    oc_shape shape = oc_value_get_info(g->in[0]).shape;
    own_blur_params turned = {{p->taps[2], p->taps[1], p->taps[0]}, p->dilation, false, 0};
    oc_pad_params pad = {0};
    if (p->absolute) {
        snprintf(err->text, sizeof(err->text), "the absolute one has none");
        return OC_ERROR_UNSUPPORTED;
    }
    pad.begin[shape.rank - 1] = pad.end[shape.rank - 1] = 2 * p->dilation;
    oc_value *wide = oc_pad(g->graph, g->diff_out[0], &pad, err);
    g->diff_in[0] = oc_graph_custom(g->graph, o->blur, &turned, sizeof(turned), &wide, 1, NULL, err);
    return g->diff_in[0] ? OC_OK : err->status;
}

static void make_blur(own *o, oc_context *context) {
    oc_error err = {0};
    static const oc_custom_field fields[] = {
        OC_CUSTOM_FIELD(OC_F32, own_blur_params, taps), OC_CUSTOM_FIELD(OC_I64, own_blur_params, dilation),
        OC_CUSTOM_FIELD(OC_BOOL, own_blur_params, absolute), OC_CUSTOM_FIELD(OC_I32, own_blur_params, unused)};
    const oc_custom_kernel kernels[] = {{.name = "blur_local",
                                         .source = blur_local_source,
                                         .args = "in0 out0 in0.-1, out0.-1, taps dilation absolute local",
                                         .launch = blur_launch,
                                         .share = 0.2},
                                        {.name = "blur",
                                         .source = blur_source,
                                         .args = "in out in0.-1 items.0 taps.0 taps.1 taps.2 dilation absolute n3",
                                         .launch = blur_launch,
                                         .share = 0.1}};
    const oc_custom_params params = {.name = "test.images.blur",
                                     .params_size = sizeof(own_blur_params),
                                     .fields = fields,
                                     .field_count = 4,
                                     .batched = true,
                                     .shapes = blur_shapes,
                                     .host = blur_host,
                                     .gradient = blur_gradient,
                                     .kernels = kernels,
                                     .kernel_count = 2,
                                     .user = o,
                                     .release = count_release};
    KIT_OK(oc_custom_create(&o->blur, context, &params, &err), &err);
}

/* First the two halves of each row, then their sum. */
static const char rows_source[] = "#ifdef IN1\n"
                                  "#define WEIGHT(j) weights[weights_at + (j)]\n"
                                  "#define WEIGHTS __global const float *weights, long weights_at,\n"
                                  "#else\n"
                                  "#define WEIGHT(j) 1\n"
                                  "#define WEIGHTS\n"
                                  "#endif\n"
                                  "#define ARGS __global const float *x, long x_at, WEIGHTS __global float *sum, long sum_at, "
                                  "__global float *most, long most_at, \\\n"
                                  "        __global uchar *space, long space_at, long width, long rows\n"
                                  "__kernel void halves(ARGS) {\n"
                                  "    long r = get_global_id(0) / 2, half_of = get_global_id(0) % 2;\n"
                                  "    __global float *parts = (__global float *)(space + space_at);\n"
                                  "    if (r >= rows)\n"
                                  "        return;\n"
                                  "    float s = 0, m = -INFINITY;\n"
                                  "    for (long j = half_of * (width / 2); j < (half_of ? width : width / 2); j++) {\n"
                                  "        float v = x[x_at + r * width + j] * WEIGHT(j);\n"
                                  "        s += v;\n"
                                  "        m = fmax(m, v);\n"
                                  "    }\n"
                                  "    parts[4 * r + half_of] = s;\n"
                                  "    parts[4 * r + 2 + half_of] = m;\n"
                                  "}\n"
                                  "__kernel void join(ARGS) {\n"
                                  "    long r = get_global_id(0);\n"
                                  "    __global const float *parts = (__global const float *)(space + space_at) + 4 * r;\n"
                                  "    if (r >= rows)\n"
                                  "        return;\n"
                                  "    sum[sum_at + r] = parts[0] + parts[1];\n"
                                  "    most[most_at + r] = fmax(parts[2], parts[3]);\n"
                                  "}\n";

static oc_status rows_shapes(oc_custom_shapes *s, oc_error *err) {
    if (s->in[0].shape.rank != 2 || (s->in_count > 1 && s->in[1].dtype && s->in[1].shape.dims[0] != s->in[0].shape.dims[1])) {
        snprintf(err->text, sizeof(err->text), "rows of a matrix, and as many weights, are wanted");
        return OC_ERROR_SHAPE;
    }
    s->out[0] = s->out[1] = (oc_operand_desc){OC_F32, OC_SHAPE(s->in[0].shape.dims[0])};
    return OC_OK;
}

static oc_status rows_host(const oc_custom_problem *p, const double *const *in, double *const *out, oc_error *err) {
    int64_t width = p->in[0].shape.dims[1];
    bool weighted = p->in_count > 1 && p->in[1].dtype;
    (void)err;
    for (int64_t r = 0; r < p->in[0].shape.dims[0]; r++) {
        out[0][r] = 0;
        out[1][r] = -INFINITY;
        for (int64_t j = 0; j < width; j++) {
            double v = in[0][r * width + j] * (weighted ? in[1][j] : 1);
            out[0][r] += v;
            out[1][r] = fmax(out[1][r], v);
        }
    }
    return OC_OK;
}

static oc_status rows_launch(oc_custom_launch *launch, const oc_custom_problem *p, const oc_custom_device *device,
                             oc_error *err) {
    uint64_t rows = (uint64_t)p->in[0].shape.dims[0];
    (void)device, (void)err;
    launch->kernel = launch->pass ? "join" : "halves";
    launch->items[0] = launch->pass ? rows : 2 * rows;
    launch->workspace = 16 * rows;
    launch->seconds = 1e-5;
    return OC_OK;
}

static void make_rows(own *o, oc_context *context) {
    oc_error err = {0};
    const oc_custom_kernel kernel = {
        .name = "halves", .source = rows_source, .args = "in out workspace in0.1 in0.0", .passes = 2, .launch = rows_launch};
    const oc_custom_params params = {.name = "test.rows",
                                     .in_min = 1,
                                     .in_max = 2,
                                     .out_count = 2,
                                     .batched = true,
                                     .exact = true,
                                     .shapes = rows_shapes,
                                     .host = rows_host,
                                     .kernels = &kernel,
                                     .user = o,
                                     .release = count_release};
    KIT_OK(oc_custom_create(&o->rows, context, &params, &err), &err);
}

void own_make(own *o, oc_context *context) {
    *o = (own){0};
    make_swish(o, context);
    make_blur(o, context);
    make_rows(o, context);
}

void own_destroy(own *o) {
    oc_custom_destroy(&o->swish);
    oc_custom_destroy(&o->swish_bwd);
    oc_custom_destroy(&o->blur);
    oc_custom_destroy(&o->rows);
}

oc_value *own_swish(oc_graph *graph, const own *o, float beta, oc_value *x, oc_error *err) {
    return oc_graph_custom(graph, o->swish, &(own_swish_params){beta}, sizeof(own_swish_params), &x, 1, NULL, err);
}

oc_value *own_blur(oc_graph *graph, const own *o, const float taps[3], oc_value *x, oc_error *err) {
    const own_blur_params params = {{taps[0], taps[1], taps[2]}, 0, false, 0};
    return oc_graph_custom(graph, o->blur, &params, sizeof(params), &x, 1, NULL, err);
}

oc_status own_plain(oc_custom **out, oc_context *context, const char *name, const char *source,
                    oc_status (*host)(const oc_custom_problem *, const double *const *, double *const *, oc_error *),
                    oc_error *err) {
    const oc_custom_kernel kernel = {.name = "k", .source = source};
    return oc_custom_create(out, context, &(oc_custom_params){.name = name, .host = host, .kernels = &kernel}, err);
}

oc_status own_twice_host(const oc_custom_problem *problem, const double *const *in, double *const *out, oc_error *err) {
    (void)err;
    for (int64_t i = 0; i < oc_shape_count(&problem->in[0].shape); i++)
        out[0][i] = 2 * in[0][i];
    return OC_OK;
}

void own_fill(float *x, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)(i * 37 % 101) / 50 - 1;
}

void own_expect(double want, double got, const char *what, int64_t at) {
    if (!(fabs(want - got) <= 1e-4 * (1 + fabs(want))))
        fail_msg("%s[%lld] is %g, not %g", what, (long long)at, got, want);
}
