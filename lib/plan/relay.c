/* SPDX-License-Identifier: Apache-2.0 */
/* A run over several devices: inputs into blocks, parts on their threads as soon as what they need is there, blocks out. */
#include <string.h>
#include <time.h>

#include "plan/team.h"

static size_t find_output(const oc_plan *plan, const char *name) {
    size_t i = 0;
    while (strcmp(plan->outputs[i].name, name))
        i++;
    return i;
}

static oc_status give_outputs(oc__team *team, oc_error *err) {
    const oc_plan *plan = team->exec->plan;
    for (size_t i = 0; i < team->output_count; i++) {
        size_t at = find_output(plan, team->outputs[i].name);
        OC_TRY(oc__team_copy_block(team, plan->parts->output_block[at], team->outputs[i].tensor, err));
    }
    return OC_OK;
}

oc_status oc__team_read(oc_exec *exec, const char *name, oc_tensor *tensor, oc_error *err) {
    oc__team *team = exec->team;
    if (team->spare)
        return oc__exec_read(team->spare, name, tensor, err);
    OC_TRY(oc__team_wait(exec, err));
    return oc__team_copy_block(team, exec->plan->parts->output_block[find_output(exec->plan, name)], tensor, err);
}

/* The parts it needs are done, and if it comes after the blends, those. */
static bool needs_are_met(const oc__team *team, int32_t index) {
    const struct oc__parts *parts = team->exec->plan->parts;
    const oc__part *part = &parts->parts[index];
    for (size_t i = 0; i < part->need_count; i++)
        if (!team->members[part->needs[i]].done)
            return false;
    return (size_t)index < parts->blend_at || team->blends_left == 0;
}

static bool all_before_blends_are_done(const oc__team *team) {
    for (size_t i = 0; i < team->exec->plan->parts->blend_at; i++)
        if (!team->members[i].done)
            return false;
    return true;
}

/* Some states are changed, others not. */
static void doubt(oc__team *team) {
    for (size_t i = 0; i < team->exec->plan->parts->part_count; i++)
        if (team->members[i].ran)
            oc__exec_doubt(team->members[i].exec);
}

/* The run is over: results out, and whoever waits is told. Under the lock. */
static void complete(oc__team *team) {
    if (team->failed < 0 && team->exec->plan->parts->blend_at >= team->exec->plan->parts->part_count)
        oc__team_blend(team, 0, 1);
    if (team->failed < 0 && give_outputs(team, &team->error) != OC_OK)
        team->failed = (int32_t)team->exec->plan->parts->part_count; /* no part's fault */
    if (team->failed >= 0 && !team->abandoned)
        doubt(team);
    team->again = team->failed >= 0;
    if (team->again)
        oc__team_keep_inputs(team);
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
    while (!needs_are_met(team, index) && team->failed < 0)
        pthread_cond_wait(&team->change, &team->lock);
    bool go = team->failed < 0;
    pthread_mutex_unlock(&team->lock);
    member->start = oc__clock_seconds() - team->began;
    if (go) {
        oc__member_fetch(team, part);
        status = oc__member_refresh(team, member, &error);
    }
    if (go && status == OC_OK)
        status = oc__member_unmap(member, &error);
    if (go && status == OC_OK)
        status = oc_exec_run(member->exec, member->in_now, member->in_count, member->out_now, member->out_count, &error);
    member->ran = go && status == OC_OK;
    if (go && status == OC_OK)
        status = oc__member_map(member, &error);
    if (member->shared && part->plan->updates)
        (void)oc__state_add_version(team->exec->state, 1);
    member->seconds = oc__clock_seconds() - team->began - member->start;
    finish_part(team, index, status, &error);
}

/* One of the workers' shares of all sums over replicas. */
static void run_blend(void *user, int32_t index) {
    oc__team *team = user;
    pthread_mutex_lock(&team->lock);
    while (!all_before_blends_are_done(team) && team->failed < 0)
        pthread_cond_wait(&team->change, &team->lock);
    bool go = team->failed < 0;
    pthread_mutex_unlock(&team->lock);
    if (go)
        oc__team_blend(team, index, team->exec->plan->device_count);
    pthread_mutex_lock(&team->lock);
    team->blends_left--;
    if (--team->left == 0)
        complete(team);
    pthread_cond_broadcast(&team->change);
    pthread_mutex_unlock(&team->lock);
}

/* Every worker has a share of the blends, where parts come after them. */
static size_t fill_jobs(oc__team *team, oc__job *jobs) {
    const struct oc__parts *parts = team->exec->plan->parts;
    size_t count = 0;
    for (size_t i = 0; i < parts->part_count; i++) {
        for (int32_t d = 0; i == parts->blend_at && d < team->exec->plan->device_count; d++)
            jobs[count++] = (oc__job){run_blend, team, d, (size_t)d};
        jobs[count++] = (oc__job){run_part, team, (int32_t)i, (size_t)parts->parts[i].device};
    }
    return count;
}

/* One device: all of it here and now. */
static void run_parts(oc__team *team) {
    const struct oc__parts *parts = team->exec->plan->parts;
    for (size_t i = 0; i < parts->part_count; i++) {
        for (int32_t d = 0; i == parts->blend_at && d < team->exec->plan->device_count; d++)
            run_blend(team, d);
        run_part(team, (int32_t)i);
    }
}

