/* SPDX-License-Identifier: Apache-2.0 */
/* Epochs, evaluation, checkpoints. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/shadow.h"

#define SHUFFLE_STREAM 0x73687566666c65ULL /* "shuffle" */

/* The order of samples in an epoch is a function of seed and epoch (Fisher-Yates): a resumed run finds the same. */
static oc_status make_order(oc_trainer *t, int64_t samples, oc_error *err) {
    if (t->order_epoch == t->at.epoch && t->order_size == samples)
        return OC_OK;
    int64_t *order = oc__alloc_array(t->context, (size_t)samples, sizeof(*order));
    if (!order)
        return oc__fail_memory(t->context, err, (size_t)samples * sizeof(*order));
    for (int64_t i = 0; i < samples; i++)
        order[i] = i;
    for (int64_t i = samples - 1; i > 0 && !t->params.no_shuffle; i--) {
        uint32_t random[4];
        oc__philox(random, t->params.seed ^ SHUFFLE_STREAM, (uint64_t)t->at.epoch, (uint64_t)i);
        int64_t k = (int64_t)((((uint64_t)random[0] << 32) | random[1]) % (uint64_t)(i + 1)), kept = order[i];
        order[i] = order[k];
        order[k] = kept;
    }
    oc__free(t->context, t->order);
    t->order = order;
    t->order_size = samples;
    t->order_epoch = t->at.epoch;
    return OC_OK;
}

/* Samples a step. */
static int64_t step_size(const oc_trainer *t) {
    return t->params.batch * t->params.accumulate;
}

static oc_status one_step(oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, int64_t samples, double *loss,
                          oc_error *err) {
    int64_t first = t->at.in_epoch * step_size(t);
    int64_t size = OC_MIN(step_size(t), samples - first);
    OC_TRY(oc__trainer_step(t, images, labels, t->order, first, size, loss, err));
    t->at.in_epoch++;
    t->at.loss_sum += *loss * (double)size;
    t->at.loss_samples += size;
    return OC_OK;
}

/* The next step, which is an earlier one again where it fails, and those since the last copy of the state can be repeated. */
static oc_status sure_step(oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, int64_t samples, double *loss,
                           oc_error *err) {
    oc_error own = {0};
    while (one_step(t, images, labels, samples, loss, &own) != OC_OK ||
           oc__shadow_end(t, t->at.in_epoch * step_size(t) >= samples, &own) != OC_OK)
        OC_TRY(oc__shadow_return(t, &own, err));
    return OC_OK;
}

oc_status oc_trainer_epoch(oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, int64_t max_steps, oc_progress progress,
                           void *user, oc_train_report *report, oc_error *err) {
    int64_t samples, repeated = t->repeated;
    double start = oc__clock_seconds(), loss = 0;
    OC_TRY(oc__data_check(t, images, labels, &samples, err));
    OC_TRY(make_order(t, samples, err));
    int64_t steps = (samples + step_size(t) - 1) / step_size(t);
    if (t->at.in_epoch >= steps)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "the position, step %lld of an epoch, does not fit %lld samples",
                        (long long)t->at.in_epoch, (long long)samples);
    OC_TRY(oc__shadow_begin(t, false, err));
    int64_t end = max_steps > 0 ? OC_MIN(steps, t->at.in_epoch + max_steps) : steps;
    for (bool go_on = true; go_on && t->at.in_epoch < end;) {
        OC_TRY(sure_step(t, images, labels, samples, &loss, err));
        go_on = !progress || progress(user, t->at.in_epoch, steps, loss);
    }
    oc_train_report result = {.epoch = t->at.epoch + (t->at.in_epoch == steps), .step = t->at.step, .samples = t->at.loss_samples,
                              .loss = t->at.loss_sum / (double)OC_MAX(t->at.loss_samples, 1), .accuracy = NAN,
                              .seconds = oc__clock_seconds() - start, .repeated = t->repeated - repeated};
    if (t->at.in_epoch == steps) {
        t->at.epoch++;
        t->at.in_epoch = 0;
        t->at.loss_sum = 0;
        t->at.loss_samples = 0;
        OC_TRY(oc__shadow_end(t, false, err));
    }
    if (report)
        *report = result;
    return OC_OK;
}

static oc_status evaluate_batch(oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, int64_t first, int64_t size,
                                double *loss, int64_t *right, oc_error *err) {
    oc__batch *batch;
    OC_TRY(oc__batch_get(t, size, OC_BATCH_EVALUATE, &batch, err));
    OC_TRY(oc__batch_fill(t, batch, images, labels, NULL, first, err));
    const oc_binding in[] = {{t->input, batch->image}, {OC_LABEL_NAME, batch->label}, {OC_HYPER_NAME, batch->hyper}};
    const oc_binding out[] = {{t->output, batch->logits}, {OC_LOSSES_NAME, batch->losses}};
    t->running = batch;
    OC_TRY(oc_exec_run(batch->exec, in, 3, out, 2, err));
    t->running = NULL;
    const float *losses = oc_tensor_get_data(batch->losses);
    for (int64_t i = 0; i < size; i++)
        *loss += losses[i];
    int64_t found = oc__batch_right(t, batch);
    *right = found < 0 || *right < 0 ? -1 : *right + found;
    return OC_OK;
}

