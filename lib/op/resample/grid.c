/* SPDX-License-Identifier: Apache-2.0 */
/* Sampling at the points of a grid: indices and weights are nodes, so the points have gradients too. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>
#include <ocelli/op/shape.h>

#include "op/resample/resample.h"

typedef oc_value V;

typedef struct sampler {
    oc_graph *graph;
    const oc_grid_params *params;
    oc_dtype dtype;
    oc_error *err;
    V *x;                  /* (N, C, H W) */
    int64_t height, width, channels, points;
} sampler;

static V *number(const sampler *s, double value) {
    return oc_graph_scalar(s->graph, s->dtype, value, s->err);
}
static V *add(const sampler *s, V *a, double b) {
    return oc_add(s->graph, a, number(s, b), s->err);
}
static V *times(const sampler *s, V *a, double b) {
    return oc_mul(s->graph, a, number(s, b), s->err);
}

/* Back and forth between low and high. */
static V *reflected(const sampler *s, V *v, double low, double high) {
    if (high <= low)
        return times(s, v, 0);
    V *distance = oc_abs(s->graph, add(s, v, -low), s->err), *period = number(s, 2 * (high - low));
    V *rest = oc_mod(s->graph, distance, period, s->err);
    return add(s, oc_min(s->graph, rest, oc_sub(s->graph, period, rest, s->err), s->err), low);
}

/* -1 … 1 to elements; where padding bends the plane, to elements that are there. */
static V *place_of(const sampler *s, V *v, int64_t size) {
    double n = (double)size;
    bool corners = s->params->align_corners;
    v = corners ? times(s, add(s, v, 1), (n - 1) / 2) : times(s, add(s, times(s, add(s, v, 1), n), -1), 0.5);
    if (s->params->mode == OC_RESIZE_CUBIC)
        return v;
    if (s->params->padding == OC_GRID_REFLECTION)
        v = corners ? reflected(s, v, 0, n - 1) : reflected(s, v, -0.5, n - 0.5);
    return s->params->padding == OC_GRID_ZEROS ? v : oc_clip(s->graph, v, 0, (float)(n - 1), s->err);
}

/* An index that may be outside: where it leads to. */
static V *inside(const sampler *s, V *index, int64_t size) {
    double n = (double)size;
    if (s->params->padding == OC_GRID_REFLECTION && s->params->mode == OC_RESIZE_CUBIC)
        index = s->params->align_corners ? reflected(s, index, 0, n - 1) : reflected(s, index, -0.5, n - 0.5);
    return oc_clip(s->graph, index, 0, (float)(n - 1), s->err);
}

static V *is_inside(const sampler *s, V *index, int64_t size) {
    V *low = oc_greater_equal(s->graph, index, number(s, 0), s->err), *high = oc_less(s->graph, index, number(s, (double)size), s->err);
    return oc_logical_and(s->graph, low, high, s->err);
}

/* Elements at whole indices (N, 1, points) of all channels, times a weight. */
static V *tap(const sampler *s, V *ix, V *iy, V *weight) {
    oc_graph *graph = s->graph;
    V *at = oc_add(graph, times(s, inside(s, iy, s->height), (double)s->width), inside(s, ix, s->width), s->err);
    V *indices = oc_cast(graph, oc_round(graph, at, s->err), OC_I64, s->err);
    indices = oc_expand(graph, indices, &OC_SHAPE(1, s->channels, s->points), s->err);
    V *taken = oc_gather_elements(graph, s->x, indices, 2, s->err);
    taken = weight ? oc_mul(graph, taken, weight, s->err) : taken;
    if (s->params->padding != OC_GRID_ZEROS)
        return taken;
    V *valid = oc_logical_and(graph, is_inside(s, ix, s->width), is_inside(s, iy, s->height), s->err);
    return oc_where(graph, valid, taken, number(s, 0), s->err);
}

