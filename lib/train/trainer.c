/* SPDX-License-Identifier: Apache-2.0 */
/* A trainer: the network with its loss and update, its state, and where it is. */
#include "train/trainer.h"

#include <ocelli/op/eltwise.h>
#include <ocelli/op/loss.h>
#include <ocelli/op/reduce.h>
#include <stdio.h>
#include <string.h>

/* Losses of the samples; the label input is made to fit the logits. */
static oc_value *add_losses(oc_trainer *t, oc_value *logits, oc_error *err) {
    oc_graph *graph = t->graph;
    oc_shape shape = logits->shape;
    if (t->params.loss == OC_LOSS_SOFTMAX_CROSS_ENTROPY) {
        oc_value *label = oc_graph_input(graph, OC_LABEL_NAME, OC_I64, &OC_SHAPE(shape.dims[0]), err);
        t->label_dtype = OC_I64;
        t->label_shape = OC_SCALAR;
        return oc_softmax_cross_entropy(graph, logits, label, err);
    }
    oc_value *label = oc_graph_input(graph, OC_LABEL_NAME, OC_F32, &shape, err);
    oc_value *difference = oc_sub(graph, logits, label, err);
    oc_reduce_params axes = {.axis_count = shape.rank - 1};
    t->label_dtype = OC_F32;
    t->label_shape.rank = shape.rank - 1;
    for (int i = 1; i < shape.rank; i++) {
        axes.axes[i - 1] = i;
        t->label_shape.dims[i - 1] = shape.dims[i];
    }
    oc_value *squares = oc_mul(graph, difference, difference, err);
    return shape.rank > 1 ? oc_reduce_mean(graph, squares, &axes, err) : squares;
}

/* Outputs "gradient:NAME" cost nothing until they are read. */
static oc_status name_gradients(oc_trainer *t, oc_value *const *gradients, oc_error *err) {
    int at = 0;
    for (size_t i = 0; i < t->network->state_count; i++) {
        const oc_value *state = t->network->states[i];
        if (state->init.frozen || state->dtype != OC_F32)
            continue;
        const char *name = oc__arena_printf(&t->graph->arena, "gradient:%s", state->name);
        if (!name)
            return oc__fail_memory(t->context, err, 64);
        OC_TRY(oc_graph_output(t->graph, name, gradients[at++], err));
    }
    return OC_OK;
}

static oc_status check_network(const oc_trainer *t, oc_error *err) {
    const oc_graph *n = t->network;
    if (n->input_count != 1 || n->output_count < 1)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "a network to be trained needs one input and at least one output; this one "
                        "has %zu and %zu", n->input_count, n->output_count);
    if (n->inputs[0]->dtype != OC_F32 || n->inputs[0]->shape.rank < 1 || n->outputs[0].value->dtype != OC_F32 ||
        n->outputs[0].value->shape.rank < 1)
        return oc__fail(t->context, err, OC_ERROR_SHAPE, "the network's input and first output must be f32 and have a batch axis");
    return n->inputs[0]->shape.dims[0] == n->outputs[0].value->shape.dims[0]
               ? OC_OK
               : oc__fail(t->context, err, OC_ERROR_SHAPE,
                          "the first axis of output %s is not the batch: the network has its batch size built in (a reshape to "
                          "numbers)", n->outputs[0].name);
}

static oc_status build(oc_trainer *t, const oc_graph *network, oc_error *err) {
    oc__copy_params copy = {.batch = "batch", .no_updates = false};
    OC_TRY(oc__graph_copy(&t->network, network, &copy, err));
    OC_TRY(check_network(t, err));
    OC_TRY(oc__graph_copy(&t->graph, t->network, &(oc__copy_params){0}, err));
    oc_value **gradients = oc__arena_alloc(&t->graph->arena, sizeof(*gradients) * OC_MAX(t->graph->state_count, (size_t)1));
    if (!gradients)
        return oc__fail_memory(t->context, err, sizeof(*gradients) * t->graph->state_count);
    t->input = t->network->inputs[0]->name;
    t->output = t->network->outputs[0].name;
    oc_value *losses = add_losses(t, t->graph->outputs[0].value, err);
    OC_TRY(oc_graph_output(t->graph, OC_LOSSES_NAME, losses, err));
    oc_value *loss = oc_reduce_mean(t->graph, losses, NULL, err);
    OC_TRY(oc_graph_output(t->graph, OC_LOSS_NAME, loss, err));
    OC_TRY(oc_minimize(t->graph, loss, &t->params.optimizer, gradients, err));
    OC_TRY(name_gradients(t, gradients, err));
    return oc_state_create(&t->state, t->device, t->graph, t->params.seed, err);
}

