/* SPDX-License-Identifier: Apache-2.0 */
/* Layers with their states. */
#include "net/parts.h"

#include <ocelli/op/lrn.h>
#include <ocelli/op/matmul.h>
#include <ocelli/op/norm.h>
#include <ocelli/op/random.h>
#include <stdarg.h>
#include <stdio.h>

typedef oc_value V;

const char *oc__parts_name(oc__parts *p, const char *format, ...) {
    char text[128];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const char *name = oc__arena_printf(&p->graph->arena, "%s%s", p->prefix, text);
    return name ? name : "";
}

int64_t oc__parts_size(oc__parts *p, V *x, int axis) {
    if (!x)
        return 1;
    if (axis < x->shape.rank && x->shape.dims[axis] > 0)
        return x->shape.dims[axis];
    oc__graph_fail(p->graph, p->err, OC_ERROR_SHAPE, "axis %d of a layer's source must be a number of at least 1", axis);
    return 1;
}

static V *state(oc__parts *p, const char *name, const char *part, const oc_shape *shape, const oc_init *init) {
    const char *text = oc__arena_printf(&p->graph->arena, "%s.%s", name, part);
    return oc_graph_state(p->graph, text ? text : "", OC_F32, shape, init, p->err);
}

static V *named(V *x, const char *name) {
    if (x)
        oc_value_set_name(x, name);
    return x;
}

V *oc__parts_conv(oc__parts *p, V *x, const char *name, const oc__layer *l) {
    int64_t in = oc__parts_size(p, x, 1), groups = OC_MAX(l->groups, 1), wide = l->kernel_w ? l->kernel_w : l->kernel;
    int64_t pad_w = l->kernel_w ? l->pad_w : l->pad;
    oc_shape shape = l->transposed ? OC_SHAPE(in, l->out / groups, l->kernel, wide) : OC_SHAPE(l->out, in / groups, l->kernel, wide);
    oc_init init = p->conv;
    if (p->fan_out && !l->transposed)
        init.fan_in = l->out * l->kernel * wide;
    V *weights = state(p, name, "weight", &shape, &init);
    V *bias = l->no_bias ? NULL : state(p, name, "bias", &OC_SHAPE(l->out), &oc_init_params(.value = l->bias));
    if (!x || !weights || (!bias && !l->no_bias))
        return NULL;
    oc_conv_params params = {.stride = {l->stride, l->stride}, .pad_begin = {l->pad, pad_w}, .pad_end = {l->pad, pad_w}, .groups = groups};
    const int64_t more[3] = {l->more, l->more};
    return named(l->transposed ? oc_conv_transpose(p->graph, x, weights, bias, &params, more, p->err)
                               : oc_conv2d(p->graph, x, weights, bias, &params, p->err), name);
}

V *oc__parts_dense(oc__parts *p, V *x, const char *name, int64_t out) {
    oc_init init = p->dense;
    init.transposed = true;
    V *weights = state(p, name, "weight", &OC_SHAPE(out, oc__parts_size(p, x, 1)), &init);
    V *bias = state(p, name, "bias", &OC_SHAPE(out), NULL);
    return named(x && bias ? oc_linear(p->graph, x, weights, bias, &oc_matmul_params(.trans_b = true), p->err) : NULL, name);
}

V *oc__parts_norm(oc__parts *p, V *x, const char *name) {
    oc_batch_norm_params params = {.epsilon = p->epsilon};
    oc_shape shape = OC_SHAPE(oc__parts_size(p, x, 1));
    V *scale = state(p, name, "weight", &shape, &oc_init_params(.value = 1));
    V *shift = state(p, name, "bias", &shape, NULL);
    V *mean = state(p, name, "running_mean", &shape, &oc_init_params(.frozen = true));
    V *variance = state(p, name, "running_var", &shape, &oc_init_params(.value = 1, .frozen = true));
    if (!x || !p->params->training)
        return named(oc_batch_norm(p->graph, x, scale, shift, mean, variance, &params, p->err), name);
    V *next_mean, *next_variance;
    V *y = oc_batch_norm_train(p->graph, x, scale, shift, mean, variance, &params, &next_mean, &next_variance, p->err);
    if (!y || oc_graph_update(p->graph, mean, next_mean, p->err) != OC_OK ||
        oc_graph_update(p->graph, variance, next_variance, p->err) != OC_OK)
        return NULL;
    return named(y, name);
}

