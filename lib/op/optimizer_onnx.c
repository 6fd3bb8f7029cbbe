/* SPDX-License-Identifier: Apache-2.0 */
/* Adagrad, Adam and Momentum of the domain ai.onnx.preview.training: R, T, then the values, gradients and moments of each. */
#include <string.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/shape.h>

#include "op/onnx_rule.h"
#include "op/room.h"

typedef oc_value V;

/* A step of one value. */
typedef struct stepper {
    const oc__onnx_reading *reading;
    oc_graph *graph;
    oc_error *err;
    V *rate, *time, *x, *g;
    oc_dtype dtype;
} stepper;

static V *number(const stepper *s, double value) {
    return oc_graph_scalar(s->graph, s->dtype, value, s->err);
}
static double attr(const stepper *s, const char *name, double otherwise) {
    return oc__onnx_attr_float(s->reading->node, name, otherwise);
}
static V *add(const stepper *s, V *a, V *b) {
    return oc_add(s->graph, a, b, s->err);
}
static V *mul(const stepper *s, V *a, V *b) {
    return oc_mul(s->graph, a, b, s->err);
}
static V *scaled(const stepper *s, V *x, double by) {
    return mul(s, x, number(s, by));
}
static V *minus(const stepper *s, V *a, V *b) {
    return oc_sub(s->graph, a, b, s->err);
}
static V *by_root(const stepper *s, V *x, V *square, double epsilon) {
    return oc_div(s->graph, x, add(s, oc_sqrt(s->graph, square, s->err), number(s, epsilon)), s->err);
}
/* What the first step has instead. */
static V *after_first(const stepper *s, V *later, V *first) {
    return oc_where(s->graph, oc_greater(s->graph, s->time, number(s, 0), s->err), later, first, s->err);
}

static V *adagrad(const stepper *s, V *const *old, V **moments) {
    V *slowness = add(s, scaled(s, s->time, attr(s, "decay_factor", 0)), number(s, 1));
    moments[0] = add(s, old[0], mul(s, s->g, s->g));
    V *step = by_root(s, s->g, moments[0], attr(s, "epsilon", 1e-6));
    return minus(s, s->x, mul(s, oc_div(s->graph, s->rate, slowness, s->err), step));
}

static V *adam(const stepper *s, V *const *old, V **moments) {
    double a = attr(s, "alpha", 0.9), b = attr(s, "beta", 0.999);
    V *one = number(s, 1);
    moments[0] = add(s, scaled(s, old[0], a), scaled(s, s->g, 1 - a));
    moments[1] = add(s, scaled(s, old[1], b), scaled(s, mul(s, s->g, s->g), 1 - b));
    V *root = oc_sqrt(s->graph, minus(s, one, oc_pow(s->graph, number(s, b), s->time, s->err)), s->err);
    V *bias = oc_div(s->graph, root, minus(s, one, oc_pow(s->graph, number(s, a), s->time, s->err)), s->err);
    V *rate = after_first(s, mul(s, s->rate, bias), s->rate);
    V *x = minus(s, s->x, mul(s, rate, by_root(s, moments[0], moments[1], attr(s, "epsilon", 1e-6))));
    return scaled(s, x, 1 - attr(s, "norm_coefficient_post", 0));
}

static V *momentum(const stepper *s, V *const *old, V **moments) {
    double a = attr(s, "alpha", 0);
    bool nesterov = strcmp(oc__onnx_attr_text(s->reading->node, "mode", "standard"), "nesterov") == 0;
    V *weight = after_first(s, number(s, attr(s, "beta", 1)), number(s, 1));
    moments[0] = add(s, scaled(s, old[0], a), mul(s, weight, s->g));
    V *step = nesterov ? add(s, s->g, scaled(s, moments[0], a)) : moments[0];
    return minus(s, s->x, mul(s, s->rate, step));
}

static oc_status read_optimizer(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const char *type = reading->node->type;
    int moments = strcmp(type, "Adam") == 0 ? 2 : 1, count = (reading->node->in_count - 2) / (2 + moments);
    V *const *in = reading->in + 2;
    (void)memory;
    if (count < 1 || reading->node->in_count != 2 + count * (2 + moments) || reading->node->out_count != count * (1 + moments))
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "%d inputs and %d outputs do not fit", reading->node->in_count,
                               reading->node->out_count);
    for (int i = 0; i < count; i++) {
        stepper s = {.reading = reading, .graph = reading->graph, .err = err, .x = in[i], .dtype = in[i]->dtype};
        V *old[2] = {in[2 * count + i], moments > 1 ? in[3 * count + i] : NULL}, *now[2] = {NULL, NULL};
        s.rate = oc_cast(s.graph, reading->in[0], s.dtype, err);
        s.time = oc_cast(s.graph, reading->in[1], s.dtype, err);
        s.g = add(&s, in[count + i], scaled(&s, s.x, attr(&s, "norm_coefficient", 0)));
        V *x = moments > 1 ? adam(&s, old, now) : strcmp(type, "Adagrad") == 0 ? adagrad(&s, old, now) : momentum(&s, old, now);
        OC_TRY(oc__gave(s.graph, x));
        reading->out[i] = x;
        for (int k = 0; k < moments; k++)
            reading->out[(k + 1) * count + i] = now[k];
    }
    return OC_OK;
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_HOOK("alpha"),        OC_ONNX_ATTR_HOOK("beta"),
                                           OC_ONNX_ATTR_HOOK("epsilon"),      OC_ONNX_ATTR_HOOK("norm_coefficient"),
                                           OC_ONNX_ATTR_HOOK("norm_coefficient_post"), OC_ONNX_ATTR_HOOK("decay_factor"),
                                           OC_ONNX_ATTR_HOOK("mode"),         {NULL}};

#define OPTIMIZER(type_) \
    {.type = type_, .domain = "ai.onnx.preview.training", .since = 1, .in_min = 5, .in_max = OC_VARIADIC, .out_max = OC_VARIADIC, \
     .use = OC_ONNX_READ_ONLY, .attrs = attrs, .read = read_optimizer}

extern const oc__onnx_rule oc__optimizer_onnx[];
const oc__onnx_rule oc__optimizer_onnx[] = {OPTIMIZER("Adagrad"), OPTIMIZER("Adam"), OPTIMIZER("Momentum"), {NULL}};
