/* SPDX-License-Identifier: Apache-2.0 */
/* A run over several devices: inputs into blocks, parts on their threads as soon as what they need is there, blocks out. */
#include <string.h>
#include <time.h>

#include "plan/team.h"

/* The members' copies of a caller's state that has changed since. */
static oc_status copy_state(oc__team *team, oc__member *member, oc_error *err) {
    oc_state *from = team->exec->state;
    for (size_t i = 0; i < oc_state_count(member->state); i++) {
        oc_value_info info = oc_state_get_info(member->state, i);
        oc_tensor *tensor;
        OC_TRY(oc_tensor_create(&tensor, team->exec->context, NULL, info.dtype, &info.shape, err));
        oc_status status = oc_state_read(from, info.name, tensor, err);
        if (status == OC_OK)
            status = oc_state_write(member->state, info.name, tensor, err);
        oc_tensor_destroy(&tensor);
        OC_TRY(status);
    }
    return OC_OK;
}

static oc_status refresh_states(oc__team *team, oc_error *err) {
    oc_state *from = team->exec->state;
    uint64_t version = from ? oc_state_get_version(from) + 1 : 0; /* + 1: 0 is never */
    if (version == team->version)
        return OC_OK;
    for (size_t i = 0; i < team->exec->plan->parts->part_count; i++)
        if (team->members[i].state)
            OC_TRY(copy_state(team, &team->members[i], err));
    team->version = version;
    return OC_OK;
}

static size_t find_output(const oc_plan *plan, const char *name) {
    size_t i = 0;
    while (strcmp(plan->outputs[i].name, name))
        i++;
    return i;
}

/* Inputs are copied: a run can then be repeated elsewhere, and the caller's tensors are his again. */
static oc_status take_inputs(oc__team *team, const oc_binding *inputs, size_t count, oc_error *err) {
    const oc_plan *plan = team->exec->plan;
    memset(team->fresh, 0, plan->parts->block_count * sizeof(bool));
    for (size_t i = 0; i < plan->input_count; i++) {
        int32_t block = plan->parts->input_block[i];
        for (size_t k = 0; k < count; k++)
            if (!strcmp(inputs[k].name, plan->inputs[i].name)) {
                OC_TRY(oc_tensor_copy(team->blocks[block], inputs[k].tensor, err));
                team->given[block] = team->fresh[block] = true;
            }
        if (!team->given[block])
            return oc__fail(team->exec->context, err, OC_ERROR_INVALID, "input %s was never given", plan->inputs[i].name);
    }
    return OC_OK;
}

/* Ports of the caller's inputs are bound only when those are new. */
static void choose_ports(oc__team *team) {
    const struct oc__parts *parts = team->exec->plan->parts;
    for (size_t i = 0; i < parts->part_count; i++) {
        oc__member *member = &team->members[i];
        member->in_count = 0;
        member->done = false;
        for (size_t k = 0; k < parts->parts[i].in_count; k++) {
            int32_t block = parts->parts[i].in[k].block;
            if (team->fresh[block] || !team->given[block])
                member->in_now[member->in_count++] = (oc_binding){parts->parts[i].in[k].name, member->in[k]};
        }
    }
}

static oc_status give_outputs(oc__team *team, oc_error *err) {
    const oc_plan *plan = team->exec->plan;
    for (size_t i = 0; i < team->output_count; i++) {
        size_t at = find_output(plan, team->outputs[i].name);
        OC_TRY(oc_tensor_copy(team->outputs[i].tensor, team->blocks[plan->parts->output_block[at]], err));
    }
    return OC_OK;
}

oc_status oc__team_read(oc_exec *exec, const char *name, oc_tensor *tensor, oc_error *err) {
    oc__team *team = exec->team;
    if (team->spare)
        return oc__exec_read(team->spare, name, tensor, err);
    OC_TRY(oc__team_wait(exec, err));
    return oc_tensor_copy(tensor, team->blocks[exec->plan->parts->output_block[find_output(exec->plan, name)]], err);
}

static bool needs_are_met(const oc__team *team, const oc__part *part) {
    for (size_t i = 0; i < part->need_count; i++)
        if (!team->members[part->needs[i]].done)
            return false;
    return true;
}

