/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizer steps in double precision, as PyTorch has them. */
#include <math.h>

#include <ocelli/train.h>

#include "op/update.h"

typedef struct hyper {
    double lr, momentum, decay, beta1, beta2, epsilon, step, scale, l1;
} hyper;

/* An element of a parameter, its gradient and its moments, which become the next ones. */
typedef struct element {
    double p, g, m, v;
} element;

static void sgd(const hyper *h, bool nesterov, element *e) {
    e->m = h->momentum * e->m + e->g;
    e->p -= h->lr * (nesterov ? e->g + h->momentum * e->m : e->m);
}

static void adam(const hyper *h, element *e) {
    e->m = h->beta1 * e->m + (1 - h->beta1) * e->g;
    e->v = h->beta2 * e->v + (1 - h->beta2) * e->g * e->g;
    double first = e->m / (1 - pow(h->beta1, h->step)), second = e->v / (1 - pow(h->beta2, h->step));
    e->p -= h->lr * first / (sqrt(second) + h->epsilon);
}

static void adagrad(const hyper *h, element *e) {
    e->m += e->g * e->g;
    e->p -= h->lr * e->g / (sqrt(e->m) + h->epsilon);
}

static void rmsprop(const hyper *h, element *e) {
    e->v = h->beta2 * e->v + (1 - h->beta2) * e->g * e->g;
    e->m = h->momentum * e->m + e->g / (sqrt(e->v) + h->epsilon);
    e->p -= h->lr * e->m;
}

/* The gradient with what regularizers add; AdamW takes its decay from the parameter instead. */
static void regularize(const hyper *h, const oc__problem *problem, element *e) {
    const oc__update_params *params = problem->params;
    e->g = e->g / h->scale + (params->l1 ? h->l1 * ((e->p > 0) - (e->p < 0)) : 0);
    if (problem->op == &oc__op_adamw_update)
        e->p *= 1 - h->lr * h->decay;
    else
        e->g += h->decay * e->p;
}

static void update(const hyper *h, const oc__problem *problem, element *e) {
    regularize(h, problem, e);
    if (problem->op == &oc__op_sgd_update)
        sgd(h, ((const oc__update_params *)problem->params)->nesterov, e);
    else if (problem->op == &oc__op_adagrad_update)
        adagrad(h, e);
    else if (problem->op == &oc__op_rmsprop_update)
        rmsprop(h, e);
    else
        adam(h, e);
}

oc_status oc__update_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                          oc_error *err) {
    (void)context, (void)err;
    const double *x = in[0];
    const hyper h = {x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7] == 0 ? 1 : x[7], x[8]};
    int n = ((const oc__update_params *)problem->params)->count;
    bool two = oc__update_kinds(problem->op) == 4;
    for (int i = 0; i < n; i++) {
        int64_t count = oc__count(&problem->in[1 + i].shape);
        for (int64_t k = 0; k < count; k++) {
            element e = {in[1 + i][k], in[1 + n + i][k], in[1 + 2 * n + i][k], two ? in[1 + 3 * n + i][k] : 0};
            update(&h, problem, &e);
            out[i][k] = e.p;
            out[n + i][k] = e.m;
            if (two)
                out[2 * n + i][k] = e.v;
        }
    }
    return OC_OK;
}
