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
    V *x;                  /* (N, C, elements) */
    int axes;
    int64_t size[3], channels, points; /* size: outermost first */
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
static V *tap(const sampler *s, V *const *index, V *weight) {
    oc_graph *graph = s->graph;
    V *at = inside(s, index[0], s->size[0]);
    for (int i = 1; i < s->axes; i++)
        at = oc_add(graph, times(s, at, (double)s->size[i]), inside(s, index[i], s->size[i]), s->err);
    V *indices = oc_cast(graph, oc_round(graph, at, s->err), OC_I64, s->err);
    indices = oc_expand(graph, indices, &OC_SHAPE(1, s->channels, s->points), s->err);
    V *taken = oc_gather_elements(graph, s->x, indices, 2, s->err);
    taken = weight ? oc_mul(graph, taken, weight, s->err) : taken;
    if (s->params->padding != OC_GRID_ZEROS)
        return taken;
    V *valid = is_inside(s, index[0], s->size[0]);
    for (int i = 1; i < s->axes; i++)
        valid = oc_logical_and(graph, valid, is_inside(s, index[i], s->size[i]), s->err);
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

static V *sample(const sampler *s, V *const *place) {
    oc_graph *graph = s->graph;
    V *weights[3][4], *from[3], *index[3], *sum = NULL;
    int count = 1, all = 1;
    for (int i = 0; i < s->axes; i++) {
        bool nearest = s->params->mode == OC_RESIZE_NEAREST;
        index[i] = from[i] = nearest ? oc_round(graph, place[i], s->err) : oc_floor(graph, place[i], s->err);
        if (!nearest)
            count = weights_of(s, oc_sub(graph, place[i], from[i], s->err), weights[i]);
        all *= count;
    }
    if (count == 1)
        return tap(s, index, NULL);
    for (int k = 0; k < all; k++) { /* the last axis fastest */
        V *weight = NULL;
        for (int i = 0, rest = all; i < s->axes; i++) {
            int t = k / (rest /= count) % count;
            index[i] = add(s, from[i], t - (count == 4));
            weight = weight ? oc_mul(graph, weight, weights[i][t], s->err) : weights[i][t];
        }
        V *part = tap(s, index, weight);
        sum = sum ? oc_add(graph, sum, part, s->err) : part;
    }
    return sum;
}

/* Column k of the grid as (N, 1, points). */
static V *column(const sampler *s, V *grid, int k) {
    oc_slice_params part = {.begin = {0}};
    part.begin[s->axes + 1] = k;
    part.end[s->axes + 1] = k + 1;
    part.step[s->axes + 1] = 1;
    oc_reshape_params shape = {.dims = {OC_RESHAPE_AXIS(0), 1, s->points}, .rank = 3};
    V *points = oc_slice(s->graph, grid, &part, s->err);
    return oc__graph_node1(s->graph, &oc__op_reshape, &shape, &points, 1, s->err);
}

V *oc_grid_sample(oc_graph *graph, V *x, V *grid, const oc_grid_params *params, oc_error *err) {
    oc_grid_params own = params ? *params : (oc_grid_params){0};
    if (!x || !grid)
        return oc__graph_pass_error(graph, err);
    const int64_t *d = x->shape.dims, *g = grid->shape.dims;
    sampler s = {.graph = graph, .params = &own, .dtype = x->dtype, .err = err, .axes = x->shape.rank - 2, .channels = d[1],
                 .points = 1};
    bool fits = (s.axes == 2 || s.axes == 3) && grid->shape.rank == s.axes + 2 && g[s.axes + 1] == s.axes && d[1] > 0 &&
                !(s.axes == 3 && own.mode == OC_RESIZE_CUBIC) && x->dtype == grid->dtype && oc__is_real(x->dtype);
    oc_reshape_params flat = {.dims = {OC_RESHAPE_AXIS(0), d[1], 1}, .rank = 3}, image = {.dims = {OC_RESHAPE_AXIS(0), d[1]},
                                                                                          .rank = s.axes + 2};
    for (int i = 0; i < s.axes && fits; i++) {
        s.size[i] = d[2 + i];
        image.dims[2 + i] = g[1 + i];
        fits = d[2 + i] > 0 && g[1 + i] >= 0 && oc__mul_i64(flat.dims[2], d[2 + i], &flat.dims[2]) &&
            oc__mul_i64(s.points, g[1 + i], &s.points);
    }
    if (!fits)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE,
                              "grid_sample: it takes (N, C, H, W) and a grid (N, H', W', 2) of one type, or "
                              "(N, C, D, H, W) and (N, D', H', W', 3), not cubic then; but for N, sizes are numbers");
    V *place[3];
    s.x = oc__graph_node1(graph, &oc__op_reshape, &flat, &x, 1, err);
    for (int i = 0; i < s.axes; i++) /* of a point, the innermost axis comes first */
        place[i] = place_of(&s, column(&s, grid, s.axes - 1 - i), s.size[i]);
    V *y = sample(&s, place);
    return oc__graph_node1(graph, &oc__op_reshape, &image, &y, 1, err);
}
