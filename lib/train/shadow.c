/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of the state in host memory, every so many steps: when the device that holds the state fails, training goes back to it, on the
 * devices that are left, and repeats the steps since. */
#include "train/shadow.h"

/* ---- the copy */

static void forget_kept(oc_trainer *t) {
    for (size_t i = 0; i < t->shadow.kept_count; i++)
        oc_tensor_destroy(&t->shadow.kept[i]);
    t->shadow.kept_count = 0;
}

static oc_status take(oc_trainer *t, oc_error *err) {
    oc__shadow *s = &t->shadow;
    size_t bytes = (size_t)OC_MAX(oc__state_bytes(t->state), (uint64_t)1);
    if (!s->next)
        s->next = oc__alloc(t->context, bytes);
    if (!s->next)
        return oc__fail_memory(t->context, err, bytes);
    OC_TRY(oc__state_copy_out(t->state, s->next, err));
    uint8_t *old = s->data;
    s->data = s->next;
    s->next = old;
    s->at = t->at;
    s->is_current = true;
    s->tried = false;
    s->version = oc_state_get_version(t->state);
    forget_kept(t);
    return OC_OK;
}

/* Steps that can be repeated lead from the copy to where the trainer is: nobody else has changed anything. */
static bool leads_here(const oc_trainer *t) {
    const oc__shadow *s = &t->shadow;
    return s->is_current && s->version == oc_state_get_version(t->state);
}

bool oc__shadow_is_here(const oc_trainer *t) {
    return t->params.shadow_steps > 0 && leads_here(t) && t->shadow.at.step == t->at.step;
}

oc_status oc__shadow_begin(oc_trainer *t, bool one_by_one, oc_error *err) {
    const oc__shadow *s = &t->shadow;
    if (t->params.shadow_steps < 1)
        return OC_OK;
    bool repeatable = one_by_one && leads_here(t) && s->at.step + (int64_t)(s->kept_count / 2) == t->at.step;
    return repeatable || oc__shadow_is_here(t) ? OC_OK : take(t, err);
}

oc_status oc__shadow_end(oc_trainer *t, bool now, oc_error *err) {
    oc__shadow *s = &t->shadow;
    if (t->params.shadow_steps < 1)
        return OC_OK;
    s->version = oc_state_get_version(t->state);
    bool due = t->at.step - s->at.step >= t->params.shadow_steps || (now && t->at.step != s->at.step);
    if (due)
        return take(t, err);
    s->at = t->at.step == s->at.step ? t->at : s->at; /* a new epoch has begun */
    return OC_OK;
}

void oc__shadow_forget(oc_trainer *t) {
    t->shadow.is_current = false;
}

void oc__shadow_finish(oc_trainer *t) {
    forget_kept(t);
    oc__free(t->context, t->shadow.kept);
    oc__free(t->context, t->shadow.data);
    oc__free(t->context, t->shadow.next);
    for (size_t i = 0; i < t->shadow.retired_count; i++)
        oc_state_destroy(&t->shadow.retired[i]);
    oc__free(t->context, t->shadow.retired);
}

/* ---- the way back */

/* The state may be in somebody's hands: it lives as long as the trainer, or where its device may still come back, for good. */
static oc_status retire_state(oc_trainer *t, bool abandoned, oc_error *err) {
    oc__shadow *s = &t->shadow;
    if (!abandoned && !OC_ARRAY_PUSH(t->context, s->retired, s->retired_count, s->retired_capacity, t->state))
        return oc__fail_memory(t->context, err, sizeof(t->state));
    t->state = NULL;
    return OC_OK;
}

/* Without the device, if another is left. */
static void leave_out(oc_trainer *t, const oc_device *failed) {
    size_t count = 0;
    for (size_t i = 0; i <= t->params.device_count; i++)
        if (t->all[i] != failed)
            t->all[count++] = t->all[i];
    t->params.device_count = count - 1;
    t->device = t->all[0];
}

