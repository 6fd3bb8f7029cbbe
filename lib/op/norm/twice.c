/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient of batch normalization's gradient. With n = (x - m) r of the batch's mean m and inverse deviation r, M means over a
 * channel, the gradients are s r (d - M(d) - n M(d n)) for x, sums of d n and d for scale and bias. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "op/norm/norm.h"

typedef oc_value V;

/* Short forms: nodes of g's graph. */
#define ADD(x, y) oc_add(g->graph, x, y, err)
#define SUB(x, y) oc_sub(g->graph, x, y, err)
#define MUL(x, y) oc_mul(g->graph, x, y, err)
#define BY_CHANNEL(x) oc__norm_by_channel(g->graph, x, g->node->in[0]->shape.rank, err)
#define MEAN(x) oc_reduce_mean(g->graph, x, channels, err)

/* v - M(v) - n M(v n) */
static V *centered(oc__gradient *g, V *v, V *n, const oc_reduce_params *channels, oc_error *err) {
    return SUB(SUB(v, MEAN(v)), MUL(n, MEAN(MUL(v, n))));
}

/* What a change of x does to the gradient of x that arrives as a: all but the factor s r^2. */
static V *through_statistics(oc__gradient *g, V *a, V *d, V *n, const oc_reduce_params *channels, oc_error *err) {
    V *an = MEAN(MUL(a, n)), *dn = MEAN(MUL(d, n)), *three = oc_graph_scalar(g->graph, d->dtype, 3, err);
    V *inner = ADD(SUB(MUL(MEAN(a), MEAN(d)), MEAN(MUL(a, d))), MUL(three, MUL(an, dn)));
    return ADD(MUL(n, inner), ADD(MUL(an, SUB(MEAN(d), d)), MUL(dn, SUB(MEAN(a), a))));
}

oc_status oc__norm_bwd_gradient(oc__gradient *g, oc_error *err) {
    V *const *in = g->node->in, *a = g->diff_out[0], *d = in[4];
    int rank = in[0]->shape.rank;
    const oc_reduce_params kept = oc__norm_axes(rank, true), gone = oc__norm_axes(rank, false), *channels = &kept;
    V *scale = BY_CHANNEL(in[1]), *inverse = BY_CHANNEL(in[3]);
    V *n = MUL(SUB(in[0], BY_CHANNEL(in[2])), inverse);
    V *for_scale = BY_CHANNEL(g->diff_out[1]), *for_bias = BY_CHANNEL(g->diff_out[2]), *dx = NULL, *dd = NULL;
    if (a) {
        dx = MUL(MUL(scale, MUL(inverse, inverse)), through_statistics(g, a, d, n, channels, err));
        dd = MUL(MUL(scale, inverse), centered(g, a, n, channels, err));
        if (g->wanted[1])
            g->diff_in[1] = oc_reduce_sum(g->graph, MUL(a, MUL(inverse, centered(g, d, n, channels, err))), &gone, err);
    }
    if (for_scale) {
        V *more = MUL(for_scale, MUL(inverse, centered(g, d, n, channels, err)));
        dx = dx ? ADD(dx, more) : more;
        dd = dd ? ADD(dd, MUL(for_scale, n)) : MUL(for_scale, n);
    }
    if (for_bias)
        dd = dd ? ADD(dd, for_bias) : oc__node2(g->graph, &oc__op_broadcast_like, NULL, for_bias, d, err);
    g->diff_in[0] = g->wanted[0] ? dx : NULL; /* all of it: mean and deviation are x's own */
    g->diff_in[4] = g->wanted[4] ? dd : NULL;
    return g->graph->error.status;
}