oc_status oc_trainer_create(oc_trainer **out, oc_device *device, const oc_graph *network, const oc_trainer_params *params,
                            oc_error *err) {
    oc_context *context = oc__device_context(device);
    oc_trainer *t = oc__alloc(context, sizeof(*t));
    if (!t)
        return oc__fail_memory(context, err, sizeof(*t));
    t->context = context;
    t->device = device;
    t->params = params ? *params : (oc_trainer_params){0};
    t->params.batch = t->params.batch ? t->params.batch : 64;
    t->params.image_scale = t->params.image_scale != 0 ? t->params.image_scale : 1.0f / 255;
    t->order_epoch = -1;
    oc_status status = t->params.batch < 1 ? oc__fail(context, err, OC_ERROR_INVALID, "a batch of %lld samples is not possible",
                                                      (long long)t->params.batch)
                                           : build(t, network, err);
    if (status == OC_OK)
        *out = t;
    else
        oc_trainer_destroy(&t);
    return status;
}

void oc_trainer_destroy(oc_trainer **handle) {
    if (!handle || !*handle)
        return;
    oc_trainer *t = *handle;
    *handle = NULL;
    for (size_t i = 0; i < t->batch_count; i++)
        oc__batch_finish(&t->batches[i]);
    oc_state_destroy(&t->state);
    oc_graph_destroy(&t->graph);
    oc_graph_destroy(&t->network);
    oc__free(t->context, t->batches);
    oc__free(t->context, t->order);
    oc__free(t->context, t);
}

oc_status oc__trainer_run(oc_trainer *t, oc__batch *batch, double *loss, oc_error *err) {
    oc_optimizer_hyper(&t->params.optimizer, t->step + 1, oc_tensor_get_data(batch->hyper));
    const oc_binding in[] = {{t->input, batch->image}, {OC_LABEL_NAME, batch->label}, {OC_HYPER_NAME, batch->hyper}};
    const oc_binding out[] = {{OC_LOSS_NAME, batch->loss}};
    OC_TRY(oc_exec_run(batch->exec, in, 3, out, 1, err));
    t->step++;
    t->last = batch;
    *loss = *(const float *)oc_tensor_get_data(batch->loss);
    return OC_OK;
}

oc_status oc_trainer_step(oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, double *loss, oc_error *err) {
    int64_t samples;
    oc__batch *batch;
    double own;
    OC_TRY(oc__data_check(t, images, labels, &samples, err));
    OC_TRY(oc__batch_get(t, samples, true, &batch, err));
    OC_TRY(oc__batch_fill(t, batch, images, labels, NULL, 0, err));
    return oc__trainer_run(t, batch, loss ? loss : &own, err);
}

oc_status oc_trainer_read_gradient(oc_trainer *t, const char *name, oc_tensor *gradient, oc_error *err) {
    char text[512];
    if (!t->last)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "there are no gradients before the first step");
    snprintf(text, sizeof(text), "gradient:%s", name);
    return oc__exec_read(t->last->exec, text, gradient, err);
}

oc_status oc_trainer_set_optimizer(oc_trainer *t, const oc_optimizer *optimizer, oc_error *err) {
    if (optimizer->kind != t->params.optimizer.kind || optimizer->nesterov != t->params.optimizer.nesterov)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "the kind of an optimizer cannot be changed");
    t->params.optimizer = *optimizer;
    return OC_OK;
}

oc_state *oc_trainer_get_state(oc_trainer *t) {
    return t->state;
}

const oc_graph *oc_trainer_get_graph(const oc_trainer *t) {
    return t->network;
}
