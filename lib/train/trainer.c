/* SPDX-License-Identifier: Apache-2.0 */
/* A trainer: the network with its loss and update, its state, and where it is. */
#include "train/trainer.h"

#include <ocelli/op/reduce.h>
#include <stdio.h>
#include <string.h>

#include "train/minimize.h"
#include "train/shadow.h"

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

/* The network with losses, gradients and what becomes of them. Summed gradients are those of the sum of losses. */
static oc_status build_graph(oc_trainer *t, oc_graph **out, oc__minimize_kind kind, oc_error *err) {
    OC_TRY(oc__graph_copy(out, t->network, &(oc__copy_params){0}, err));
    oc_graph *graph = t->graph = *out;
    oc_value **gradients = oc__arena_alloc(&graph->arena, sizeof(*gradients) * OC_MAX(graph->state_count, (size_t)1));
    if (!gradients)
        return oc__fail_memory(t->context, err, sizeof(*gradients) * graph->state_count);
    oc_value *losses = oc__trainer_losses(t, graph->outputs[0].value, err);
    OC_TRY(oc_graph_output(graph, OC_LOSSES_NAME, losses, err));
    oc_value *loss = oc_reduce_mean(graph, losses, NULL, err);
    OC_TRY(oc_graph_output(graph, OC_LOSS_NAME, loss, err));
    loss = kind == OC_MINIMIZE_NOW ? loss : oc_reduce_sum(graph, losses, NULL, err);
    OC_TRY(oc__minimize(graph, loss, &t->params.optimizer, kind, gradients, err));
    return kind == OC_MINIMIZE_GATHER ? OC_OK : name_gradients(t, gradients, err);
}

static oc_status build(oc_trainer *t, const oc_graph *network, oc_error *err) {
    oc__copy_params copy = {.batch = "batch", .no_updates = false};
    OC_TRY(oc__graph_copy(&t->network, network, &copy, err));
    OC_TRY(check_network(t, err));
    t->input = t->network->inputs[0]->name;
    t->output = t->network->outputs[0].name;
    oc_status status = OC_OK;
    if (t->params.accumulate > 1)
        status = build_graph(t, &t->gather, OC_MINIMIZE_GATHER, err);
    t->graph = NULL;
    OC_TRY(status);
    OC_TRY(build_graph(t, &t->graph, t->params.accumulate > 1 ? OC_MINIMIZE_GATHERED : OC_MINIMIZE_NOW, err));
    return oc_state_create(&t->state, t->device, t->graph, t->params.seed, err);
}

static oc_status check_params(const oc_trainer *t, oc_error *err) {
    const oc_trainer_params *p = &t->params;
    if (p->batch < 1)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "a batch of %lld samples is not possible", (long long)p->batch);
    if (p->accumulate < 1)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "%lld batches a step are not possible", (long long)p->accumulate);
    if (p->shadow_steps < 0 || !(p->wait_limit >= 0))
        return oc__fail(t->context, err, OC_ERROR_INVALID, "a copy of the state every %lld steps, or a limit of %g s, is not possible",
                        (long long)p->shadow_steps, p->wait_limit);
    if (p->schedule.warmup < 0 || (p->schedule.kind != OC_SCHEDULE_CONSTANT && p->schedule.steps < 1))
        return oc__fail(t->context, err, OC_ERROR_INVALID, "a schedule of %lld steps behind a warm-up of %lld is not possible",
                        (long long)p->schedule.steps, (long long)p->schedule.warmup);
    return OC_OK;
}

oc_status oc_trainer_create(oc_trainer **out, oc_device *device, const oc_graph *network, const oc_trainer_params *params,
                            oc_error *err) {
    oc_context *context = oc__device_context(device);
    oc_trainer *t = oc__alloc(context, sizeof(*t));
    if (!t)
        return oc__fail_memory(context, err, sizeof(*t));
    t->context = context;
    t->device = device;
    t->all = oc__alloc_array(context, 1 + (params ? params->device_count : 0), sizeof(*t->all));
    if (!t->all) {
        oc__free(context, t);
        return oc__fail_memory(context, err, sizeof(*t->all));
    }
    t->all[0] = device;
    for (size_t i = 0; params && i < params->device_count; i++)
        t->all[1 + i] = params->devices[i];
    t->params = params ? *params : (oc_trainer_params){0};
    t->params.batch = t->params.batch ? t->params.batch : 64;
    t->params.image_scale = t->params.image_scale != 0 ? t->params.image_scale : 1.0f / 255;
    t->order_epoch = -1;
    t->params.accumulate = t->params.accumulate ? t->params.accumulate : 1;
    oc_status status = check_params(t, err);
    if (status == OC_OK)
        status = build(t, network, err);
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
    oc__batches_forget(t);
    oc__shadow_finish(t);
    oc_state_destroy(&t->state);
    oc_graph_destroy(&t->graph);
    oc_graph_destroy(&t->gather);
    oc_graph_destroy(&t->network);
    oc__free(t->context, t->all);
    oc__free(t->context, t->batches);
    oc__free(t->context, t->order);
    oc__free(t->context, t);
}