static oc_status evaluate(oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, int64_t samples, double *loss, int64_t *right,
                          oc_error *err) {
    *loss = 0;
    *right = 0;
    t->running = NULL;
    for (int64_t first = 0; first < samples; first += t->params.batch)
        OC_TRY(evaluate_batch(t, images, labels, first, OC_MIN(t->params.batch, samples - first), loss, right, err));
    return OC_OK;
}

oc_status oc_trainer_evaluate(oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, oc_train_report *report, oc_error *err) {
    int64_t samples, right;
    double start = oc__clock_seconds(), loss;
    oc_error own = {0};
    OC_TRY(oc__data_check(t, images, labels, &samples, err));
    while (evaluate(t, images, labels, samples, &loss, &right, &own) != OC_OK) {
        if (!oc__shadow_is_here(t)) {
            if (err)
                *err = own;
            return own.status;
        }
        OC_TRY(oc__shadow_return(t, &own, err));
    }
    *report = (oc_train_report){.epoch = t->at.epoch, .step = t->at.step, .samples = samples, .loss = loss / (double)samples,
                                .accuracy = right < 0 ? NAN : (double)right / (double)samples,
                                .seconds = oc__clock_seconds() - start};
    return OC_OK;
}

oc_status oc_trainer_save(oc_trainer *t, const char *path, oc_error *err) {
    uint64_t bits;
    memcpy(&bits, &t->at.loss_sum, sizeof(bits));
    oc__string note;
    oc__string_init(&note, t->context);
    oc__string_printf(&note, "trainer epoch=%lld step=%lld in_epoch=%lld batch=%lld accumulate=%lld seed=%lld shuffle=%d loss=%llu "
                      "samples=%lld", (long long)t->at.epoch, (long long)t->at.step, (long long)t->at.in_epoch, (long long)t->params.batch,
                      (long long)t->params.accumulate, (long long)t->params.seed, !t->params.no_shuffle, (unsigned long long)bits,
                      (long long)t->at.loss_samples);
    oc_status status = note.failed ? oc__fail_memory(t->context, err, 256) : oc_state_save(t->state, path, note.text, err);
    oc__string_finish(&note);
    return status;
}

static bool number_after(const char *note, const char *key, long long *out) {
    const char *at = strstr(note, key), *end;
    int64_t value = 0;
    if (!at || !oc__parse_int64(at + strlen(key), &end, &value))
        return false;
    *out = value;
    return true;
}

oc_status oc_trainer_resume(oc_trainer *t, const char *path, oc_error *err) {
    char note[512] = "";
    long long v[7], accumulate = 1; /* older ones do not name it */
    static const char *const keys[] = {" epoch=", " step=", " in_epoch=", " batch=", " seed=", " shuffle=", " samples="};
    OC_TRY(oc__state_read_note(t->state, path, note, sizeof(note), err));
    const char *bits = strstr(note, " loss=");
    bool whole = bits != NULL;
    for (size_t i = 0; i < OC_COUNT(keys); i++)
        whole = number_after(note, keys[i], &v[i]) && whole;
    if (!whole)
        return oc__fail(t->context, err, OC_ERROR_FORMAT, "%s is no checkpoint of a trainer: its note is \"%.60s\"", path, note);
    (void)number_after(note, " accumulate=", &accumulate);
    if (accumulate != t->params.accumulate)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "%s was written with %lld batches a step: resume with as many", path, accumulate);
    if (v[3] != t->params.batch || (uint64_t)v[4] != t->params.seed || v[5] != !t->params.no_shuffle)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "%s was written with batch %lld, seed %lld, %s: resume with the same", path, v[3],
                        v[4], v[5] ? "shuffled" : "not shuffled");
    OC_TRY(oc_state_restore(t->state, path, NULL, 0, err));
    uint64_t loss = 0;
    for (bits += 6; *bits >= '0' && *bits <= '9'; bits++)
        loss = loss * 10 + (uint64_t)(*bits - '0');
    memcpy(&t->at.loss_sum, &loss, sizeof(loss));
    t->at.epoch = v[0];
    t->at.step = v[1];
    t->at.in_epoch = v[2];
    t->at.loss_samples = v[6];
    oc__shadow_forget(t);
    return OC_OK;
}
