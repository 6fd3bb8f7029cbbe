/* SPDX-License-Identifier: Apache-2.0 */
/* Derivatives of functions of one operand as nodes, which have derivatives themselves. */
#include <ocelli/op/eltwise.h>

#include "op/eltwise/eltwise.h"

typedef oc_value V;

/* Short forms: a node of g's graph. */
#define OP1(op, x) oc__graph_node1(g->graph, &oc__op_##op, NULL, (V *[]){x}, 1, err)
#define OP2(op, x, y) oc__node2(g->graph, &oc__op_##op, NULL, x, y, err)
#define NUMBER(value) oc_graph_scalar(g->graph, g->node->in[0]->dtype, value, err)
#define ADD(x, y) OP2(add, x, y)
#define SUB(x, y) OP2(sub, x, y)
#define MUL(x, y) OP2(mul, x, y)
#define SQUARE(x) OP2(mul, x, x)
#define WHERE(c, x, y) oc__node3(g->graph, &oc__op_where, NULL, c, x, y, err)

typedef V *(*derivative)(oc__gradient *g, V *x, const oc_eltwise_params *p, oc_error *err);
#define DERIVATIVE(name, value) \
    static V *d_##name(oc__gradient *g, V *x, const oc_eltwise_params *p, oc_error *err) { \
        (void)p, (void)x; \
        return value; \
    }

/* 1 / sqrt(inside) */
static V *rsqrt(oc__gradient *g, V *inside, oc_error *err) {
    return OP1(reciprocal, OP1(sqrt, inside));
}

/* `below` for x < 0, and `above`; what is computed of min(x, 0) stays finite. */
static V *negative(oc__gradient *g, V *x, oc_error *err) {
    return OP2(min, x, NUMBER(0));
}

static V *split(oc__gradient *g, V *x, V *below, V *above, oc_error *err) {
    return WHERE(OP2(less, x, NUMBER(0)), below, above);
}

DERIVATIVE(sin, OP1(cos, x))
DERIVATIVE(cos, OP1(neg, OP1(sin, x)))
DERIVATIVE(tan, ADD(SQUARE(g->node->out[0]), NUMBER(1)))
DERIVATIVE(asin, rsqrt(g, SUB(NUMBER(1), SQUARE(x)), err))
DERIVATIVE(acos, OP1(neg, rsqrt(g, SUB(NUMBER(1), SQUARE(x)), err)))
DERIVATIVE(atan, OP1(reciprocal, ADD(SQUARE(x), NUMBER(1))))
DERIVATIVE(sinh, OP1(cosh, x))
DERIVATIVE(cosh, OP1(sinh, x))
DERIVATIVE(asinh, rsqrt(g, ADD(SQUARE(x), NUMBER(1)), err))
DERIVATIVE(acosh, rsqrt(g, SUB(SQUARE(x), NUMBER(1)), err))
DERIVATIVE(atanh, OP1(reciprocal, SUB(NUMBER(1), SQUARE(x))))
DERIVATIVE(erf, MUL(NUMBER(1.12837916709551257390), OP1(exp, OP1(neg, SQUARE(x)))))
DERIVATIVE(softplus, OP1(sigmoid, x))
DERIVATIVE(softsign, OP1(reciprocal, SQUARE(ADD(OP1(abs, x), NUMBER(1)))))
DERIVATIVE(elu, split(g, x, MUL(NUMBER(p->alpha), OP1(exp, negative(g, x, err))), NUMBER(1), err))
DERIVATIVE(selu, MUL(NUMBER(p->beta), d_elu(g, x, p, err)))
DERIVATIVE(celu, split(g, x, OP1(exp, MUL(NUMBER(1 / p->alpha), negative(g, x, err))), NUMBER(1), err))
DERIVATIVE(thresholded_relu, WHERE(OP2(greater, x, NUMBER(p->alpha)), NUMBER(1), NUMBER(0)))
DERIVATIVE(shrink, WHERE(OP2(greater, OP1(abs, x), NUMBER(p->alpha)), NUMBER(1), NUMBER(0)))

/* Phi(x) + x phi(x), of the normal distribution */
static V *d_gelu(oc__gradient *g, V *x, const oc_eltwise_params *p, oc_error *err) {
    V *phi = MUL(NUMBER(0.39894228040143267794), OP1(exp, MUL(NUMBER(-0.5), SQUARE(x))));
    V *cumulative = MUL(NUMBER(0.5), ADD(NUMBER(1), OP1(erf, MUL(NUMBER(0.70710678118654752440), x))));
    (void)p;
    return ADD(cumulative, MUL(x, phi));
}