/* One run on a filled batch. Summed gradients are divided by the number of samples they come from. */
static oc_status run_batch(oc_trainer *t, oc__batch *batch, int64_t samples, double *loss, oc_error *err) {
    bool step = batch->kind == OC_BATCH_STEP;
    float *hyper = oc_tensor_get_data(batch->hyper);
    oc_optimizer now = t->params.optimizer;
    now.lr = (float)oc_schedule_rate(&t->params.schedule, now.lr, t->at.step + 1);
    oc_optimizer_hyper(&now, t->at.step + 1, hyper);
    hyper[7] = t->params.accumulate > 1 ? (float)samples : 1;
    const oc_binding in[] = {{t->input, batch->image}, {OC_LABEL_NAME, batch->label}, {OC_HYPER_NAME, batch->hyper}};
    const oc_binding out[] = {{OC_LOSS_NAME, batch->loss}};
    t->running = batch;
    OC_TRY(oc_exec_run(batch->exec, in, step ? 3 : 2, out, 1, err));
    t->running = NULL;
    *loss += *(const float *)oc_tensor_get_data(batch->loss) * (double)batch->size / (double)samples;
    if (!step)
        return OC_OK;
    t->at.step++;
    t->last = batch;
    t->last_samples = samples;
    return OC_OK;
}

/* A step that was not ended leaves no gradients behind. */
static void forget_sums(oc_trainer *t) {
    static const char prefix[] = "optimizer.gradient.";
    for (size_t i = 0; i < oc_state_count(t->state); i++) {
        oc_value_info info = oc_state_get_info(t->state, i);
        oc_tensor *zeros = NULL;
        oc_error ignored;
        if (strncmp(info.name, prefix, sizeof(prefix) - 1))
            continue;
        if (oc_tensor_create(&zeros, t->context, NULL, info.dtype, &info.shape, &ignored) != OC_OK ||
            oc_state_write(t->state, info.name, zeros, &ignored) != OC_OK)
            oc__log(t->context, OC_LOG_WARNING, "gradients of a step that failed stay in the next one: %s", ignored.text);
        oc_tensor_destroy(&zeros);
    }
}

oc_status oc__trainer_step(oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, const int64_t *order, int64_t first,
                           int64_t count, double *loss, oc_error *err) {
    int64_t piece = t->params.accumulate > 1 ? t->params.batch : count;
    oc_status status = OC_OK;
    *loss = 0;
    t->running = NULL;
    for (int64_t at = 0; at < count && status == OC_OK; at += piece) {
        oc__batch *batch;
        oc__batch_kind kind = at + piece >= count ? OC_BATCH_STEP : OC_BATCH_GATHER;
        status = oc__batch_get(t, OC_MIN(piece, count - at), kind, &batch, err);
        if (status == OC_OK)
            status = oc__batch_fill(t, batch, images, labels, order, first + at, err);
        if (status == OC_OK)
            status = run_batch(t, batch, count, loss, err);
        if (status != OC_OK && t->params.accumulate > 1)
            forget_sums(t);
    }
    return status;
}

oc_status oc_trainer_step(oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, double *loss, oc_error *err) {
    int64_t samples;
    double own;
    OC_TRY(oc__data_check(t, images, labels, &samples, err));
    if (t->params.shadow_steps > 0)
        return oc__shadow_step(t, images, labels, loss ? loss : &own, err);
    return oc__trainer_step(t, images, labels, NULL, 0, samples, loss ? loss : &own, err);
}

oc_status oc_trainer_read_gradient(oc_trainer *t, const char *name, oc_tensor *gradient, oc_error *err) {
    char text[512];
    if (!t->last)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "there are no gradients before the first step");
    snprintf(text, sizeof(text), "gradient:%s", name);
    OC_TRY(oc__exec_read(t->last->exec, text, gradient, err));
    float *elements = oc_tensor_get_data(gradient);
    for (int64_t i = 0; i < oc_tensor_get_count(gradient) && t->params.accumulate > 1; i++)
        elements[i] /= (float)t->last_samples;
    return OC_OK;
}

oc_status oc_trainer_set_optimizer(oc_trainer *t, const oc_optimizer *optimizer, oc_error *err) {
    if (optimizer->kind != t->params.optimizer.kind || optimizer->nesterov != t->params.optimizer.nesterov)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "the kind of an optimizer cannot be changed");
    t->params.optimizer = *optimizer;
    oc__shadow_forget(t);
    return OC_OK;
}

int64_t oc_trainer_get_repeated(const oc_trainer *t) {
    return t->repeated;
}

oc_state *oc_trainer_get_state(oc_trainer *t) {
    return t->state;
}

const oc_graph *oc_trainer_get_graph(const oc_trainer *t) {
    return t->network;
}
