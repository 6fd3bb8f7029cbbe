/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients against difference quotients along directions. */
#include <math.h>

#include "train/gradcheck.h"

#define LONG_CHECK 2e10 /* multiply-adds of all losses: about a minute on the host */
#define FLOOR 1e-4      /* of the largest gradient's norm: what is nothing beside it, on the host */
#define DEVICE_FLOOR 1e-2

static double norm_of(const double *x, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

/* A direction of norm 1: the gradient where random bits are as wanted, and for the second half a share of a random direction. */
static void make_direction(const oc__gradcheck *c, uint64_t stream, int half, const double *gradient, int64_t count, double *d) {
    double norm = norm_of(gradient, count), share = norm > 0 && half == 0 ? 0 : norm > 0 ? 0.25 : 1;
    for (int64_t i = 0; i < count; i++) {
        bool mine = (oc__random_uniform(c->params.seed, 2 * stream + 1, (uint64_t)i) < 0.5f) == (half == 0) || count == 1;
        double random = oc__random_normal(c->params.seed, 2 * stream, (uint64_t)i) / sqrt((double)count);
        d[i] = (norm > 0 && mine ? gradient[i] / norm : 0) + share * random;
    }
    norm = norm_of(d, count);
    for (int64_t i = 0; i < count && norm > 0; i++)
        d[i] /= norm;
}

/* On the device a step that changes the loss by a share of the outputs' size: far above rounding, and below what bends most losses. */
static double step_of(const oc__gradcheck *c, double norm, int64_t count, double derivative) {
    double most = 5e-3 * fmax(norm, 0.1 * sqrt((double)count));
    return c->host ? 1e-5 : fmin(most, 2e-3 * c->size / (fabs(derivative) + c->floor));
}

/* (loss(w + h d) - loss(w - h d)) / 2 h */
static oc_status quotient_along(oc__gradcheck *c, const oc_value *state, const double *d, double derivative, double *out, oc_error *err) {
    int64_t count = oc_shape_count(&state->shape);
    double *w = c->values[state->id], losses[2], h = step_of(c, norm_of(w, count), count, derivative);
    double *kept = oc__alloc_array(c->context, (size_t)OC_MAX(count, 1), sizeof(*kept));
    if (!kept)
        return oc__fail_memory(c->context, err, (size_t)count * sizeof(*kept));
    oc_status status = OC_OK;
    for (int64_t i = 0; i < count; i++)
        kept[i] = w[i];
    for (int side = 0; status == OC_OK && side < 2; side++) {
        for (int64_t i = 0; i < count; i++)
            w[i] = kept[i] + (side ? -h : h) * d[i];
        status = oc__gradcheck_loss(c, state, &losses[side], err);
    }
    for (int64_t i = 0; i < count; i++)
        w[i] = kept[i];
    if (status == OC_OK && !c->host)
        status = oc__gradcheck_loss(c, state, out, err); /* puts the state back */
    oc__free(c->context, kept);
    *out = (losses[0] - losses[1]) / (2 * h);
    return status;
}

static oc_status check_half(oc__gradcheck *c, size_t number, int half, double *d, oc_gradcheck_row *row, oc_error *err) {
    const oc_value *state = c->forward->states[number];
    const double *gradient = (c->host ? c->gradients : c->device_gradients)[number];
    double derivative = 0, quotient = 0;
    make_direction(c, number, half, gradient, row->count, d);
    for (int64_t i = 0; i < row->count; i++)
        derivative += gradient[i] * d[i];
    OC_TRY(quotient_along(c, state, d, derivative, &quotient, err));
    double error = fabs(derivative - quotient) / (fabs(derivative) + c->floor);
    if (half == 1 && error <= row->error)
        return OC_OK;
    row->derivative = derivative;
    row->quotient = quotient;
    row->error = isnan(error) ? INFINITY : error;
    return OC_OK;
}

static double device_error(const oc__gradcheck *c, size_t number, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += pow(c->device_gradients[number][i] - c->gradients[number][i], 2);
    return sqrt(sum) / (norm_of(c->gradients[number], count) + c->floor);
}

static oc_status check_state(oc__gradcheck *c, size_t number, oc_gradcheck_row *row, oc_error *err) {
    const oc_value *state = c->forward->states[number];
    const double *gradient = (c->host ? c->gradients : c->device_gradients)[number];
    *row = (oc_gradcheck_row){.name = state->name, .count = oc_shape_count(&state->shape), .device_error = NAN};
    double *d = oc__alloc_array(c->context, (size_t)OC_MAX(row->count, 1), sizeof(*d));
    if (!d)
        return oc__fail_memory(c->context, err, (size_t)row->count * sizeof(*d));
    row->norm = norm_of(gradient, row->count);
    oc_status status = OC_OK;
    for (int half = 0; half < 2 && status == OC_OK && row->count > 0; half++)
        status = check_half(c, number, half, d, row, err);
    oc__free(c->context, d);
    if (c->host)
        row->device_error = device_error(c, number, row->count);
    row->right = row->error <= c->params.tolerance && (!c->host || row->device_error <= c->params.device_tolerance);
    return status;
}

static void set_floor(oc__gradcheck *c) {
    double largest = 0;
    for (size_t i = 0; i < c->forward->state_count; i++) {
        const double *gradient = (c->host ? c->gradients : c->device_gradients)[i];
        if (gradient)
            largest = fmax(largest, norm_of(gradient, oc_shape_count(&c->forward->states[i]->shape)));
    }
    c->floor = (c->host ? FLOOR : DEVICE_FLOOR) * (largest > 0 ? largest : 1);
}

static oc_status choose(oc__gradcheck *c, oc_error *err) {
    oc_summary *summary = NULL;
    double losses = 0;
    OC_TRY(oc_summary_create(&summary, c->forward, &(oc_plan_params){.no_fusion = true}, err));
    for (size_t i = 0; i < c->forward->state_count; i++)
        losses += oc__gradcheck_checked(c->forward->states[i]) ? 4 : 0;
    bool quick = losses * oc_summary_get_info(summary).macs <= LONG_CHECK;
    oc_summary_destroy(&summary);
    c->host = c->params.method == OC_GRADCHECK_HOST || (c->params.method == OC_GRADCHECK_AUTO && quick);
    if (c->params.tolerance <= 0)
        c->params.tolerance = c->host ? 1e-5 : 5e-2;
    return OC_OK;
}

static oc_status check_all(oc__gradcheck *c, const oc_graph *graph, oc_gradcheck_report report, void *user, size_t *wrong,
                           oc_error *err) {
    OC_TRY(oc__gradcheck_build(c, graph, err));
    OC_TRY(choose(c, err));
    OC_TRY(oc__gradcheck_start(c, err));
    set_floor(c);
    for (size_t i = 0; i < c->forward->state_count; i++) {
        oc_gradcheck_row row;
        if (!oc__gradcheck_checked(c->forward->states[i]))
            continue;
        OC_TRY(check_state(c, i, &row, err));
        *wrong += !row.right;
        if (report)
            report(user, &row);
    }
    return OC_OK;
}

oc_status oc_gradcheck(oc_device *device, const oc_graph *graph, const oc_gradcheck_params *params, oc_gradcheck_report report, void *user,
                       size_t *wrong, oc_error *err) {
    oc__gradcheck c = {.context = graph->context, .device = device, .params = params ? *params : (oc_gradcheck_params){0}};
    c.params.default_dim = c.params.default_dim ? c.params.default_dim : 2;
    if (c.params.device_tolerance <= 0)
        c.params.device_tolerance = 1e-3;
    *wrong = 0;
    oc_status status = check_all(&c, graph, report, user, wrong, err);
    oc__gradcheck_finish(&c);
    return status;
}