static V *d_gelu_tanh(oc__gradient *g, V *x, const oc_eltwise_params *p, oc_error *err) {
    const double c = 0.79788456080286535588, k = 0.044715;
    V *square = SQUARE(x);
    V *t = OP1(tanh, MUL(x, ADD(NUMBER(c), MUL(NUMBER(c * k), square))));
    V *inner = ADD(NUMBER(0.5 * c), MUL(NUMBER(1.5 * c * k), square));
    (void)p;
    return ADD(MUL(NUMBER(0.5), ADD(NUMBER(1), t)), MUL(MUL(x, inner), SUB(NUMBER(1), SQUARE(t))));
}

static V *d_swish(oc__gradient *g, V *x, const oc_eltwise_params *p, oc_error *err) {
    V *ax = MUL(NUMBER(p->alpha), x), *s = OP1(sigmoid, ax);
    return ADD(s, MUL(ax, MUL(s, SUB(NUMBER(1), s))));
}

/* alpha inside of 0 … 1 */
static V *d_hard_sigmoid(oc__gradient *g, V *x, const oc_eltwise_params *p, oc_error *err) {
    V *line = ADD(MUL(NUMBER(p->alpha), x), NUMBER(p->beta));
    V *inside = OP2(logical_and, OP2(greater, line, NUMBER(0)), OP2(less, line, NUMBER(1)));
    return WHERE(inside, NUMBER(p->alpha), NUMBER(0));
}

static V *d_hard_swish(oc__gradient *g, V *x, const oc_eltwise_params *p, oc_error *err) {
    V *line = ADD(MUL(NUMBER(1.0 / 3), x), NUMBER(0.5));
    V *above = WHERE(OP2(greater_equal, x, NUMBER(3)), NUMBER(1), line);
    (void)p;
    return WHERE(OP2(less_equal, x, NUMBER(-3)), NUMBER(0), above);
}

static V *d_mish(oc__gradient *g, V *x, const oc_eltwise_params *p, oc_error *err) {
    V *t = OP1(tanh, OP1(softplus, x));
    (void)p;
    return ADD(t, MUL(MUL(x, OP1(sigmoid, x)), SUB(NUMBER(1), SQUARE(t))));
}

static const struct {
    const oc__op *op;
    derivative derivative;
} derivatives[] = {
#define ROW(name) {&oc__op_##name, d_##name},
    ROW(sin) ROW(cos) ROW(tan) ROW(asin) ROW(acos) ROW(atan) ROW(sinh) ROW(cosh) ROW(asinh) ROW(acosh) ROW(atanh) ROW(erf)
    ROW(softplus) ROW(softsign) ROW(elu) ROW(selu) ROW(celu) ROW(gelu) ROW(gelu_tanh) ROW(swish) ROW(hard_sigmoid) ROW(hard_swish)
    ROW(mish) ROW(thresholded_relu) ROW(shrink)
#undef ROW
};

oc_status oc__eltwise_grad_chain(oc__gradient *g, oc_error *err) {
    for (size_t i = 0; i < OC_COUNT(derivatives); i++) {
        if (derivatives[i].op != g->node->op)
            continue;
        V *slope = derivatives[i].derivative(g, g->node->in[0], g->node->params, err);
        return oc__eltwise_give(g, 0, MUL(g->diff_out[0], slope), err);
    }
    return oc__fail(g->graph->context, err, OC_ERROR_INTERNAL, "%s has no derivative", g->node->op->name);
}

oc_status oc__eltwise_grad_zero(oc__gradient *g, oc_error *err) {
    (void)g, (void)err;
    return OC_OK;
}

oc_status oc__eltwise_grad_prelu(oc__gradient *g, oc_error *err) {
    V *x = g->node->in[0], *slope = g->node->in[1];
    if (g->wanted[0])
        OC_TRY(oc__eltwise_give(g, 0, MUL(g->diff_out[0], split(g, x, slope, NUMBER(1), err)), err));
    return g->wanted[1] ? oc__eltwise_give(g, 1, MUL(g->diff_out[0], negative(g, x, err)), err) : OC_OK;
}

/* x - n y with n whole: the slopes are 1 and -n. */
oc_status oc__eltwise_grad_mod(oc__gradient *g, oc_error *err) {
    V *x = g->node->in[0], *y = g->node->in[1];
    if (g->wanted[0])
        OC_TRY(oc__eltwise_give(g, 0, g->diff_out[0], err));
    if (!g->wanted[1])
        return OC_OK;
    V *n = OP1(round, OP2(div, SUB(g->node->out[0], x), y));
    return oc__eltwise_give(g, 1, MUL(g->diff_out[0], n), err);
}