/* Sums over all replicas, in their order: the same bits each time. */
static void blend(oc__team *team) {
    const struct oc__parts *parts = team->exec->plan->parts;
    for (size_t b = 0; b < parts->blend_count; b++) {
        const oc__blend *x = &parts->blends[b];
        float *to = oc_tensor_get_data(team->blocks[x->to]);
        int64_t count = oc_tensor_get_count(team->blocks[x->to]);
        for (size_t k = 0; k < x->count; k++) {
            const float *from = oc_tensor_get_data(team->blocks[x->from[k]]);
            float weight = (float)x->weights[k];
            for (int64_t i = 0; i < count; i++)
                to[i] = (k ? to[i] : 0) + weight * from[i];
        }
    }
}

/* The run is over: results out, and whoever waits is told. Under the lock. */
static void complete(oc__team *team) {
    if (team->failed < 0 && team->exec->plan->parts->blend_at >= team->exec->plan->parts->part_count)
        blend(team);
    if (team->failed < 0 && give_outputs(team, &team->error) != OC_OK)
        team->failed = (int32_t)team->exec->plan->parts->part_count; /* no part's fault */
    team->running = false;
    if (team->signal)
        oc__signal_set(team->signal, team->failed >= 0 ? &team->error : NULL);
    oc__signal_release(&team->signal);
    pthread_cond_broadcast(&team->change);
}

static void finish_part(oc__team *team, int32_t index, oc_status status, const oc_error *error) {
    pthread_mutex_lock(&team->lock);
    if (status != OC_OK && team->failed < 0) {
        team->failed = index;
        team->error = *error;
    }
    team->members[index].done = true;
    if (--team->left == 0)
        complete(team);
    pthread_cond_broadcast(&team->change);
    pthread_mutex_unlock(&team->lock);
}

static void run_part(void *user, int32_t index) {
    oc__team *team = user;
    const oc__part *part = &team->exec->plan->parts->parts[index];
    oc__member *member = &team->members[index];
    oc_error error = {0};
    oc_status status = OC_OK;
    pthread_mutex_lock(&team->lock);
    while (!needs_are_met(team, part) && team->failed < 0)
        pthread_cond_wait(&team->change, &team->lock);
    bool go = team->failed < 0;
    pthread_mutex_unlock(&team->lock);
    member->start = oc__clock_seconds() - team->began;
    if (go && team->exec->plan->parts->blend_at == (size_t)index)
        blend(team);
    if (go)
        status = oc_exec_run(member->exec, member->in_now, member->in_count, member->out_now, part->out_count, &error);
    member->seconds = oc__clock_seconds() - team->began - member->start;
    finish_part(team, index, status, &error);
}

static oc_status start_parts(oc__team *team, oc_error *err) {
    const struct oc__parts *parts = team->exec->plan->parts;
    oc_context *context = team->exec->context;
    if (!parts->crew) { /* one device: here and now */
        for (size_t i = 0; i < parts->part_count; i++)
            run_part(team, (int32_t)i);
        return OC_OK;
    }
    oc__job *jobs = oc__alloc_array(context, parts->part_count, sizeof(*jobs));
    if (!jobs)
        return oc__fail_memory(context, err, parts->part_count * sizeof(*jobs));
    for (size_t i = 0; i < parts->part_count; i++)
        jobs[i] = (oc__job){run_part, team, (int32_t)i, (size_t)parts->parts[i].device};
    oc_status status = oc__crew_submit(parts->crew, jobs, parts->part_count, err);
    oc__free(context, jobs);
    return status;
}

static oc_status start_run(oc__team *team, const oc_binding *inputs, size_t input_count, const oc_binding *outputs, size_t output_count,
                           oc__signal *signal, oc_error *err) {
    const struct oc__parts *parts = team->exec->plan->parts;
    for (size_t i = 0; i < parts->part_count; i++)
        OC_TRY(oc__device_check(parts->parts[i].plan->devices[0], err));
    OC_TRY(refresh_states(team, err));
    OC_TRY(take_inputs(team, inputs, input_count, err));
    choose_ports(team);
    memcpy(team->outputs, outputs, output_count * sizeof(*outputs));
    team->output_count = output_count;
    team->failed = -1;
    team->error = (oc_error){0};
    team->left = parts->part_count;
    team->running = parts->part_count > 0;
    team->began = oc__clock_seconds();
    if (!team->running) { /* a graph without nodes */
        OC_TRY(give_outputs(team, err));
        if (signal)
            oc__signal_set(signal, NULL);
        return OC_OK;
    }
    team->signal = signal ? oc__signal_retain(signal) : NULL;
    oc_status status = start_parts(team, err);
    if (status != OC_OK) {
        team->running = false;
        oc__signal_release(&team->signal);
    }
    return status;
}