/* Another state, with what the copy has, on the trainer's device; without it the trainer has the old one, which is uncertain. */
static oc_status restore(oc_trainer *t, bool abandoned, oc_error *err) {
    oc_state *state;
    OC_TRY(oc_state_create(&state, t->device, t->graph, t->params.seed, err));
    oc_status status = oc__state_copy_in(state, t->shadow.data, err);
    if (status == OC_OK)
        status = retire_state(t, abandoned, err);
    if (status != OC_OK) {
        oc_state_destroy(&state);
        return status;
    }
    t->state = state;
    t->at = t->shadow.at;
    t->shadow.version = oc_state_get_version(state);
    return OC_OK;
}

static bool was_abandoned(const oc_trainer *t) {
    bool abandoned = false;
    for (size_t i = 0; i < t->batch_count; i++)
        abandoned = abandoned || oc__exec_is_abandoned(t->batches[i].exec);
    return abandoned;
}

static const char *name_of(const oc_device *device) {
    return device ? oc_device_get_info(device)->name : "an unknown device";
}

oc_status oc__shadow_return(oc_trainer *t, const oc_error *why, oc_error *err) {
    oc__shadow *s = &t->shadow;
    bool abandoned = was_abandoned(t), others = t->params.device_count > 0 && t->running;
    if (t->params.shadow_steps < 1 || !s->is_current || !oc__is_the_devices(why->status) || (!others && (s->tried || abandoned))) {
        if (err)
            *err = *why;
        return why->status;
    }
    oc_device *failed = t->running ? oc__exec_failed_device(t->running->exec) : NULL;
    int64_t lost = t->at.step - s->at.step;
    s->tried = !others;
    oc__batches_forget(t);
    if (others)
        leave_out(t, failed);
    oc_status status = restore(t, abandoned, err);
    for (; status != OC_OK && t->params.device_count > 0; status = restore(t, abandoned, err))
        leave_out(t, t->device);
    OC_TRY(status);
    t->repeated += lost;
    oc__log(t->context, OC_LOG_WARNING, "%s has failed (%.300s); training goes back to step %lld on %s: %lld steps are repeated", name_of(failed),
            why->text, (long long)t->at.step, name_of(t->device), (long long)lost);
    return OC_OK;
}

/* ---- steps whose samples the caller gives one by one: copies are kept until the next shadow */

static oc_status keep(oc_trainer *t, const oc_tensor *from, oc_error *err) {
    oc__shadow *s = &t->shadow;
    oc_tensor *copy;
    OC_TRY(oc_tensor_create(&copy, t->context, NULL, oc_tensor_get_dtype(from), oc_tensor_get_shape(from), err));
    oc_status status = oc_tensor_copy(copy, from, err);
    if (status == OC_OK && !OC_ARRAY_PUSH(t->context, s->kept, s->kept_count, s->kept_capacity, copy))
        status = oc__fail_memory(t->context, err, sizeof(copy));
    if (status != OC_OK)
        oc_tensor_destroy(&copy);
    return status;
}

static void drop_from(oc_trainer *t, size_t first) {
    while (t->shadow.kept_count > first)
        oc_tensor_destroy(&t->shadow.kept[--t->shadow.kept_count]);
}

/* The steps kept from the i-th on; where one fails, all of them again. */
static oc_status run_kept(oc_trainer *t, size_t i, double *loss, oc_error *err) {
    const oc__shadow *s = &t->shadow;
    oc_error own = {0};
    while (2 * i < s->kept_count) {
        oc_tensor *const *pair = &s->kept[2 * i];
        oc_status status = oc__trainer_step(t, pair[0], pair[1], NULL, 0, oc_tensor_get_shape(pair[0])->dims[0], loss, &own);
        i++;
        if (status == OC_OK)
            continue;
        OC_TRY(oc__shadow_return(t, &own, err));
        i = 0;
    }
    return OC_OK;
}

oc_status oc__shadow_step(oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, double *loss, oc_error *err) {
    OC_TRY(oc__shadow_begin(t, true, err));
    size_t before = t->shadow.kept_count;
    oc_status status = keep(t, images, err);
    if (status == OC_OK)
        status = keep(t, labels, err);
    if (status == OC_OK)
        status = run_kept(t, before / 2, loss, err);
    if (status != OC_OK) {
        drop_from(t, before);
        return status;
    }
    oc_error own = {0};
    status = oc__shadow_end(t, false, &own);
    if (status == OC_OK)
        return status;
    OC_TRY(oc__shadow_return(t, &own, err));
    return run_kept(t, 0, loss, err);
}