/* ((a t + b) t + c) t + d */
static V *polynomial(const sampler *s, V *t, double a, double b, double c, double d) {
    V *v = add(s, times(s, t, a), b);
    v = add(s, oc_mul(s->graph, v, t, s->err), c);
    return add(s, oc_mul(s->graph, v, t, s->err), d);
}

/* Weights of the taps around a place whose fraction is t, a = -0.75 for cubic ones. */
static int weights_of(const sampler *s, V *t, V *out[4]) {
    const double a = -0.75;
    if (s->params->mode == OC_RESIZE_LINEAR) {
        out[0] = add(s, times(s, t, -1), 1);
        out[1] = t;
        return 2;
    }
    out[0] = polynomial(s, t, a, -2 * a, a, 0);
    out[1] = polynomial(s, t, a + 2, -a - 3, 0, 1);
    out[2] = polynomial(s, t, -a - 2, 2 * a + 3, -a, 0);
    out[3] = polynomial(s, t, -a, a, 0, 0);
    return 4;
}

static V *sample(const sampler *s, V *px, V *py) {
    oc_graph *graph = s->graph;
    V *wx[4], *wy[4], *sum = NULL;
    if (s->params->mode == OC_RESIZE_NEAREST)
        return tap(s, oc_round(graph, px, s->err), oc_round(graph, py, s->err), NULL);
    V *fx = oc_floor(graph, px, s->err), *fy = oc_floor(graph, py, s->err);
    int count = weights_of(s, oc_sub(graph, px, fx, s->err), wx), first = count == 4 ? -1 : 0;
    weights_of(s, oc_sub(graph, py, fy, s->err), wy);
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < count; k++) {
            V *part = tap(s, add(s, fx, k + first), add(s, fy, i + first), oc_mul(graph, wy[i], wx[k], s->err));
            sum = sum ? oc_add(graph, sum, part, s->err) : part;
        }
    }
    return sum;
}

/* Column k of the grid as (N, 1, points). */
static V *column(const sampler *s, V *grid, int k) {
    oc_slice_params part = {.begin = {0, 0, 0, k}, .end = {0, 0, 0, k + 1}, .step = {0, 0, 0, 1}};
    oc_reshape_params shape = {.dims = {OC_RESHAPE_AXIS(0), 1, s->points}, .rank = 3};
    V *points = oc_slice(s->graph, grid, &part, s->err);
    return oc__graph_node1(s->graph, &oc__op_reshape, &shape, &points, 1, s->err);
}

V *oc_grid_sample(oc_graph *graph, V *x, V *grid, const oc_grid_params *params, oc_error *err) {
    oc_grid_params own = params ? *params : (oc_grid_params){0};
    if (!x || !grid)
        return oc__graph_pass_error(graph, err);
    const int64_t *d = x->shape.dims, *g = grid->shape.dims;
    bool fits = x->shape.rank == 4 && grid->shape.rank == 4 && g[3] == 2 && d[1] > 0 && d[2] > 0 && d[3] > 0 && g[1] >= 0 && g[2] >= 0;
    if (!fits || x->dtype != grid->dtype || !oc__is_real(x->dtype))
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "grid_sample: it takes (N, C, H, W) and a grid (N, H', W', 2) of one type");
    sampler s = {.graph = graph, .params = &own, .dtype = x->dtype, .err = err, .height = d[2], .width = d[3], .channels = d[1],
                 .points = g[1] * g[2]};
    oc_reshape_params flat = {.dims = {OC_RESHAPE_AXIS(0), d[1], d[2] * d[3]}, .rank = 3};
    oc_reshape_params image = {.dims = {OC_RESHAPE_AXIS(0), d[1], g[1], g[2]}, .rank = 4};
    s.x = oc__graph_node1(graph, &oc__op_reshape, &flat, &x, 1, err);
    V *y = sample(&s, place_of(&s, column(&s, grid, 0), s.width), place_of(&s, column(&s, grid, 1), s.height));
    return oc__graph_node1(graph, &oc__op_reshape, &image, &y, 1, err);
}
