/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizer steps in double precision, as PyTorch's SGD and Adam have them. */
#include <math.h>

#include "op/update.h"

typedef struct hyper {
    double lr, momentum, decay, beta1, beta2, epsilon, step, scale;
} hyper;

static void sgd(const hyper *h, bool nesterov, double p, double g, double m, double *new_p, double *new_m) {
    g = g / h->scale + h->decay * p;
    m = h->momentum * m + g;
    *new_p = p - h->lr * (nesterov ? g + h->momentum * m : m);
    *new_m = m;
}

static void adam(const hyper *h, double p, double g, double m, double v, double *new_p, double *new_m, double *new_v) {
    g = g / h->scale + h->decay * p;
    m = h->beta1 * m + (1 - h->beta1) * g;
    v = h->beta2 * v + (1 - h->beta2) * g * g;
    double first = m / (1 - pow(h->beta1, h->step)), second = v / (1 - pow(h->beta2, h->step));
    *new_p = p - h->lr * first / (sqrt(second) + h->epsilon);
    *new_m = m;
    *new_v = v;
}

oc_status oc__update_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                          oc_error *err) {
    (void)context, (void)err;
    const oc__update_params *params = problem->params;
    const double *x = in[0];
    hyper h = {x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7] == 0 ? 1 : x[7]};
    int n = params->count;
    for (int i = 0; i < n; i++) {
        int64_t count = oc__count(&problem->in[1 + i].shape);
        const double *p = in[1 + i], *g = in[1 + n + i], *m = in[1 + 2 * n + i];
        for (int64_t k = 0; k < count; k++) {
            if (problem->op == &oc__op_sgd_update)
                sgd(&h, params->nesterov, p[k], g[k], m[k], &out[i][k], &out[n + i][k]);
            else
                adam(&h, p[k], g[k], m[k], in[1 + 3 * n + i][k], &out[i][k], &out[n + i][k], &out[2 * n + i][k]);
        }
    }
    return OC_OK;
}