/* A caller who waits does what the first part's worker would, if that has nothing else to do: one thread less that must be woken. */
static oc_status start_parts(oc__team *team, bool waits, oc_error *err) {
    const struct oc__parts *parts = team->exec->plan->parts;
    oc_context *context = team->exec->context;
    if (!parts->crew) {
        run_parts(team);
        return OC_OK;
    }
    size_t count = parts->part_count + (size_t)team->exec->plan->device_count, own = (size_t)parts->parts[0].device;
    oc__job *jobs = oc__alloc_array(context, count, sizeof(*jobs));
    if (!jobs)
        return oc__fail_memory(context, err, count * sizeof(*jobs));
    count = fill_jobs(team, jobs);
    bool claimed = waits && !(team->exec->plan->params.wait_limit > 0);
    oc_status status = oc__crew_submit(parts->crew, jobs, count, own, &claimed, err);
    for (size_t i = 0; status == OC_OK && claimed && i < count; i++)
        if (jobs[i].worker == own)
            jobs[i].run(jobs[i].user, jobs[i].index);
    if (status == OC_OK && claimed)
        oc__crew_return(parts->crew, own);
    oc__free(context, jobs);
    return status;
}

static oc_status start_run(oc__team *team, const oc_binding *inputs, size_t input_count, const oc_binding *outputs, size_t output_count,
                           bool waits, oc__signal *signal, oc_error *err) {
    const struct oc__parts *parts = team->exec->plan->parts;
    for (size_t i = 0; i < parts->part_count; i++)
        OC_TRY(oc__device_check(parts->parts[i].plan->devices[0], err));
    for (size_t i = 0; i < parts->part_count; i++) /* a run that failed may have left one */
        OC_TRY(oc__member_map(&team->members[i], err));
    OC_TRY(oc__team_take_inputs(team, inputs, input_count, waits, err));
    oc__team_choose_ports(team);
    memcpy(team->outputs, outputs, output_count * sizeof(*outputs));
    team->output_count = output_count;
    team->failed = -1;
    team->error = (oc_error){0};
    team->blends_left = parts->blend_at < parts->part_count ? (size_t)team->exec->plan->device_count : 0;
    team->left = parts->part_count + team->blends_left;
    team->running = parts->part_count > 0;
    team->began = oc__clock_seconds();
    oc__team_begin_meetings(team);
    if (!team->running) { /* a graph without nodes */
        OC_TRY(give_outputs(team, err));
        if (signal)
            oc__signal_set(signal, NULL);
        return OC_OK;
    }
    team->signal = signal ? oc__signal_retain(signal) : NULL;
    oc_status status = start_parts(team, waits, err);
    if (status != OC_OK) {
        oc__team_keep_inputs(team);
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
            if (!team->members[i].done && !team->members[i].meets && needs_are_met(team, (int32_t)i))
                team->failed = (int32_t)i;
        pthread_cond_broadcast(&team->change);
        team->abandoned = true;
        oc__fail(team->exec->context, &team->error, OC_ERROR_CANCELLED, "a part of the run was not done within %g s", limit);
        oc__crew_abandon(parts->crew);
    }
    pthread_mutex_unlock(&team->lock);
    return done;
}

oc_status oc__team_wait(oc_exec *exec, oc_error *err) {
    oc__team *team = exec->team;
    if (team->spare && (team->abandoned || !team->running))
        return oc_exec_wait(team->spare, err);
    if (team->abandoned || !team->members)
        return OC_OK;
    (void)wait_until_done(team);
    if (team->failed < 0)
        return OC_OK;
    if (err)
        *err = team->error;
    oc_status status = team->error.status;
    if ((size_t)team->failed < exec->plan->parts->part_count)
        team->lost = exec->plan->parts->parts[team->failed].device;
    bool ended = status == OC_ERROR_CANCELLED && !team->abandoned; /* by the caller's will */
    if ((size_t)team->failed < exec->plan->parts->part_count && err && !ended) /* NULL: nobody wants to know any more */
        status = oc__team_recover(exec, err);
    if (!team->abandoned) /* what comes back late finds that the run has failed, and touches nothing */
        team->failed = -1;
    return status;
}

static oc_status check_present(const oc__team *team, oc_error *err) {
    if (!team->abandoned)
        return OC_OK;
    return oc__fail(team->exec->context, err, OC_ERROR_CANCELLED, "a device has not come back from an earlier run: make another exec, "
                    "without it");
}

oc_status oc__team_run(oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs, size_t output_count,
                       oc_error *err) {
    oc__team *team = exec->team;
    oc_error own = {0}, *error = err ? err : &own;
    if (team->spare)
        return oc_exec_run(team->spare, inputs, input_count, outputs, output_count, err);
    OC_TRY(check_present(team, error));
    OC_TRY(oc__team_wait(exec, error));
    OC_TRY(oc__exec_check_bindings(exec, inputs, input_count, outputs, output_count, error));
    OC_TRY(start_run(team, inputs, input_count, outputs, output_count, true, NULL, error));
    return oc__team_wait(exec, error);
}

oc_status oc__team_enqueue(oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs, size_t output_count,
                           oc_event *const *wait, size_t wait_count, oc_event **done, oc_error *err) {
    oc__team *team = exec->team;
    if (team->spare)
        return oc_exec_enqueue(team->spare, inputs, input_count, outputs, output_count, wait, wait_count, done, err);
    OC_TRY(check_present(team, err));
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
        status = start_run(team, inputs, input_count, outputs, output_count, false, signal, err);
    oc__signal_release(&signal);
    if (status == OC_OK && done)
        *done = event;
    else
        oc_event_destroy(&event);
    return status;
}
