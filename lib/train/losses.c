/* SPDX-License-Identifier: Apache-2.0 */
/* The losses of the samples, as nodes; the label input is made to fit the logits. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/loss.h>
#include <ocelli/op/reduce.h>

#include "train/trainer.h"

typedef oc_value V;

/* The mean over all axes but the first. */
static V *sample_means(oc_graph *graph, V *x, oc_error *err) {
    oc_reduce_params axes = {.axis_count = x ? x->shape.rank - 1 : 0};
    for (int i = 0; i < axes.axis_count; i++)
        axes.axes[i] = i + 1;
    return x && x->shape.rank > 1 ? oc_reduce_mean(graph, x, &axes, err) : x;
}

/* Label shapes without the batch: those of the logits, but for axis `without` (0: none). */
static void set_label(oc_trainer *t, const oc_shape *logits, int without, oc_dtype dtype) {
    t->label_dtype = dtype;
    t->label_shape = (oc_shape){0, {0}};
    for (int i = 1; i < logits->rank; i++)
        if (i != without)
            t->label_shape.dims[t->label_shape.rank++] = logits->dims[i];
}

static V *cross_entropy(oc_trainer *t, V *logits, oc_error *err) {
    oc_shape shape = {logits->shape.rank - 1, {logits->shape.dims[0]}};
    for (int i = 1; i < shape.rank; i++)
        shape.dims[i] = logits->shape.dims[i + 1];
    V *label = oc_graph_input(t->graph, OC_LABEL_NAME, OC_I64, &shape, err);
    set_label(t, &logits->shape, 1, OC_I64);
    if (shape.rank == 1)
        return oc_softmax_cross_entropy(t->graph, logits, label, err);
    oc_nll_params each = {.reduction = OC_REDUCTION_NONE};
    return sample_means(t->graph, oc_cross_entropy(t->graph, logits, label, NULL, &each, err), err);
}

/* d^2 / 2 for d = |x| up to 1, d - 1/2 beyond: with c = min(d, 1), c (d - c / 2). */
static V *huber(oc_graph *graph, V *x, oc_error *err) {
    V *d = oc_abs(graph, x, err), *c = oc_min(graph, d, oc_graph_scalar(graph, OC_F32, 1, err), err);
    V *half = oc_mul(graph, c, oc_graph_scalar(graph, OC_F32, 0.5, err), err);
    return oc_mul(graph, c, oc_sub(graph, d, half, err), err);
}

/* Of logits x and probabilities p: log(1 + exp(x)) - p x. */
static V *binary(oc_graph *graph, V *x, V *p, oc_error *err) {
    return oc_sub(graph, oc_softplus(graph, x, err), oc_mul(graph, p, x, err), err);
}

V *oc__trainer_losses(oc_trainer *t, V *logits, oc_error *err) {
    oc_graph *graph = t->graph;
    if (t->params.loss == OC_LOSS_SOFTMAX_CROSS_ENTROPY && logits->shape.rank > 1)
        return cross_entropy(t, logits, err);
    V *label = oc_graph_input(graph, OC_LABEL_NAME, OC_F32, &logits->shape, err);
    V *difference = oc_sub(graph, logits, label, err);
    set_label(t, &logits->shape, 0, OC_F32);
    switch (t->params.loss) {
    case OC_LOSS_MSE:
        return sample_means(graph, oc_mul(graph, difference, difference, err), err);
    case OC_LOSS_ABSOLUTE:
        return sample_means(graph, oc_abs(graph, difference, err), err);
    case OC_LOSS_HUBER:
        return sample_means(graph, huber(graph, difference, err), err);
    case OC_LOSS_BINARY_CROSS_ENTROPY:
        return sample_means(graph, binary(graph, logits, label, err), err);
    default:
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "loss %d is none, or needs an output with an axis of classes", (int)t->params.loss);
    }
}