/* Waits until the run is over or its time is. */
static bool wait_until_done(oc__team *team) {
    double limit = team->exec->plan->params.wait_limit;
    struct timespec end;
    int code = 0;
    clock_gettime(CLOCK_MONOTONIC, &end);
    double until = (double)end.tv_sec + 1e-9 * (double)end.tv_nsec + limit;
    end.tv_sec = (time_t)until;
    end.tv_nsec = (long)(1e9 * (until - (double)end.tv_sec));
    pthread_mutex_lock(&team->lock);
    while (team->running && code == 0)
        code = limit > 0 ? pthread_cond_timedwait(&team->change, &team->lock, &end) : pthread_cond_wait(&team->change, &team->lock);
    bool done = !team->running;
    if (!done) { /* the first part that could run and has not come back is to blame */
        const struct oc__parts *parts = team->exec->plan->parts;
        for (size_t i = 0; i < parts->part_count && team->failed < 0; i++)
            if (!team->members[i].done && needs_are_met(team, &parts->parts[i]))
                team->failed = (int32_t)i;
        team->abandoned = true;
        oc__fail(team->exec->context, &team->error, OC_ERROR_CANCELLED, "a part of the run was not done within %g s", limit);
        oc__crew_abandon(parts->crew);
    }
    pthread_mutex_unlock(&team->lock);
    return done;
}

oc_status oc__team_wait(oc_exec *exec, oc_error *err) {
    oc__team *team = exec->team;
    if (team->spare && !team->running)
        return oc_exec_wait(team->spare, err);
    if (team->abandoned || !team->members)
        return OC_OK;
    (void)wait_until_done(team);
    if (team->failed < 0)
        return OC_OK;
    if (err)
        *err = team->error;
    oc_status status = team->error.status;
    if ((size_t)team->failed < exec->plan->parts->part_count && err) /* NULL: nobody wants to know any more */
        status = oc__team_recover(exec, err);
    team->failed = -1;
    return status;
}

oc_status oc__team_run(oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs, size_t output_count,
                       oc_error *err) {
    oc__team *team = exec->team;
    oc_error own = {0}, *error = err ? err : &own;
    if (team->spare)
        return oc_exec_run(team->spare, inputs, input_count, outputs, output_count, err);
    OC_TRY(oc__team_wait(exec, error));
    OC_TRY(oc__exec_check_bindings(exec, inputs, input_count, outputs, output_count, error));
    OC_TRY(start_run(team, inputs, input_count, outputs, output_count, NULL, error));
    return oc__team_wait(exec, error);
}

oc_status oc__team_enqueue(oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs, size_t output_count,
                           oc_event *const *wait, size_t wait_count, oc_event **done, oc_error *err) {
    oc__team *team = exec->team;
    if (team->spare)
        return oc_exec_enqueue(team->spare, inputs, input_count, outputs, output_count, wait, wait_count, done, err);
    OC_TRY(oc__team_wait(exec, err));
    OC_TRY(oc__exec_check_bindings(exec, inputs, input_count, outputs, output_count, err));
    for (size_t i = 0; i < wait_count; i++)
        OC_TRY(oc_event_wait(wait[i], err));
    oc__signal *signal = NULL;
    oc_event *event = NULL;
    oc_status status = done ? oc__signal_create(&signal, exec->context, err) : OC_OK;
    if (status == OC_OK && done)
        status = oc__signal_event(&event, exec->plan->devices[0], signal, err);
    if (status == OC_OK)
        status = start_run(team, inputs, input_count, outputs, output_count, signal, err);
    oc__signal_release(&signal);
    if (status == OC_OK && done)
        *done = event;
    else
        oc_event_destroy(&event);
    return status;
}