V *oc__parts_conv_norm(oc__parts *p, V *x, const char *conv, const char *norm, const oc__layer *l) {
    oc__layer layer = *l;
    layer.no_bias = true;
    return oc__parts_relu(p, oc__parts_norm(p, oc__parts_conv(p, x, conv, &layer), norm));
}

V *oc__parts_unit(oc__parts *p, V *x, const char *name, const oc__layer *l) {
    const char *conv = oc__arena_printf(&p->graph->arena, "%s.conv", name), *norm = oc__arena_printf(&p->graph->arena, "%s.bn", name);
    if (!conv || !norm)
        return NULL;
    return p->conv_bias ? oc__parts_relu(p, oc__parts_conv(p, x, conv, l)) : oc__parts_conv_norm(p, x, conv, norm, l);
}

V *oc__parts_relu(oc__parts *p, V *x) {
    return oc_relu(p->graph, x, p->err);
}

V *oc__parts_max_pool(oc__parts *p, V *x, int64_t kernel, int64_t stride, int64_t pad, bool ceil_mode) {
    oc_pool_params pool = {.kernel = {kernel, kernel}, .stride = {stride, stride}, .pad_begin = {pad, pad}, .pad_end = {pad, pad},
                           .ceil_mode = ceil_mode};
    return oc_max_pool2d(p->graph, x, &pool, NULL, p->err);
}

V *oc__parts_avg_pool(oc__parts *p, V *x, int64_t kernel, int64_t stride, int64_t pad) {
    oc_pool_params pool = {.kernel = {kernel, kernel}, .stride = {stride, stride}, .pad_begin = {pad, pad}, .pad_end = {pad, pad},
                           .count_include_pad = true};
    return oc_avg_pool2d(p->graph, x, &pool, p->err);
}

V *oc__parts_join(oc__parts *p, V *const *values, size_t count) {
    return oc_concat(p->graph, values, count, 1, p->err);
}

V *oc__parts_lrn(oc__parts *p, V *x) {
    return oc_lrn(p->graph, x, &oc_lrn_params(.size = 5, .alpha = 1e-4f, .beta = 0.75f, .bias = 1), p->err);
}

V *oc__parts_dropout(oc__parts *p, V *x, float ratio) {
    if (!p->params->training || ratio <= 0)
        return x;
    oc_dropout_params params = {.ratio = ratio, .stream = (int64_t)p->graph->node_count};
    return oc_dropout(p->graph, x, oc_graph_random_counter(p->graph, p->err), &params, p->err);
}

V *oc__parts_head(oc__parts *p, V *x, const char *name, float ratio) {
    x = oc_flatten(p->graph, oc_global_avg_pool(p->graph, x, p->err), 1, p->err);
    return oc__parts_dense(p, oc__parts_dropout(p, x, ratio), name, p->params->outputs);
}

V *oc__parts_wide_head(oc__parts *p, V *x, const char *const names[3], bool dropout_first) {
    x = oc_flatten(p->graph, x, 1, p->err);
    for (int i = 0; i < 2; i++) {
        x = oc__parts_dropout(p, x, dropout_first ? 0.5f : 0);
        x = oc__parts_relu(p, oc__parts_dense(p, x, names[i], 4096));
        x = oc__parts_dropout(p, x, dropout_first ? 0 : 0.5f);
    }
    return oc__parts_dense(p, x, names[2], p->params->outputs);
}

void oc__parts_output(oc__parts *p, const char *name, V *x) {
    if (oc_graph_output(p->graph, name, x, p->err) != OC_OK)
        oc__graph_pass_error(p->graph, p->err);
}
